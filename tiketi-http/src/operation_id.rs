//! The names of operations, in the OpenAPI document and in the log of staff.

/// Derives an operation's id from its path, such as `getEventsById`; handlers may share a name.
pub(crate) fn operation_id(method: &str, path: &str) -> String {
    let mut id = method.to_owned();
    for segment in path.split('/').filter(|segment| !segment.is_empty() && *segment != "api") {
        let name = segment.trim_matches(['{', '}']);
        if name.len() < segment.len() {
            id.push_str("By");
        }
        for word in name.split(['-', '.']) {
            let mut letters = word.chars();
            id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            id.push_str(letters.as_str());
        }
    }
    id
}
