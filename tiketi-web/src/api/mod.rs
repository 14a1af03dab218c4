//! Calls of the API, in the process.
//!
//! A page handler sends a request to the API's routes as a client would, so that limits, roles, idempotency and the sentences of
//! errors exist once. What it reads is the wire contract.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::header::{
    ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, FORWARDED, HOST, RETRY_AFTER, USER_AGENT,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tiketi_core::language::Language;
use tower::ServiceExt;

use crate::failure::Failure;
use crate::shop::Shop;

/// Most bytes of an answer: the seat map of a large hall has about 20 MB.
const MOST_BYTES: usize = 64 << 20;

/// The headers of a request that its calls have too: who sent it, by which proxy, and under which id.
const PASSED_ON: [HeaderName; 6] = [
    HOST,
    FORWARDED,
    USER_AGENT,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-request-id"),
];

/// Calls the API on behalf of a request.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    shop: Arc<Shop>,
    peer: Option<ConnectInfo<SocketAddr>>,
    headers: HeaderMap,
}

/// An answer of the API that is no error.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Api {
    /// Prepares calls on behalf of a request, without its credentials.
    pub(crate) fn of(shop: &Arc<Shop>, request: &Request) -> Self {
        let mut headers = HeaderMap::new();
        for name in PASSED_ON {
            for value in request.headers().get_all(&name) {
                headers.append(name.clone(), value.clone());
            }
        }
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().copied();
        Self { shop: Arc::clone(shop), peer, headers }
    }

    /// Sets the credentials.
    pub(crate) fn with_bearer(mut self, bearer: Option<HeaderValue>) -> Self {
        if let Some(bearer) = bearer {
            self.headers.insert(AUTHORIZATION, bearer);
        }
        self
    }

    /// Sets the language of error sentences.
    pub(crate) fn in_language(mut self, language: Language) -> Self {
        self.headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(language.tag()));
        self
    }

    /// Reads JSON.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.call(Method::GET, path, None, None).await?.json()
    }

    /// Reads JSON; `None` if there is nothing at the path.
    pub(crate) async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Failure> {
        match self.get(path).await {
            Err(failure) if failure.status == StatusCode::NOT_FOUND => Ok(None),
            found => found.map(Some),
        }
    }

    /// Sends JSON and reads JSON; under a once-only key it takes effect once.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        key: Option<&str>,
    ) -> Result<T, Failure> {
        self.send(Method::POST, path, body, key).await?.json()
    }

    /// Sends JSON.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
        key: Option<&str>,
    ) -> Result<Answer, Failure> {
        let body = serde_json::to_vec(body).map_err(|error| Failure::internal(&error))?;
        self.call(method, path, Some(body), key).await
    }

    /// Sends a request; `body` is JSON.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        key: Option<&str>,
    ) -> Result<Answer, Failure> {
        let content_type = body.as_ref().map(|_| HeaderValue::from_static("application/json"));
        let key = key.map(HeaderValue::from_str).transpose().map_err(|_| Failure::bad_request())?;
        let request =
            Request::builder().method(method).uri(path).body(body.map_or(Body::empty(), Body::from));
        let mut request = request.map_err(|_| Failure::not_found())?;
        if let Some(content_type) = content_type {
            request.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        if let Some(key) = key {
            request.headers_mut().insert("idempotency-key", key);
        }
        self.answer(request).await
    }

    /// Sends a request with the headers of the visitor; for bodies that are no JSON.
    pub(crate) async fn answer(&self, mut request: Request) -> Result<Answer, Failure> {
        for (name, value) in &self.headers {
            request.headers_mut().append(name.clone(), value.clone());
        }
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(peer);
        }
        let response = match self.shop.api.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (parts, body) = response.into_parts();
        let bytes =
            Limited::new(body, MOST_BYTES).collect().await.map_err(|error| Failure::internal(&*error))?;
        let answer = Answer { status: parts.status, headers: parts.headers, bytes: bytes.to_bytes() };
        if answer.status.is_success() { Ok(answer) } else { Err(answer.failure()) }
    }
}

impl Answer {
    /// Reads the JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.bytes).map_err(|error| Failure::internal(&error))
    }

    fn failure(&self) -> Failure {
        let retry_after = self.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        match serde_json::from_slice::<Failure>(&self.bytes) {
            // For a person it is the same whether there could be something at an address.
            Ok(failure) if failure.is(&["INVALID_ID"]) => Failure::not_found(),
            Ok(failure) => Failure { status: self.status, retry_after, ..failure },
            Err(_) => Failure { status: self.status, retry_after, ..Failure::default() },
        }
    }
}
