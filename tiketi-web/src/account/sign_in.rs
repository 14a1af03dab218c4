//! Signing in and out.

use askama::Template;
use axum::Extension;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use crate::account::refusal;
use crate::failure::Failure;
use crate::form::{Fields, Form};
use crate::own_path::own_path;
use crate::page::Page;
use crate::session::{SessionChange, Tokens};
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "account/sign_in.html")]
struct SignInPage {
    page: Page,
    form: Form,
    next: String,
}

/// Shows the form.
pub(super) async fn show(visit: Visit, query: Fields) -> Response {
    let next = own_path(query.get("next")).unwrap_or("/").to_owned();
    if visit.user.is_some() {
        return Redirect::to(&next).into_response();
    }
    let done = match query.get("done") {
        "reset" => Some(visit.t("sign-in-after-reset").to_string()),
        _ => None,
    };
    let page = visit.page(visit.t("sign-in-title")).saying(done);
    visit.html(&SignInPage { page, form: Form::default(), next })
}

/// Signs in, and goes back to where the visitor came from.
pub(super) async fn sign_in(visit: Visit, fields: Fields) -> Result<Response, Failure> {
    let next = own_path(fields.get("next")).unwrap_or("/").to_owned();
    let body = json!({"email": fields.get("email"), "password": fields.raw("password")});
    let refused = match refusal(visit.api.post::<Tokens>("/api/auth/login", &body, None).await)? {
        Ok(tokens) => return Ok(started(tokens, &next)),
        Err(refused) => refused,
    };
    let mut form = Form::of(fields);
    form.refuse_all(refused.said(&visit));
    let page = visit.page(visit.t("sign-in-title"));
    Ok((refused.shown_status(), visit.html(&SignInPage { page, form, next })).into_response())
}

/// Starts a session, and goes on.
pub(super) fn started(tokens: Tokens, next: &str) -> Response {
    (Extension(SessionChange::Start(tokens)), Redirect::to(next)).into_response()
}

/// Signs out on this device.
pub(super) async fn sign_out(visit: Visit) -> Response {
    // Tokens that are not valid any more need no end.
    if let Err(failure) = visit.api.call(Method::POST, "/api/auth/logout", None, None).await
        && failure.status != StatusCode::UNAUTHORIZED
    {
        tracing::warn!(status = %failure.status, "a session was not ended; its cookies were removed");
    }
    (Extension(SessionChange::End), Redirect::to("/")).into_response()
}

/// Answers scripts whose socket said that the token has ended: the layer around all pages renewed it with this request.
pub(super) async fn refresh(visit: Visit) -> StatusCode {
    if visit.user.is_some() { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED }
}
