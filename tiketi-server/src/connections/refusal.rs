//! Answers to what is no request: in the shape of every error, with an id and a line in the log.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Response};
use tiketi_core::IdSource;
use tiketi_core::clock::TimeOrderedIds;
use tiketi_http::Refusal;

use super::counts::ConnectionCounts;

/// The headers that an answer of the HTTP parser has, and no answer of a route has alone.
const OF_PARSER: [&str; 3] = ["content-length", "connection", "date"];

/// Writes refusals of one connection.
#[derive(Debug, Clone)]
pub(super) struct Refuser {
    peer: IpAddr,
    counts: Arc<ConnectionCounts>,
}

impl Refuser {
    pub(super) fn new(peer: IpAddr, counts: Arc<ConnectionCounts>) -> Self {
        Self { peer, counts }
    }

    /// Returns the bytes of an answer after which the connection ends.
    pub(super) fn write(&self, refusal: Refusal) -> Vec<u8> {
        let id = self.log(refusal);
        let answer = refusal.answer(&id, None);
        let (status, length) = (answer.status, answer.body.len());
        let reason = status.canonical_reason().unwrap_or_default();
        let head = format!(
            "HTTP/1.1 {} {reason}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
             content-language: {}\r\nx-request-id: {id}\r\nx-content-type-options: nosniff\r\n\
             cache-control: no-store\r\nconnection: close\r\n\r\n",
            status.as_u16(),
            answer.language,
        );
        [head.as_bytes(), &answer.body].concat()
    }

    /// Returns the answer to a request whose headers were read; the connection ends after it.
    pub(super) fn answer(&self, refusal: Refusal, headers: &HeaderMap) -> Response<Body> {
        let id = self.log(refusal);
        let answer = refusal.answer(&id, Some(headers));
        let mut response = Response::new(Body::from(answer.body));
        *response.status_mut() = answer.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(answer.language));
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        headers.insert("cache-control", HeaderValue::from_static("no-store"));
        headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
        if let Ok(id) = HeaderValue::from_str(&id) {
            headers.insert("x-request-id", id);
        }
        if let Some(seconds) = answer.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// Logs a refusal and counts it, and returns its id.
    fn log(&self, refusal: Refusal) -> String {
        let id = TimeOrderedIds.next().to_string();
        self.counts.refused(refusal);
        tracing::info!(client = %self.peer, request_id = id, ?refusal, "what was sent is not answered by a route");
        id
    }
}

/// Returns the status of an answer that is the HTTP parser's own: an error without a body.
pub(super) fn parsers_status(written: &[u8]) -> Option<u16> {
    let head = std::str::from_utf8(written).ok()?.strip_suffix("\r\n\r\n")?;
    let (first, headers) = head.split_once("\r\n")?;
    let status = first.strip_prefix("HTTP/1.1 ").or_else(|| first.strip_prefix("HTTP/1.0 "))?;
    let status = status.get(..3)?.parse().ok()?;
    let mut is_empty = false;
    for line in headers.split("\r\n") {
        let (name, value) = line.split_once(':')?;
        let name = name.trim().to_ascii_lowercase();
        if !OF_PARSER.contains(&name.as_str()) {
            return None;
        }
        is_empty |= name == "content-length" && value.trim() == "0";
    }
    is_empty.then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_with_nothing_else_in_it_is_the_parsers() {
        let bare = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\ndate: now\r\n\r\n";
        assert_eq!(parsers_status(bare.as_bytes()), Some(400));
        for other in [
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nx-request-id: 7\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ndate: now\r\n\r\n",
            "HTTP/1.1 400\r\n\r\n",
            "{\"error\":\"HTTP/1.1 400\"}",
            "",
        ] {
            assert_eq!(parsers_status(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_refusal_is_whole_and_in_the_one_shape() {
        let refuser = Refuser::new([192, 0, 2, 1].into(), Arc::default());
        let written = String::from_utf8(refuser.write(Refusal::HeadersTooLarge)).unwrap();
        let (head, body) = written.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"), "{head}");
        assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
        assert!(
            body.contains("\"code\":\"HEADERS_TOO_LARGE\"") && body.contains("\"requestId\":\""),
            "{body}"
        );
    }
}
