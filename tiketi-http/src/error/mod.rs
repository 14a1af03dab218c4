//! Errors of the API: one shape, one list of codes.

mod code;
mod core;
mod explained;
mod failure;
mod organising;
mod paying;
mod refusal;
mod render;
mod selling;
mod waiting;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use tiketi_core::language::Language;

use crate::reason::Reason;

pub(crate) use code::Code;
pub(crate) use explained::Explained;
pub(crate) use failure::Failure;
pub use refusal::{Refusal, RefusalAnswer};
pub(crate) use render::{ErrorBody, render};

/// How long a client waits before it sends a request again, in seconds.
const RETRY_AFTER_SECONDS: u32 = 1;

/// An error answer, before it is rendered.
///
/// [`render`] writes it in the client's language, with the request's id.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    code: Code,
    details: Map<String, Value>,
    /// How long the client should wait, if more than a moment, in seconds.
    retry_after: Option<u32>,
    /// Becomes the detail `reason`, in the language of the answer.
    reason: Option<Reason>,
    /// The cause, for the log only.
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl ApiError {
    /// Builds an error from a code alone.
    pub(crate) fn new(code: Code) -> Self {
        Self { code, details: Map::new(), retry_after: None, reason: None, cause: None }
    }

    /// Returns the same error, with its cause, under another code.
    fn with_code(self, code: Code) -> Self {
        Self { code, ..self }
    }

    /// Returns the code.
    pub(crate) const fn code(&self) -> Code {
        self.code
    }

    /// Returns the details, with the reason in a language.
    fn details(&self, language: Language) -> Map<String, Value> {
        let mut details = self.details.clone();
        if let Some(reason) = &self.reason {
            details.insert("reason".to_owned(), reason.sentence(language).into());
        }
        details
    }

    /// Adds a detail that the client can act on.
    #[must_use]
    pub(crate) fn detail(mut self, name: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        self.details.insert(name.to_owned(), value);
        self
    }

    /// Sets how long the client waits, rounded up to whole seconds, at least one.
    #[must_use]
    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1));
        self
    }

    /// Adds the ids of the rows that caused the error.
    #[must_use]
    pub(crate) fn ids<T: ToString>(self, name: &str, ids: impl IntoIterator<Item = T>) -> Self {
        let ids: Vec<_> = ids.into_iter().map(|id| id.to_string()).collect();
        self.detail(name, ids)
    }

    /// Builds the error for a wrong field, with the reason.
    pub(crate) fn invalid(field: &str, reason: impl Into<Reason>) -> Self {
        Self::new(Code::InvalidBody).detail("field", field).because(reason)
    }

    /// Builds the error for a wrong parameter, with the reason.
    pub(crate) fn invalid_query(parameter: &str, reason: impl Into<Reason>) -> Self {
        Self::new(Code::InvalidQuery).detail("field", parameter).because(reason.into().about(parameter))
    }

    /// Adds the reason, as a sentence in the language of the answer.
    #[must_use]
    pub(crate) fn because(mut self, reason: impl Into<Reason>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Builds a 500 for a defect; the cause is only logged.
    pub(crate) fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Code::Internal).caused_by(cause)
    }

    /// Takes over the cause of another error, for the log.
    #[must_use]
    pub(crate) fn with_cause_of(mut self, other: &Self) -> Self {
        self.cause.clone_from(&other.cause);
        self
    }

    /// Adds the cause, for the log.
    #[must_use]
    pub(crate) fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(Arc::from(cause.into()));
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests;
