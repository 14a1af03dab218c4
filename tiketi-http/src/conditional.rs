//! Conditional requests: what a client already has.

use axum::http::header::IF_NONE_MATCH;
use axum::http::{HeaderMap, HeaderName};

/// Lists the entity tags that the client has, without quotes; `*` stands for any.
///
/// Tags are compared weakly (source: RFC 9110, 13.1.2).
pub(crate) fn known_tags(request: &HeaderMap) -> impl Iterator<Item = &str> {
    listed(request, &IF_NONE_MATCH).map(|known| known.strip_prefix("W/").unwrap_or(known).trim_matches('"'))
}

/// Lists the values of a header that has a list.
pub(crate) fn listed<'r>(request: &'r HeaderMap, name: &'r HeaderName) -> impl Iterator<Item = &'r str> {
    let values = request.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}
