//! What an action changed, as lines that people read.

use std::collections::BTreeMap;

use serde_json::Value;

/// One value that an action changed, made or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// Where it is, as in `limits.holdSeconds`.
    pub(crate) path: String,
    /// What it was; empty if it is new.
    pub(crate) before: String,
    /// What it is; empty if it was removed.
    pub(crate) after: String,
}

/// Longest value that is shown, in characters.
const MOST_CHARACTERS: usize = 200;
/// Most changes of one action that are listed.
const MOST_CHANGES: usize = 200;

/// Lists what differs between two values, by path.
pub(crate) fn changes(before: Option<&Value>, after: Option<&Value>) -> Vec<Change> {
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    flatten(before.unwrap_or(&Value::Null), String::new(), &mut old);
    flatten(after.unwrap_or(&Value::Null), String::new(), &mut new);
    let mut paths: Vec<&String> = old.keys().chain(new.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    let text =
        |values: &BTreeMap<String, String>, path: &String| values.get(path).cloned().unwrap_or_default();
    let change =
        |path: &String| Change { path: path.clone(), before: text(&old, path), after: text(&new, path) };
    let differs = |change: &Change| change.before != change.after;
    paths.into_iter().map(change).filter(differs).take(MOST_CHANGES).collect()
}

/// Collects the values inside a value by their paths.
fn flatten(value: &Value, path: String, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            // The answer about one thing is an object with one name.
            let is_wrapper = path.is_empty() && fields.len() == 1;
            for (name, inner) in fields {
                let below = if is_wrapper && inner.is_object() {
                    String::new()
                } else if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                flatten(inner, below, found);
            }
        }
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            let texts: Vec<_> = items.iter().map(plain).collect();
            _ = found.insert(path, cut(&texts.join(", ")));
        }
        Value::Array(items) => {
            for (at, inner) in items.iter().enumerate() {
                flatten(inner, format!("{path}[{at}]"), found);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => _ = found.insert(path, cut(&plain(value))),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(text)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(path: &str, before: &str, after: &str) -> Change {
        Change { path: path.into(), before: before.into(), after: after.into() }
    }

    #[test]
    fn only_what_differs_is_listed_by_its_path() {
        let before =
            json!({"event": {"title": "Night", "limits": {"holdSeconds": 300, "cap": 9}, "keywords": ["a"]}});
        let after = json!({"event": {"title": "Night", "limits": {"holdSeconds": 600, "cap": 9}, "keywords": ["a", "b"]}});
        let expected = [change("keywords", "a", "a, b"), change("limits.holdSeconds", "300", "600")];
        assert_eq!(changes(Some(&before), Some(&after)), expected);
    }

    #[test]
    fn what_is_new_or_gone_has_one_side() {
        let value = json!({"role": "finance", "pinned": true, "none": null});
        assert_eq!(
            changes(None, Some(&value)),
            [change("pinned", "", "true"), change("role", "", "finance")]
        );
        assert_eq!(
            changes(Some(&value), None),
            [change("pinned", "true", ""), change("role", "finance", "")]
        );
        assert_eq!(changes(None, None), []);
    }

    #[test]
    fn things_in_a_list_are_compared_one_by_one() {
        let before = json!({"sections": [{"name": "VIP", "price": 1}, {"name": "R", "price": 2}]});
        let after = json!({"sections": [{"name": "VIP", "price": 3}, {"name": "R", "price": 2}]});
        assert_eq!(changes(Some(&before), Some(&after)), [change("sections[0].price", "1", "3")]);
    }

    #[test]
    fn long_values_and_long_lists_are_cut() {
        let long = json!({"text": "가".repeat(500)});
        assert_eq!(changes(None, Some(&long))[0].after.chars().count(), MOST_CHARACTERS + 1);
        let many: Vec<_> = (0..500).map(|number| json!({"n": number})).collect();
        assert_eq!(changes(None, Some(&json!({"many": many}))).len(), MOST_CHANGES);
    }
}
