//! The stub's answers to requests.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::code;

/// An answer of the API: a status and a JSON body.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The payment, or `{code, message}`.
    pub body: Value,
}

impl Answer {
    /// Creates the answer that shows a payment.
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body }
    }

    /// Creates the answer that names an error.
    pub(crate) fn error(code: &str) -> Self {
        let body = json!({"code": code, "message": "the stub was asked in a way that ends like this"});
        Self { status: code::status(code), body }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.body)).into_response()
    }
}
