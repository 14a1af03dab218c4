//! The credentials of a socket: what its first request had, or the token of its latest `auth`.

use std::time::Duration;

use axum::extract::OriginalUri;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Uri, header::AUTHORIZATION};
use tiketi_core::BuyerId;
use tokio::time::timeout;

use crate::authenticator::{AuthenticationError, Authenticator, CredentialScheme};
use crate::error::Code;

/// How long an authenticator may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The credentials of a socket.
#[derive(Debug)]
pub(crate) struct Credentials {
    /// The request that opened the socket. With a token, it is as if that had been sent with it.
    request: Box<Parts>,
    /// The header that has the token.
    token_in: Option<HeaderName>,
}

/// Copies what a request refers to: its parts would keep the whole buffer of 8 KiB that the connection was read into.
fn copied(mut request: Parts) -> Parts {
    let headers = request.headers.iter().filter_map(|(name, value)| {
        let mut copy = HeaderValue::from_bytes(value.as_bytes()).ok()?;
        copy.set_sensitive(value.is_sensitive());
        Some((name.clone(), copy))
    });
    request.headers = headers.collect();
    if let Ok(uri) = request.uri.to_string().parse() {
        request.uri = uri;
    }
    let original = request.extensions.get::<OriginalUri>();
    let original: Option<Uri> = original.and_then(|original| original.0.to_string().parse().ok());
    if let Some(uri) = original {
        request.extensions.insert(OriginalUri(uri));
    }
    request
}

/// What the authenticator says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    User(BuyerId),
    Refused(Code),
}

impl Credentials {
    /// Takes those of the request that opened the socket.
    pub(crate) fn of(request: Parts) -> Self {
        Self { request: Box::new(copied(request)), token_in: None }
    }

    /// Finds the user of a new token, or of what there is. A token that is refused is forgotten.
    pub(crate) async fn find(&mut self, authenticator: &dyn Authenticator, token: Option<String>) -> Found {
        let Some(token) = token else { return self.ask(authenticator).await };
        let (before, token_in) = (self.request.headers.clone(), self.token_in.clone());
        if !self.set_token(&authenticator.scheme(), token) {
            return Found::Refused(Code::InvalidToken);
        }
        let found = self.ask(authenticator).await;
        if matches!(found, Found::Refused(_)) {
            self.request.headers = before;
            self.token_in = token_in;
        }
        found
    }

    async fn ask(&self, authenticator: &dyn Authenticator) -> Found {
        let Ok(answer) = timeout(ANSWER_WITHIN, authenticator.authenticate(&self.request)).await else {
            return Found::Refused(Code::ServiceUnavailable);
        };
        match answer {
            Ok(Some(user)) => Found::User(user.id),
            Ok(None) => Found::Refused(Code::AuthenticationRequired),
            Err(AuthenticationError::Invalid) => Found::Refused(Code::InvalidToken),
            Err(AuthenticationError::Expired) => Found::Refused(Code::TokenExpired),
            Err(AuthenticationError::Forbidden) => Found::Refused(Code::Forbidden),
            Err(error @ AuthenticationError::Unavailable(_)) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "the user of a socket cannot be found");
                Found::Refused(Code::ServiceUnavailable)
            }
        }
    }

    /// Forgets a token that is not valid any more.
    pub(crate) fn forget_token(&mut self) {
        if let Some(name) = self.token_in.take() {
            self.request.headers.remove(name);
        }
    }

    /// Puts a token where requests have it; returns whether it can be one.
    fn set_token(&mut self, scheme: &CredentialScheme, token: String) -> bool {
        let (name, value) = match scheme {
            CredentialScheme::Header { name } => (HeaderName::try_from(name.as_str()).ok(), token),
            CredentialScheme::Bearer => (Some(AUTHORIZATION), format!("Bearer {token}")),
            // Cookies came with the request; a page cannot read them if they are safe.
            CredentialScheme::Cookie { .. } => return true,
        };
        let (Some(name), Ok(mut value)) = (name, HeaderValue::try_from(value)) else { return false };
        value.set_sensitive(true);
        self.request.headers.insert(name.clone(), value);
        self.token_in = Some(name);
        true
    }
}
