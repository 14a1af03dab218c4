//! Query parameters.

use std::error::Error;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::ApiError;
use crate::reason::shape_reason;

/// Extracts the query parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ApiQuery<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Query::try_from_uri(&parts.uri).map(|Query(query)| Self(query)).map_err(|rejection| {
            let message = rejection.source().map_or_else(|| rejection.to_string(), ToString::to_string);
            // The message begins with the parameter, or names it in quotes.
            let quoted = message.split('`').nth(1);
            let named = quoted.or_else(|| message.split_once(':').map(|(name, _)| name)).unwrap_or_default();
            ApiError::invalid_query(named, shape_reason(&message))
        })
    }
}
