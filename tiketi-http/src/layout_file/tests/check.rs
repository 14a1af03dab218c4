//! Every problem of a plan at once, with its place.

use serde_json::{Value, json};

use crate::layout_file::LayoutFile;

fn file(value: &Value) -> LayoutFile {
    serde_json::from_value(value.clone()).unwrap()
}

fn found(value: &Value) -> Vec<String> {
    let problems = file(value).problems();
    problems.iter().map(|problem| format!("{}: {}", problem.path, problem.reason())).collect()
}

fn sound() -> Value {
    json!({"venue": "Hall", "name": "Plan", "sections": [{"name": "VIP", "price": 1, "rows": [
        {"label": "A", "seats": 3, "gapsAfter": ["2"], "accessible": ["3"]},
        {"label": "B", "seats": ["1", {"number": "2", "column": 5}]},
    ]}]})
}

#[test]
fn a_sound_plan_has_no_problem() {
    assert_eq!(found(&sound()), [""; 0]);
}

#[test]
fn every_problem_is_found_with_its_place() {
    let plan = json!({"venue": " ", "name": "Plan", "currency": "WON", "sections": [
        {"name": "VIP", "price": -1, "rows": [
            {"label": "A", "seats": 2, "gapsAfter": ["9"]},
            {"label": "A", "seats": ["1", "1", ""]},
        ]},
        {"name": "VIP", "price": 1, "rows": []},
        {"name": "R", "price": 1, "rows": [
            {"label": "B", "seats": 0},
            {"label": "C", "seats": [{"number": "1", "column": 1}, {"number": "2", "column": 1}]},
        ]},
    ]});
    let found = found(&plan);
    let places: Vec<_> = found.iter().map(|problem| problem.split(": ").next().unwrap()).collect();
    assert_eq!(
        places,
        [
            "venue",
            "currency",
            "sections[0].price",
            "sections[0].rows[0].gapsAfter[0]",
            "sections[0].rows[1].label",
            "sections[0].rows[1].seats[1]",
            "sections[0].rows[1].seats[2]",
            "sections[1].name",
            "sections[1].rows",
            "sections[2].rows[0].seats",
            "sections[2].rows[1].seats[1]",
        ],
        "{found:?}"
    );
}

/// Spoils one part of a sound plan.
type Spoil = fn(&mut Value);

#[test]
fn what_has_a_problem_is_exactly_what_cannot_be_made() {
    let spoils: [Spoil; 15] = [
        |_| {},
        |plan| plan["venue"] = json!(""),
        |plan| plan["name"] = json!("x".repeat(201)),
        |plan| plan["currency"] = json!("WON"),
        |plan| plan["sections"] = json!([]),
        |plan| plan["sections"][0]["price"] = json!(-1),
        |plan| plan["sections"][0]["name"] = json!("a\u{7}"),
        |plan| plan["sections"][0]["rows"] = json!([]),
        |plan| plan["sections"][0]["rows"][0]["seats"] = json!(2_000_000),
        |plan| plan["sections"][0]["rows"][0]["accessible"] = json!(["4"]),
        |plan| plan["sections"][0]["rows"][1]["label"] = json!(" A "),
        |plan| plan["sections"][0]["rows"][1]["seats"] = json!(["1", "1"]),
        |plan| {
            let same = json!([{"number": "1", "column": 3}, {"number": "2", "column": 3}]);
            plan["sections"][0]["rows"][1]["seats"] = same;
        },
        |plan| plan["sections"][0]["rows"][1]["gapsAfter"] = json!(["1", "1"]),
        |plan| plan["sections"][0]["rows"][1]["seats"] = json!([]),
    ];
    for (at, spoil) in spoils.into_iter().enumerate() {
        let mut plan = sound();
        spoil(&mut plan);
        let made = file(&plan).into_layout();
        assert_eq!(file(&plan).problems().is_empty(), made.is_ok(), "{at}: {made:?}");
    }
}

#[test]
fn a_plan_that_is_broken_everywhere_has_a_list_of_bounded_length() {
    let rows: Vec<_> = (0..1_000).map(|_| json!({"label": "A", "seats": 1})).collect();
    let plan =
        json!({"venue": "Hall", "name": "Plan", "sections": [{"name": "VIP", "price": 1, "rows": rows}]});
    assert_eq!(found(&plan).len(), 100);
}
