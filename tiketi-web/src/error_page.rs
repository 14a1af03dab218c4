//! What a page shows when something is refused or fails.

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::failure::Failure;
use crate::page::Page;
use crate::session::SessionChange;
use crate::visit::Visit;

impl Failure {
    /// Returns the sentence to show.
    pub(crate) fn said(&self, visit: &Visit) -> String {
        if self.sentence.is_empty() {
            visit.t(self.own_sentence()).to_string()
        } else {
            self.sentence.clone()
        }
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
