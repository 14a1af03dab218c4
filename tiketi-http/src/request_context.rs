//! What is known of a request before its handler runs.

use std::net::{IpAddr, SocketAddr};

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderName, HeaderValue};
use uuid::Uuid;

use crate::client_address::TrustedProxies;
use crate::language::preferred_language;
use tiketi_core::language::Language;

/// The header of a request's id, in requests and answers.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id accepted from a client, in bytes.
const MAX_ID_BYTES: usize = 64;

/// A request's id, language and origin.
#[derive(Debug, Clone)]
pub(crate) struct RequestContext {
    /// Names the request in the answer and in the log.
    pub(crate) id: RequestId,
    /// The language of error sentences.
    pub(crate) language: Language,
    /// The client's address; `None` if the host serves the routes without [`ConnectInfo`].
    pub(crate) client: Option<IpAddr>,
    /// The scheme that a 401 names in `WWW-Authenticate`.
    pub(crate) challenge: &'static str,
}

impl RequestContext {
    /// Reads what the request says; `new_id` makes an id if it names none.
    pub(crate) fn of(
        request: &Request,
        new_id: impl FnOnce() -> Uuid,
        proxies: &TrustedProxies,
        challenge: &'static str,
    ) -> Self {
        let headers = request.headers();
        let given = headers.get(&REQUEST_ID).filter(|id| is_safe(id.as_bytes()));
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        Self {
            id: given.map_or_else(|| RequestId::new(new_id()), |id| RequestId(id.clone())),
            language: preferred_language(headers),
            client: peer.map(|ConnectInfo(peer)| proxies.client(peer.ip(), headers)),
            challenge,
        }
    }
}

/// A request's id, in the form in which it is sent.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    fn new(id: Uuid) -> Self {
        let text = id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).to_owned();
        // A UUID has letters that a header may have.
        let value = HeaderValue::from_maybe_shared(Bytes::from(text));
        Self(value.unwrap_or_else(|_| HeaderValue::from_static("-")))
    }

    /// Returns the id as text.
    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or("-")
    }

    /// Returns the value of the header.
    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

/// Returns whether an id is safe in headers and logs.
fn is_safe(id: &[u8]) -> bool {
    (1..=MAX_ID_BYTES).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
