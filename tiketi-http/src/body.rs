//! Bodies of a bounded size.

use std::error::Error;

use axum::body::{Body, Bytes};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::error::{ApiError, Code};

/// Ends a body with an error after `limit` bytes.
pub(crate) fn cut_at(limit: usize, body: Body) -> Body {
    Body::new(Limited::new(body, limit).map_err(move |error| Cut::from(error, limit)))
}

/// Reads a whole body.
pub(crate) async fn read_body(body: Body) -> Result<Bytes, ApiError> {
    match body.collect().await {
        Ok(read) => Ok(read.to_bytes()),
        Err(error) => Err(limit_of(&error).map_or_else(
            // The client stopped sending before the end of the body.
            || ApiError::new(Code::MalformedJson),
            too_large,
        )),
    }
}

/// Builds the error for a body larger than `limit` bytes.
pub(crate) fn too_large(limit: usize) -> ApiError {
    ApiError::new(Code::BodyTooLarge).detail("limit", limit)
}

/// Why a body ended early.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the body could not be read")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
}

impl Cut {
    fn from(error: Box<dyn Error + Send + Sync>, limit: usize) -> Self {
        if error.is::<LengthLimitError>() { Self::TooLarge { limit } } else { Self::Broken(error) }
    }
}

/// Returns the limit that a body exceeded, however deep the error is wrapped.
pub(crate) fn limit_of(error: &(dyn Error + 'static)) -> Option<usize> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(Cut::TooLarge { limit }) = error.downcast_ref::<Cut>() {
            return Some(*limit);
        }
        next = error.source();
    }
    None
}
