//! Why a page cannot be shown.

use std::error::Error;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Why a page cannot be shown: an error of the API, or one of the pages' own.
///
/// A handler returns it; the layer around all pages shows it in the visitor's language.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failure {
    #[serde(skip)]
    pub(crate) status: StatusCode,
    /// The API's code, such as `SEATS_TAKEN`; empty for the pages' own.
    #[serde(default)]
    pub(crate) code: String,
    /// The API's sentence in the visitor's language; empty for the pages' own.
    #[serde(rename = "error", default)]
    pub(crate) sentence: String,
    #[serde(default)]
    pub(crate) details: Map<String, Value>,
    #[serde(default)]
    pub(crate) request_id: String,
    #[serde(skip)]
    pub(crate) retry_after: Option<u32>,
}

impl Failure {
    fn of(status: StatusCode) -> Self {
        Self { status, ..Self::default() }
    }

    /// There is no such page.
    pub(crate) fn not_found() -> Self {
        Self::of(StatusCode::NOT_FOUND)
    }

    /// The form is not one of the shop's.
    pub(crate) fn bad_request() -> Self {
        Self::of(StatusCode::BAD_REQUEST)
    }

    /// A page elsewhere sent the form.
    pub(crate) fn foreign_page() -> Self {
        Self::of(StatusCode::FORBIDDEN)
    }

    /// The visitor must sign in first.
    pub(crate) fn sign_in() -> Self {
        Self::of(StatusCode::UNAUTHORIZED)
    }

    /// A defect; the cause is only logged.
    pub(crate) fn internal(cause: &(dyn Error + 'static)) -> Self {
        tracing::error!(error = cause, "a page cannot be shown");
        Self::of(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Returns a detail that is a text.
    pub(crate) fn detail(&self, name: &str) -> Option<&str> {
        self.details.get(name).and_then(Value::as_str)
    }

    /// Returns whether the API refused with one of these codes.
    pub(crate) fn is(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code.as_str())
    }

    /// Returns the status of a form that is shown again: a browser that is asked to authenticate would not show it.
    pub(crate) fn shown_status(&self) -> StatusCode {
        if self.status == StatusCode::UNAUTHORIZED { StatusCode::UNPROCESSABLE_ENTITY } else { self.status }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
