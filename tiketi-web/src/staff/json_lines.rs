//! Finds the line of a JSON text on which a named part stands.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Returns the line, from 1, on which the value at a path begins, such as `sections[0].rows[2].seats`.
///
/// If the text has no such value, it is the line of the innermost part of the path that the text has. `None` if the text is
/// not JSON.
pub(crate) fn line_of(text: &str, path: &str) -> Option<usize> {
    let mut found: &RawValue = serde_json::from_str(text).ok()?;
    for step in steps(path) {
        let Some(inner) = inside(found, step) else { break };
        found = inner;
    }
    let before = found.get().as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    Some(text.get(..before)?.matches('\n').count() + 1)
}

/// One step of a path: into an object or into an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step<'p> {
    Field(&'p str),
    At(usize),
}

fn steps(path: &str) -> impl Iterator<Item = Step<'_>> {
    let parts = path.split(['.', '[']).filter(|part| !part.is_empty());
    parts.map(|part| {
        let index = part.strip_suffix(']').and_then(|index| index.parse().ok());
        index.map_or(Step::Field(part), Step::At)
    })
}

fn inside<'t>(value: &'t RawValue, step: Step<'_>) -> Option<&'t RawValue> {
    match step {
        Step::Field(name) => {
            let fields: BTreeMap<Cow<'t, str>, &'t RawValue> = serde_json::from_str(value.get()).ok()?;
            fields.get(name).copied()
        }
        Step::At(index) => {
            let items: Vec<&'t RawValue> = serde_json::from_str(value.get()).ok()?;
            items.get(index).copied()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = r#"{
  "venue": "Harbour Hall",
  "sections": [
    { "name": "VIP", "rows": [
      { "label": "A", "seats": 10 },
      { "label": "A",
        "seats": ["1", "1"] }
    ] }
  ]
}"#;

    #[test]
    fn each_part_of_a_plan_is_found_on_its_line() {
        let cases = [
            ("venue", 2),
            ("sections", 3),
            ("sections[0].name", 4),
            ("sections[0].rows[0].seats", 5),
            ("sections[0].rows[1].label", 6),
            ("sections[0].rows[1].seats[1]", 7),
        ];
        for (path, line) in cases {
            assert_eq!(line_of(PLAN, path), Some(line), "{path}");
        }
    }

    #[test]
    fn what_is_missing_is_found_where_it_should_stand() {
        assert_eq!(line_of(PLAN, "sections[0].rows[1].accessible[0]"), Some(6));
        assert_eq!(line_of(PLAN, "sections[7].name"), Some(3));
        assert_eq!(line_of(PLAN, ""), Some(1));
        assert_eq!(line_of("{ broken", "venue"), None);
    }

    #[test]
    fn a_name_with_escapes_is_found() {
        assert_eq!(line_of("{\n\"\\u0076enue\": 1}", "venue"), Some(2));
    }
}
