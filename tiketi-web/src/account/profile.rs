//! One's own account.

use askama::Template;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use crate::account::{refusal, refuse};
use crate::failure::Failure;
use crate::form::{Fields, Form};
use crate::page::Page;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "account/profile.html")]
struct ProfilePage {
    page: Page,
    form: Form,
    user: User,
}

#[derive(Debug, Deserialize)]
struct Me {
    user: User,
}

/// The signed-in user.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    email: String,
    email_verified: bool,
    name: String,
    phone: Option<String>,
    language: String,
}

/// Shows the account.
pub(super) async fn show(visit: Visit, query: Fields) -> Result<Response, Failure> {
    visit.signed_in()?;
    let done = (query.get("done") == "saved").then(|| visit.t("profile-saved").to_string());
    shown(&visit, Form::default(), (StatusCode::OK, done)).await
}

async fn shown(
    visit: &Visit,
    form: Form,
    (status, done): (StatusCode, Option<String>),
) -> Result<Response, Failure> {
    let Me { user } = visit.api.get("/api/auth/me").await?;
    let page = visit.page(visit.t("nav-profile")).saying(done);
    Ok((status, visit.html(&ProfilePage { page, form, user })).into_response())
}

/// Changes name, telephone number and the language of mail.
pub(super) async fn edit(visit: Visit, fields: Fields) -> Result<Response, Failure> {
    visit.signed_in()?;
    let body = json!({
        "name": fields.get("name"), "phone": fields.filled("phone"), "language": fields.filled("language"),
    });
    let done = visit.api.send(Method::PUT, "/api/auth/profile", &body, None).await;
    let refused = match refusal(done)? {
        Ok(_) => return Ok(Redirect::to("/profile?done=saved").into_response()),
        Err(refused) if refused.status == StatusCode::UNAUTHORIZED => return Err(refused),
        Err(refused) => refused,
    };
    let mut form = Form::of(fields);
    refuse(&mut form, &refused, &visit);
    shown(&visit, form, (refused.shown_status(), None)).await
}
