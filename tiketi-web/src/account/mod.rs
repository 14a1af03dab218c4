//! Signing in and out, registering, and one's own account.

mod profile;
mod register;
mod reset;
mod sign_in;

use axum::Router;
use axum::routing::{get, post};

use crate::failure::Failure;
use crate::form::Form;
use crate::visit::Visit;

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/session/refresh", post(sign_in::refresh))
        .route("/register", get(register::show).post(register::register))
        .route("/verify", get(register::show_code).post(register::verify))
        .route("/verify/send", post(register::send_code))
        .route("/reset", get(reset::show).post(reset::ask))
        .route("/reset/{id}", get(reset::show_new).post(reset::set))
        .route("/profile", get(profile::show).post(profile::edit))
}

/// Says on a form what the API refused: at the field that it names, or above all.
fn refuse(form: &mut Form, refused: &Failure, visit: &Visit) {
    let field = refused.detail("field").unwrap_or_default();
    let sentence = match field {
        "email" => "account-wrong-email",
        "name" => "account-wrong-name",
        "phone" => "account-wrong-phone",
        "password" => "account-wrong-password",
        _ => {
            form.refuse_all(refused.said(visit));
            return;
        }
    };
    form.refuse(field, visit.t(sentence));
}

/// Returns the refusal that a form shows; anything else is a page of its own.
fn refusal<T>(done: Result<T, Failure>) -> Result<Result<T, Failure>, Failure> {
    match done {
        Err(failure) if !failure.status.is_client_error() && !failure.is(&["TOO_BUSY"]) => Err(failure),
        done => Ok(done),
    }
}
