//! Ids in the path.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use crate::error::{ApiError, Code};

/// Extracts the id from the path: its last named segment.
///
/// A host may nest the routes below a path with its own named segments; those come before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ApiPath<T>(pub(crate) T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for ApiPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiError::new(Code::InvalidId).caused_by(error))?;
        let (name, text) = params.iter().last().unwrap_or(("id", ""));
        text.parse().map(Self).map_err(|_| ApiError::new(Code::InvalidId).detail("parameter", name))
    }
}
