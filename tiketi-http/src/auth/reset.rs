//! Routes to set a new password with the code of a mail.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::ExposeSecret;
use tiketi_core::account::CodePurpose;
use tiketi_core::id::ParseIdError;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::input::{valid_email, valid_password};
use crate::auth::register::codes_of;
use crate::auth::session::ShopAccounts;
use crate::auth::wire::{CodeMailed, Me, NewPassword, ResetRequest, User};
use crate::credentials::{SessionsOf, Sought};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ClientAddress, WantedLanguage};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(reset)).routes(routes!(confirm))
}

/// Ask for a new password
///
/// The answer is always the same. A mail is sent only if the address has an account.
#[utoipa::path(
    post, path = "/api/auth/reset", tag = "auth", request_body = ResetRequest,
    responses(
        (status = 202, description = "A mail is on its way, if the address has an account", body = CodeMailed),
        (status = 404, description = "`MAIL_NOT_SENT`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`", body = ErrorBody),
        (status = 429, description = "`TOO_MANY_ATTEMPTS`: too many mails to the address", body = ErrorBody),
    ),
)]
async fn reset(
    ShopAccounts(accounts): ShopAccounts,
    ClientAddress(address): ClientAddress,
    WantedLanguage(language): WantedLanguage,
    ApiJson(request): ApiJson<ResetRequest>,
) -> Result<(StatusCode, Json<CodeMailed>), ApiError> {
    let codes = codes_of(&accounts)?;
    let email = valid_email(&request.email)?;
    accounts.sign_ins.mailed_code(&email, address).await?;
    let code = codes.ask(email, CodePurpose::Reset, language).await?;
    Ok((StatusCode::ACCEPTED, Json((&code).into())))
}

/// Set a new password with the code of a mail
///
/// It ends every session of the account, and proves its address. Sign in with the new password afterwards.
#[utoipa::path(
    post, path = "/api/auth/reset/confirm", tag = "auth", request_body = NewPassword,
    responses(
        (status = 200, description = "The password is set, and every session has ended", body = Me),
        (status = 400, description = "`INVALID_CODE`", body = ErrorBody),
        (status = 404, description = "`MAIL_NOT_SENT`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`", body = ErrorBody),
        (status = 503, description = "`TOO_BUSY`: too many passwords wait to be hashed", body = ErrorBody),
    ),
)]
async fn confirm(
    State(state): State<AppState>,
    ShopAccounts(accounts): ShopAccounts,
    ClientAddress(address): ClientAddress,
    ApiJson(new): ApiJson<NewPassword>,
) -> Result<Json<Me>, ApiError> {
    let codes = codes_of(&accounts)?;
    let id = new.code_id.parse().map_err(|error: ParseIdError| ApiError::invalid("codeId", error))?;
    let password = valid_password(&state, &new.password, &[])?;
    let lane = accounts.sign_ins.registration(address).await.lane;
    // Before the code is used up: a server that is busy leaves it valid.
    let password = accounts.passwords.hash(password, lane).await?;
    let code = codes.redeem(id, new.code.expose_secret(), Sought::Reset).await?;
    let account = accounts.store.account_by_email(&code.email).await?;
    let account = account.ok_or_else(|| ApiError::new(Code::MailedCodeRefused))?;
    let now = state.now();
    let account = accounts
        .edit(account.id, SessionsOf::Ended, |account| {
            account.password = Some(password.clone());
            account.verified_at = account.verified_at.or(Some(now));
        })
        .await?;
    Ok(Json(Me { user: User::from(&account) }))
}
