//! What a page shows when something is refused or fails.

use std::error::Error;

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::page::Page;
use crate::session::SessionChange;
use crate::visit::Visit;

/// Why a page cannot be shown: an error of the API, or one of the pages' own.
///
/// A handler returns it; [`rendered`] writes it in the visitor's language.
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

    /// Returns the sentence to show.
    pub(crate) fn said(&self, visit: &Visit) -> String {
        if self.sentence.is_empty() { visit.t(self.own_sentence()).to_string() } else { self.sentence.clone() }
    }

    fn own_sentence(&self) -> &'static str {
        match self.status.as_u16() {
            400 => "error-bad-request",
            403 => "error-foreign-page",
            404 => "error-not-found",
            413 => "error-too-large",
            _ => "error-internal",
        }
    }

    fn title(&self) -> &'static str {
        match self.status.as_u16() {
            404 => "error-title-not-found",
            401 | 403 => "error-title-forbidden",
            429 | 503 => "error-title-busy",
            code if code >= 500 => "error-title-internal",
            _ => "error-title-refused",
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    page: Page,
    sentence: String,
    way_on: String,
    request_id: String,
    retry_after: Option<u32>,
}

/// Writes the page of a failure, if the answer is one; asks visitors who are not signed in to sign in.
pub(crate) fn rendered(mut response: Response, visit: &Visit) -> Response {
    let Some(failure) = response.extensions_mut().remove::<Failure>() else { return response };
    if failure.status == StatusCode::UNAUTHORIZED {
        let sign_in = Redirect::to(&visit.sign_in_path());
        // The session was ended elsewhere. Its cookies go too, or the page to sign in would lead straight back.
        let ended = visit.user.as_ref().map(|_| Extension(SessionChange::End));
        return (ended, sign_in).into_response();
    }
    let way_on = match failure.status.as_u16() {
        404 => "error-way-not-found",
        429 | 503 => "error-way-busy",
        403 => "error-way-forbidden",
        code if code >= 500 => "error-way-internal",
        _ => "error-way-refused",
    };
    let shown = ErrorPage {
        sentence: failure.said(visit),
        way_on: visit.t(way_on).to_string(),
        request_id: failure.request_id.clone(),
        retry_after: failure.retry_after,
        page: visit.page(visit.t(failure.title())),
    };
    (failure.status, visit.html(&shown)).into_response()
}
