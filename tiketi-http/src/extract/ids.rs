//! Ids in the path.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use crate::error::{ApiError, Code};

/// Takes the id out of the path: its last segment with a name.
///
/// A host may nest the routes below a path with names of its own; those come before.
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
