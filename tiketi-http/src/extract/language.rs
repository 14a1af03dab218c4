//! The language that a request asks for.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::language::preferred_language;
use tiketi_core::language::Language;

/// Extracts the language that the request's `Accept-Language` prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WantedLanguage(pub(crate) Language);

impl<S: Sync> FromRequestParts<S> for WantedLanguage {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(preferred_language(&parts.headers)))
    }
}
