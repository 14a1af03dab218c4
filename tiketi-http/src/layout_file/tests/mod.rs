//! Layout files as people write them and as editors save them.

mod check;
mod own;
mod pretix;

use proptest::prelude::*;
use serde_json::{Map, Value};
use tiketi_core::{Currency, SeatLayout};

use crate::layout_file::{LayoutFileError, LayoutReader};

const LANTERN_HALL: &str = include_str!("../../../assets/layouts/lantern-hall.pretix.json");
const PAPER_BOAT: &str = include_str!("../../../assets/layouts/paper-boat-theatre.json");

fn read(reader: &LayoutReader, json: &str) -> Result<SeatLayout, LayoutFileError> {
    reader.read(json.as_bytes())
}

fn priced() -> LayoutReader {
    let reader = LayoutReader::new().currency(Currency::KRW);
    reader.price("Stalls front", 90_000).price("Stalls", 70_000).price("Balcony", 50_000)
}

fn columns(layout: &SeatLayout, section: usize, row: usize) -> Vec<u32> {
    layout.sections[section].rows[row].seats.iter().map(|seat| seat.column).collect()
}

#[test]
fn what_is_no_json_is_refused_with_line_and_column() {
    let error = read(&LayoutReader::new(), "{\n  oops").unwrap_err();
    assert!(error.to_string().contains("line 2 column 3"), "{error}");
}

#[test]
fn json_of_neither_shape_is_refused() {
    for json in ["{}", "[]", "7", "null", r#"{"rows":[]}"#] {
        assert_eq!(read(&LayoutReader::new(), json), Err(LayoutFileError::UnknownShape), "{json}");
    }
}

/// Arbitrary JSON with the field names of both formats, so that the readers do not stop at the first field.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[A-C1-3]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        let field = prop::sample::select(vec![
            "venue",
            "name",
            "currency",
            "sections",
            "rows",
            "seats",
            "label",
            "price",
            "number",
            "column",
            "gapsAfter",
            "accessible",
            "categories",
            "zones",
            "position",
            "x",
            "y",
            "row_number",
            "seat_number",
            "seat_guid",
            "category",
            "areas",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((field, inner), 0..6).prop_map(|fields| {
                let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
                Value::Object(fields.collect::<Map<_, _>>())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_json_is_read_or_refused(value in json()) {
        let _ = priced().read(value.to_string().as_bytes());
        let _ = LayoutReader::new().read(value.to_string().as_bytes());
    }

    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = LayoutReader::new().read(&bytes);
    }

    #[test]
    fn a_plan_with_one_value_replaced_is_read_or_refused(at in 0_usize..400, value in json()) {
        for plan in [LANTERN_HALL, PAPER_BOAT] {
            let mut plan: Value = serde_json::from_str(plan).unwrap();
            replace(&mut plan, &mut at.clone(), &value);
            let _ = priced().read(plan.to_string().as_bytes());
        }
    }
}

/// Replaces the value that is reached after `left` other values, depth first.
fn replace(plan: &mut Value, left: &mut usize, value: &Value) {
    if *left == 0 {
        *plan = value.clone();
    }
    *left = left.wrapping_sub(1);
    match plan {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, left, value)),
        Value::Object(fields) => fields.values_mut().for_each(|item| replace(item, left, value)),
        _ => {}
    }
}
