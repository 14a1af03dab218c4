//! Renders errors in the one shape that all of them have.

use axum::Json;
use axum::http::header::{CONTENT_LANGUAGE, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::error::failure::Failure;
use crate::error::{ApiError, Code, RETRY_AFTER_SECONDS};
use crate::request_context::RequestContext;

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorBody {
    /// A sentence for a person, in the language of `Accept-Language` (en, ko).
    #[schema(example = "Some of the seats are already taken.")]
    pub(super) error: &'static str,
    /// A stable code for programs; the description of the document lists them all.
    pub(super) code: Code,
    /// Details by name; empty if there are none.
    #[schema(value_type = Object)]
    pub(super) details: Map<String, Value>,
    /// What to quote when reporting a problem; also in the `x-request-id` header.
    pub(super) request_id: String,
}

/// Renders the response if it is an error, and attaches its cause for the log.
pub(crate) fn render(mut response: Response, context: &RequestContext) -> Response {
    let Some(error) = response.extensions_mut().remove::<ApiError>() else { return response };
    let failure = Failure::of(&error, context);
    let body = ErrorBody {
        error: error.code.sentence(context.language),
        code: error.code,
        details: error.details(context.language),
        request_id: context.id.as_str().to_owned(),
    };
    let mut rendered = (error.code.status(), Json(body)).into_response();
    // Headers that layers added, such as `Allow`, stay.
    rendered.headers_mut().extend(without_body_headers(response.headers()));
    add_headers(rendered.headers_mut(), error.code, error.retry_after, context);
    if let Some(failure) = failure {
        rendered.extensions_mut().insert(failure);
    }
    rendered
}

fn without_body_headers(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove(axum::http::header::CONTENT_LENGTH);
    headers.remove(axum::http::header::CONTENT_TYPE);
    headers
}

fn add_headers(headers: &mut HeaderMap, code: Code, retry_after: Option<u32>, context: &RequestContext) {
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(context.language.tag()));
    headers.append(VARY, HeaderValue::from_static("accept-language"));
    if code.is_worth_retrying() {
        headers.insert(RETRY_AFTER, HeaderValue::from(retry_after.unwrap_or(RETRY_AFTER_SECONDS)));
    }
    if code.status() == StatusCode::UNAUTHORIZED {
        let error = match code {
            Code::InvalidToken | Code::TokenExpired => r#", error="invalid_token""#,
            _ => "",
        };
        let challenge = format!(r#"{} realm="tiketi"{error}"#, context.challenge);
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
    }
}
