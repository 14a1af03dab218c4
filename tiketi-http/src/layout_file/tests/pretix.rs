//! The format of the pretix editor.

use serde_json::{Value, json};
use tiketi_core::Currency;

use super::{LANTERN_HALL, columns, priced, read};
use crate::layout_file::{LayoutFileError, LayoutReader};

fn sample() -> Value {
    serde_json::from_str(LANTERN_HALL).unwrap()
}

fn refused(plan: &Value) -> String {
    read(&priced(), &plan.to_string()).unwrap_err().to_string()
}

#[test]
fn zones_and_categories_become_sections_in_the_order_of_the_hall() {
    let layout = read(&priced(), LANTERN_HALL).unwrap();
    let sections: Vec<_> = layout.sections.iter().map(|s| (s.name.as_str(), s.price.minor())).collect();
    let expected =
        [("Ground floor Stalls front", 90_000), ("Ground floor Stalls", 70_000), ("Balcony", 50_000)];
    assert_eq!(sections, expected);
    assert_eq!(layout.seat_count(), 6 * 12 + 2 * 14);
    assert_eq!((layout.venue.as_str(), layout.name.as_str()), ("Lantern Hall", "Lantern Hall"));
}

#[test]
fn rows_are_sorted_from_the_stage_backwards_and_keep_their_aisle() {
    let layout = read(&priced(), LANTERN_HALL).unwrap();
    let labels = |section: usize| -> Vec<_> {
        layout.sections[section].rows.iter().map(|row| row.label.as_str()).collect()
    };
    assert_eq!((labels(0), labels(1)), (vec!["A", "B"], vec!["C", "D", "E", "F"]));
    assert_eq!(columns(&layout, 1, 0), [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13]);
    assert_eq!(columns(&layout, 2, 1), (0..14).collect::<Vec<_>>());
}

#[test]
fn rows_that_run_along_the_side_are_read_from_top_to_bottom() {
    let mut plan = sample();
    for row in plan["zones"][1]["rows"].as_array_mut().unwrap() {
        turn(&mut row["position"]);
        row["seats"].as_array_mut().unwrap().iter_mut().for_each(|seat| turn(&mut seat["position"]));
    }
    let layout = read(&priced(), &plan.to_string()).unwrap();
    let balcony = layout.sections.iter().position(|section| section.name == "Balcony").unwrap();
    assert_eq!(columns(&layout, balcony, 0), (0..14).collect::<Vec<_>>());
}

fn turn(position: &mut Value) {
    *position = json!({ "x": position["y"], "y": position["x"] });
}

#[test]
fn a_category_without_a_price_is_named() {
    let reader = LayoutReader::new().currency(Currency::KRW).price("Balcony", 1);
    let error = read(&reader, LANTERN_HALL).unwrap_err();
    assert_eq!(error.to_string(), r#"no price for "Stalls", "Stalls front""#);
}

#[test]
fn a_section_may_have_a_price_of_its_own() {
    let layout = read(&priced().price("Ground floor Stalls", 1), LANTERN_HALL).unwrap();
    assert_eq!(layout.sections[1].price.minor(), 1);
}

#[test]
fn a_misspelt_price_and_a_missing_currency_are_refused() {
    let error = read(&priced().price("Balcny", 1), LANTERN_HALL).unwrap_err();
    assert!(matches!(error, LayoutFileError::UnknownPrice { name, .. } if name == "Balcny"));
    assert_eq!(read(&LayoutReader::new(), LANTERN_HALL), Err(LayoutFileError::CurrencyMissing));
}

#[test]
fn duplicates_are_refused_with_their_path() {
    let mut plan = sample();
    plan["zones"][0]["rows"][0]["seats"][1]["seat_number"] = json!("1");
    assert_eq!(refused(&plan), r#"zones[0].rows[0].seats[1].seat_number: "1" appears twice"#);
    let mut plan = sample();
    plan["zones"][1]["rows"][0]["seats"][0]["seat_guid"] = json!("seat-001");
    assert_eq!(refused(&plan), r#"zones[1].rows[0].seats[0].seat_guid: "seat-001" appears twice"#);
    let mut plan = sample();
    plan["zones"][1]["rows"][1]["row_number"] = json!("1");
    assert_eq!(refused(&plan), r#"zones[1].rows[1].row_number: "1" appears twice"#);
    let mut plan = sample();
    plan["categories"][1]["name"] = json!("Stalls front");
    assert_eq!(refused(&plan), r#"categories[1].name: "Stalls front" appears twice"#);
}

#[test]
fn what_is_empty_is_refused_with_its_path() {
    for (pointer, value, message) in [
        ("/zones/0/rows/2/seats", json!([]), "zones[0].rows[2].seats is empty"),
        ("/zones/1/rows", json!([]), "zones[1].rows is empty"),
        ("/zones/1/rows/0/row_number", json!(" "), "zones[1].rows[0].row_number is empty"),
        ("/zones/1/rows/0/seats/3/seat_number", json!(""), "zones[1].rows[0].seats[3].seat_number is empty"),
        ("/zones", json!([]), "the layout has no seats"),
    ] {
        let mut plan = sample();
        *plan.pointer_mut(pointer).unwrap() = value;
        assert_eq!(refused_with(&plan, pointer), message);
    }
}

/// Returns the error of a plan. A plan without zones is read without prices.
fn refused_with(plan: &Value, pointer: &str) -> String {
    if pointer == "/zones" {
        let reader = LayoutReader::new().currency(Currency::KRW);
        read(&reader, &plan.to_string()).unwrap_err().to_string()
    } else {
        refused(plan)
    }
}

#[test]
fn a_row_without_a_number_is_called_by_its_label() {
    let mut plan = sample();
    plan["zones"][0]["rows"][1]["row_number"] = json!("");
    let layout = read(&priced(), &plan.to_string()).unwrap();
    assert_eq!(layout.sections[0].rows[0].label, "Row A");
}

#[test]
fn a_zone_of_drawings_is_skipped_and_unknown_fields_are_ignored() {
    let mut plan = sample();
    let stage =
        json!({ "name": "Stage", "position": { "x": 0, "y": 0 }, "rows": [], "areas": [{}], "new": 1 });
    plan["zones"].as_array_mut().unwrap().push(stage);
    plan["version"] = json!(9);
    assert_eq!(read(&priced(), &plan.to_string()).unwrap().sections.len(), 3);
}

#[test]
fn an_undeclared_category_and_a_wrong_type_are_refused_with_their_path() {
    let mut plan = sample();
    plan["zones"][0]["rows"][0]["seats"][0]["category"] = json!("Pit");
    assert_eq!(refused(&plan), r#"zones[0].rows[0].seats[0].category: the plan declares no category "Pit""#);
    let mut plan = sample();
    plan["zones"][0]["rows"][0]["seats"][0]["position"]["x"] = json!("left");
    assert!(refused(&plan).starts_with("zones[0].rows[0].seats[0].position.x: "));
}
