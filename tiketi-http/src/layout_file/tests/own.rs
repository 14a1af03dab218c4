//! Tiketi's own format, which people write.

use serde_json::{Value, json};
use tiketi_core::{Currency, SeatLayout, seat_layout::LayoutError};

use super::{PAPER_BOAT, columns, read};
use crate::layout_file::{LayoutFile, LayoutFileError, LayoutReader};

fn hall(row: &Value) -> Value {
    json!({ "venue": "V", "name": "N", "currency": "KRW",
            "sections": [{ "name": "S", "price": 1000, "rows": [row] }] })
}

fn read_row(row: &Value) -> Result<SeatLayout, LayoutFileError> {
    read(&LayoutReader::new(), &hall(row).to_string())
}

#[test]
fn the_sample_is_read_with_gaps_and_places() {
    let layout = read(&LayoutReader::new(), PAPER_BOAT).unwrap();
    assert_eq!((layout.venue.as_str(), layout.seat_count()), ("종이배 소극장", 74));
    assert_eq!(columns(&layout, 0, 0), [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]);
    assert_eq!(columns(&layout, 2, 0), [0, 1, 4]);
    let accessible = layout.places().filter(|(_, place)| place.accessible).count();
    assert_eq!(accessible, 3);
}

#[test]
fn a_file_survives_being_written_and_read() {
    let file: LayoutFile = serde_json::from_str(PAPER_BOAT).unwrap();
    let written = serde_json::to_string(&file).unwrap();
    assert_eq!(serde_json::from_str::<LayoutFile>(&written).unwrap(), file);
}

#[test]
fn an_unknown_field_is_refused_with_its_path() {
    let error = read_row(&json!({ "label": "A", "seats": 2, "gapAfter": ["1"] })).unwrap_err().to_string();
    assert!(error.starts_with("sections[0].rows[0]") && error.contains("gapAfter"), "{error}");
    let seats = json!([{ "number": "1" }, { "number": "2", "colum": 3 }]);
    let error = read_row(&json!({ "label": "A", "seats": seats })).unwrap_err().to_string();
    assert!(error.starts_with("sections[0].rows[0].seats[1]") && error.contains("colum"), "{error}");
}

#[test]
fn a_value_of_another_type_is_refused_with_its_path() {
    for (seats, path) in [
        (json!("20"), "sections[0].rows[0].seats: "),
        (json!([1]), "sections[0].rows[0].seats[0]: "),
        (json!([{ "number": 7 }]), "sections[0].rows[0].seats[0].number: "),
        (json!(-1), "sections[0].rows[0].seats: "),
    ] {
        let error = read_row(&json!({ "label": "A", "seats": seats })).unwrap_err().to_string();
        assert!(error.starts_with(path), "{error}");
    }
}

#[test]
fn rows_and_sections_without_seats_are_refused_with_their_path() {
    for seats in [json!(0), json!([])] {
        let error = read_row(&json!({ "label": "A", "seats": seats })).unwrap_err();
        assert_eq!(error.to_string(), "sections[0].rows[0].seats is empty");
    }
    let mut plan = hall(&json!({}));
    plan["sections"][0]["rows"] = json!([]);
    let error = read(&LayoutReader::new(), &plan.to_string()).unwrap_err();
    assert_eq!(error.to_string(), "sections[0].rows is empty");
}

#[test]
fn gaps_and_places_of_seats_that_do_not_exist_are_refused() {
    let error = read_row(&json!({ "label": "A", "seats": 2, "gapsAfter": ["3"] })).unwrap_err();
    assert_eq!(error.to_string(), r#"sections[0].rows[0].gapsAfter[0]: the row has no seat "3""#);
    let error = read_row(&json!({ "label": "A", "seats": 2, "accessible": ["1", "x"] })).unwrap_err();
    assert_eq!(error.to_string(), r#"sections[0].rows[0].accessible[1]: the row has no seat "x""#);
}

#[test]
fn duplicate_seats_and_columns_are_refused() {
    let error = read_row(&json!({ "label": "A", "seats": ["1", "1"] })).unwrap_err();
    assert_eq!(error.to_string(), "seat 1 in row A of section S appears twice");
    let seats = json!(["1", { "number": "2", "column": 0 }]);
    let error = read_row(&json!({ "label": "A", "seats": seats })).unwrap_err();
    assert!(matches!(error, LayoutFileError::Layout(LayoutError::SameColumn { column: 0, .. })));
}

#[test]
fn a_count_beyond_any_hall_is_refused_before_it_is_made() {
    let error = read_row(&json!({ "label": "A", "seats": u32::MAX })).unwrap_err();
    assert!(matches!(error, LayoutFileError::Layout(LayoutError::TooManySeats { .. })));
}

#[test]
fn a_seat_named_twice_leaves_two_columns_free() {
    let layout = read_row(&json!({ "label": "A", "seats": 3, "gapsAfter": ["1", "1", "2"] })).unwrap();
    assert_eq!(columns(&layout, 0, 0), [0, 3, 5]);
}

#[test]
fn a_long_row_with_long_lists_is_read_at_once() {
    let all: Vec<String> = (1..=200_000).map(|number| number.to_string()).collect();
    let row = json!({ "label": "A", "seats": 200_000, "gapsAfter": all, "accessible": all });
    assert_eq!(read_row(&row).unwrap().sections[0].rows[0].seats[199_999].column, 399_998);
}

#[test]
fn an_unknown_currency_is_refused_by_its_path() {
    let mut plan = hall(&json!({ "label": "A", "seats": 1 }));
    plan["currency"] = json!("WON");
    let error = read(&LayoutReader::new(), &plan.to_string()).unwrap_err().to_string();
    assert!(error.starts_with("currency: "), "{error}");
}

#[test]
fn a_file_without_a_currency_is_in_won_or_in_what_the_reader_brings() {
    let mut plan = hall(&json!({ "label": "A", "seats": 1 }));
    plan.as_object_mut().unwrap().remove("currency");
    let currency_of = |reader: LayoutReader| {
        read(&reader, &plan.to_string()).unwrap().sections[0].price.currency().code().to_owned()
    };
    assert_eq!(currency_of(LayoutReader::new()), "KRW");
    assert_eq!(currency_of(LayoutReader::new().currency(Currency::EUR)), "EUR");
}

#[test]
fn spaces_around_names_are_removed() {
    let mut plan = hall(&json!({ "label": " A ", "seats": 1 }));
    plan["sections"][0]["name"] = json!(" S");
    plan["venue"] = json!("V ");
    let layout = read(&LayoutReader::new(), &plan.to_string()).unwrap();
    let section = &layout.sections[0];
    assert_eq!([&layout.venue, &section.name, &section.rows[0].label], ["V", "S", "A"]);
}

#[test]
fn prices_and_venue_may_be_brought_and_the_currency_must_agree() {
    let reader = LayoutReader::new().price("VIP", 1).venue("Elsewhere");
    let layout = read(&reader, PAPER_BOAT).unwrap();
    assert_eq!((layout.sections[0].price.minor(), layout.venue.as_str()), (1, "Elsewhere"));
    let error = read(&LayoutReader::new().price("VIPP", 1), PAPER_BOAT).unwrap_err();
    assert!(matches!(error, LayoutFileError::UnknownPrice { name, .. } if name == "VIPP"));
    let euro = Currency::EUR;
    let error = read(&LayoutReader::new().currency(euro), PAPER_BOAT).unwrap_err();
    assert_eq!(error.to_string(), "the plan is priced in KRW, not in EUR");
}
