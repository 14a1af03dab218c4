//! Seat maps as HTTP answers.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;

use super::encoded::Encoded;
use super::segment::Chunks;
use crate::conditional::{accepts_gzip, is_known};

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
    let body = if let [one] = &*chunks { Body::from(one.clone()) } else { in_pieces(chunks) };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn in_pieces(chunks: Chunks) -> Body {
    let each = (0..chunks.len()).filter_map(move |at| chunks.get(at).cloned().map(Ok::<_, Infallible>));
    Body::from_stream(stream::iter(each))
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
