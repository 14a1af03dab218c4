//! Handlers that panic.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::response::{IntoResponse, Response};
use futures::FutureExt;

use crate::error::ApiError;

/// Answers `INTERNAL` for work that panics; the panic's message goes to the log.
pub(crate) async fn caught(work: impl Future<Output = Response>) -> Response {
    // What the work shared with others is behind locks that are safe to use after a panic, or part of the request.
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(answer)
}

fn answer(panic: Box<dyn Any + Send>) -> Response {
    let said = match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(other) => other.downcast::<&str>().map_or_else(|_| String::new(), |text| (*text).to_owned()),
    };
    ApiError::internal(format!("a handler panicked: {said}")).into_response()
}
