//! The language that a request asks for.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::language::Language;

/// Extracts the language that the request's `Accept-Language` prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WantedLanguage(pub(crate) tiketi_core::language::Language);

impl<S: Sync> FromRequestParts<S> for WantedLanguage {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Language::preferred(&parts.headers).into()))
    }
}
