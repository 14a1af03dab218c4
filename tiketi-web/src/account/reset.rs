//! A new password with the code of a mail.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use crate::account::register::CodeMailed;
use crate::account::{refusal, refuse};
use crate::failure::Failure;
use crate::form::{Fields, Form};
use crate::page::Page;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "account/reset.html")]
struct ResetPage {
    page: Page,
    form: Form,
}

#[derive(Template)]
#[template(path = "account/new_password.html")]
struct NewPasswordPage {
    page: Page,
    form: Form,
    code_id: String,
}

/// Shows the form for the address.
pub(super) async fn show(visit: Visit) -> Response {
    visit.html(&ResetPage { page: visit.page(visit.t("reset-title")), form: Form::default() })
}

/// Mails a code, if the address has an account; the answer is the same if it has none.
pub(super) async fn ask(visit: Visit, fields: Fields) -> Result<Response, Failure> {
    let body = json!({"email": fields.get("email")});
    let refused = match refusal(visit.api.post::<CodeMailed>("/api/auth/reset", &body, None).await)? {
        Ok(CodeMailed { code_id }) => return Ok(Redirect::to(&format!("/reset/{code_id}")).into_response()),
        Err(refused) => refused,
    };
    let mut form = Form::of(fields);
    refuse(&mut form, &refused, &visit);
    let page = visit.page(visit.t("reset-title"));
    Ok((refused.shown_status(), visit.html(&ResetPage { page, form })).into_response())
}

/// Shows the form for the code and the new password.
pub(super) async fn show_new(visit: Visit, Path(code_id): Path<String>) -> Response {
    let page = visit.page(visit.t("reset-title"));
    visit.html(&NewPasswordPage { page, form: Form::default(), code_id })
}

/// Sets the new password.
pub(super) async fn set(
    visit: Visit,
    Path(code_id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let body = json!({"codeId": code_id, "code": fields.get("code"), "password": fields.raw("password")});
    let done = refusal(visit.api.post::<Value>("/api/auth/reset/confirm", &body, None).await)?;
    let Err(refused) = done else { return Ok(Redirect::to("/sign-in?done=reset").into_response()) };
    let mut form = Form::of(fields);
    if refused.is(&["INVALID_CODE"]) {
        form.refuse("code", refused.said(&visit));
    } else {
        refuse(&mut form, &refused, &visit);
    }
    let page = visit.page(visit.t("reset-title"));
    Ok((refused.shown_status(), visit.html(&NewPasswordPage { page, form, code_id })).into_response())
}
