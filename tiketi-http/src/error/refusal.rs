//! Errors of requests that never reach a route: the server writes them itself, in the one shape.

use axum::http::{HeaderMap, StatusCode};
use serde_json::Map;

use crate::error::{Code, ErrorBody, RETRY_AFTER_SECONDS};
use crate::language::preferred_language;

/// Why a server answers a request before it reaches the routes.
///
/// ```
/// use tiketi_http::Refusal;
///
/// let answer = Refusal::HeadersTooLarge.answer("7", None);
/// assert_eq!(answer.status, 431);
/// assert!(String::from_utf8_lossy(&answer.body).contains("HEADERS_TOO_LARGE"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// What was sent is no request of HTTP/1.1; 400.
    Malformed,
    /// The request, or its body, did not come in time; 408.
    TooSlow,
    /// The address is too long; 414.
    AddressTooLong,
    /// The headers are too large; 431.
    HeadersTooLarge,
    /// The server has as many connections as it takes; 503 with `Retry-After`.
    TooManyConnections,
}

/// An answer to write, without the headers that each connection has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusalAnswer {
    /// The status.
    pub status: StatusCode,
    /// The body, of the type `application/json`.
    pub body: Vec<u8>,
    /// The language of the body's sentence, for `Content-Language`.
    pub language: &'static str,
    /// The seconds for `Retry-After`, if it is worth another try.
    pub retry_after: Option<u32>,
}

impl Refusal {
    /// Returns the refusal that an HTTP parser has answered with a bare status; `None` if it is another one.
    pub fn of_parser(status: u16) -> Option<Self> {
        match status {
            400 => Some(Self::Malformed),
            414 => Some(Self::AddressTooLong),
            431 => Some(Self::HeadersTooLarge),
            _ => None,
        }
    }

    /// Returns the status of the answer.
    pub fn status(self) -> StatusCode {
        self.code().status()
    }

    /// Writes the answer, with the id of the request; its language follows the headers, if they were read.
    pub fn answer(self, request_id: &str, headers: Option<&HeaderMap>) -> RefusalAnswer {
        let code = self.code();
        let language = headers.map(preferred_language).unwrap_or_default();
        let body = ErrorBody {
            error: code.sentence(language),
            code,
            details: Map::new(),
            request_id: request_id.to_owned(),
        };
        RefusalAnswer {
            status: code.status(),
            // Texts and a map without entries can always be written.
            body: serde_json::to_vec(&body).unwrap_or_default(),
            language: language.tag(),
            retry_after: code.is_worth_retrying().then_some(RETRY_AFTER_SECONDS),
        }
    }

    const fn code(self) -> Code {
        match self {
            Self::Malformed => Code::MalformedRequest,
            Self::TooSlow => Code::RequestTooSlow,
            Self::AddressTooLong => Code::AddressTooLong,
            Self::HeadersTooLarge => Code::HeadersTooLarge,
            Self::TooManyConnections => Code::TooBusy,
        }
    }
}
