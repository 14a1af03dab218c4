//! What a client already has, and which encodings it accepts.

use axum::http::header::{ACCEPT_ENCODING, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName};

/// Lists the entity tags that the client has, without quotes; `*` stands for any.
///
/// Tags are compared weakly (source: RFC 9110, 13.1.2).
pub(crate) fn known_tags(request: &HeaderMap) -> impl Iterator<Item = &str> {
    listed(request, &IF_NONE_MATCH).map(|known| known.strip_prefix("W/").unwrap_or(known).trim_matches('"'))
}

/// Lists the values of a header that has a list.
fn listed<'r>(request: &'r HeaderMap, name: &'r HeaderName) -> impl Iterator<Item = &'r str> {
    let values = request.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

/// Returns whether the client has what a tag names, plain or compressed (`-gzip`).
pub(crate) fn is_known(request: &HeaderMap, tag: &str) -> bool {
    known_tags(request).any(|known| known == "*" || known == tag || known.strip_suffix("-gzip") == Some(tag))
}

/// Returns whether the client accepts gzip.
///
/// Source: RFC 9110, 12.5.3.
pub(crate) fn accepts_gzip(request: &HeaderMap) -> bool {
    listed(request, &ACCEPT_ENCODING).any(|coding| {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let quality = parameters.trim().strip_prefix("q=").and_then(|quality| quality.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && quality.is_none_or(|quality| quality > 0.0)
    })
}
