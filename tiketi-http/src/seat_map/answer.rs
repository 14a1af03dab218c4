//! Seat maps as HTTP answers.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;

use super::encoded::Encoded;
use super::segment::Chunks;
use crate::conditional::{known_tags, listed};

/// Answers with the whole map, or 304 to a client that has it.
pub(super) async fn complete(map: &Encoded, request: &HeaderMap) -> Response {
    let wanted = accepts_gzip(request);
    if is_known(request, &map.tag) {
        return (StatusCode::NOT_MODIFIED, cache_headers(&tag_of(map, wanted))).into_response();
    }
    let gzip = if wanted { map.gzip().await } else { None };
    let compressed = gzip.is_some();
    let mut response = json(gzip.unwrap_or_else(|| map.plain()));
    response.headers_mut().extend(cache_headers(&tag_of(map, compressed)));
    if compressed {
        // This header also stops the compression layer from compressing again.
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Answers with the changes; they are small, so they have no tag and are not cached.
pub(super) fn changes(changes: Bytes) -> Response {
    let mut response = json(Chunks::from([changes]));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Builds the tag; a strong tag names bytes, and the compressed form has other bytes.
fn tag_of(map: &Encoded, compressed: bool) -> String {
    format!("\"{}{}\"", map.tag, if compressed { "-gzip" } else { "" })
}

fn json(chunks: Chunks) -> Response {
    let length: usize = chunks.iter().map(Bytes::len).sum();
    let each = (0..chunks.len()).filter_map(move |at| chunks.get(at).cloned().map(Ok::<_, Infallible>));
    let mut response = Response::new(Body::from_stream(stream::iter(each)));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn cache_headers(tag: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    // Clients may store the map but must revalidate it: a 304 has a hundred bytes.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(ETAG, tag);
    }
    headers
}

/// Returns whether the client has this map, in either form.
fn is_known(request: &HeaderMap, tag: &str) -> bool {
    known_tags(request).any(|known| known == "*" || known == tag || known.strip_suffix("-gzip") == Some(tag))
}

/// Returns whether the client accepts gzip.
///
/// Source: RFC 9110, 12.5.3.
fn accepts_gzip(request: &HeaderMap) -> bool {
    listed(request, &ACCEPT_ENCODING).any(|coding| {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let quality = parameters.trim().strip_prefix("q=").and_then(|quality| quality.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && quality.is_none_or(|quality| quality > 0.0)
    })
}
