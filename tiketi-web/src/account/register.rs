//! Registering, and proving an address with a code of a mail.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use crate::account::sign_in::started;
use crate::account::{refusal, refuse};
use crate::failure::Failure;
use crate::form::{Fields, Form, with_query};
use crate::own_path::own_path;
use crate::page::Page;
use crate::session::Tokens;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "account/register.html")]
struct RegisterPage {
    page: Page,
    form: Form,
    next: String,
}

#[derive(Template)]
#[template(path = "account/verify.html")]
struct VerifyPage {
    page: Page,
    form: Form,
    code_id: String,
    next: String,
}

/// The answer to a registration: signed in, or a code that is on its way.
#[derive(Deserialize)]
#[serde(untagged)]
enum Registered {
    SignedIn(Tokens),
    Mailed(CodeMailed),
}

/// A code that is on its way.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CodeMailed {
    pub(super) code_id: String,
}

/// The answer to a code: the tokens of a new account, if it made one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verified {
    token: Option<String>,
    refresh_token: Option<String>,
}

/// Shows the form.
pub(super) async fn show(visit: Visit, query: Fields) -> Response {
    let next = own_path(query.get("next")).unwrap_or("/").to_owned();
    visit.html(&RegisterPage { page: visit.page(visit.t("register-title")), form: Form::default(), next })
}

/// Registers: signs in at once, or asks for the code that was mailed.
pub(super) async fn register(visit: Visit, fields: Fields) -> Result<Response, Failure> {
    let next = own_path(fields.get("next")).unwrap_or("/").to_owned();
    let body = json!({
        "email": fields.get("email"),
        "password": fields.raw("password"),
        "name": fields.get("name"),
        "phone": fields.filled("phone"),
    });
    let refused = match refusal(visit.api.post::<Registered>("/api/auth/register", &body, None).await)? {
        Ok(Registered::SignedIn(tokens)) => return Ok(started(tokens, &next)),
        Ok(Registered::Mailed(CodeMailed { code_id })) => {
            let verify = with_query("/verify", &[("id", &code_id), ("next", &next)]);
            return Ok(Redirect::to(&verify).into_response());
        }
        Err(refused) => refused,
    };
    let mut form = Form::of(fields);
    refuse(&mut form, &refused, &visit);
    let page = visit.page(visit.t("register-title"));
    Ok((refused.shown_status(), visit.html(&RegisterPage { page, form, next })).into_response())
}

/// Mails a code to a signed-in visitor whose address is not proved.
pub(super) async fn send_code(visit: Visit, fields: Fields) -> Result<Response, Failure> {
    visit.signed_in()?;
    let next = own_path(fields.get("next")).unwrap_or("/profile").to_owned();
    let CodeMailed { code_id } = visit.api.post("/api/auth/verify/send", &json!({}), None).await?;
    Ok(Redirect::to(&with_query("/verify", &[("id", &code_id), ("next", &next)])).into_response())
}

/// Shows the form for the code.
pub(super) async fn show_code(visit: Visit, query: Fields) -> Response {
    let next = own_path(query.get("next")).unwrap_or("/").to_owned();
    let (page, form, code_id) =
        (visit.page(visit.t("verify-title")), Form::default(), query.get("id").to_owned());
    visit.html(&VerifyPage { page, form, code_id, next })
}

/// Proves the address.
pub(super) async fn verify(visit: Visit, fields: Fields) -> Result<Response, Failure> {
    let next = own_path(fields.get("next")).unwrap_or("/").to_owned();
    let body = json!({"codeId": fields.get("id"), "code": fields.get("code")});
    let refused = match refusal(visit.api.post::<Verified>("/api/auth/verify", &body, None).await)? {
        Ok(Verified { token: Some(token), refresh_token: Some(refresh_token) }) => {
            return Ok(started(Tokens { token, refresh_token }, &next));
        }
        Ok(_) => return Ok(Redirect::to(&next).into_response()),
        Err(refused) => refused,
    };
    let code_id = fields.get("id").to_owned();
    let mut form = Form::of(fields);
    form.refuse("code", refused.said(&visit));
    let page = visit.page(visit.t("verify-title"));
    Ok((refused.shown_status(), visit.html(&VerifyPage { page, form, code_id, next })).into_response())
}
