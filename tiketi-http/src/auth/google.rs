//! The route to sign in with Google.

use axum::Json;
use axum::extract::State;
use secrecy::ExposeSecret;
use tiketi_core::account::{Account, Role};
use tiketi_core::language::Language;
use tiketi_core::store::CreateAccountRefused;
use tiketi_core::{AccountId, CommandError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::session::{ShopAccounts, sign_in};
use crate::auth::wire::{GoogleCredential, SignedInUser};
use crate::credentials::{Accounts, GoogleUser, SessionsOf};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, WantedLanguage};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(google))
}

/// Sign in with Google
///
/// The token's signature, audience, issuer and expiry are checked. The account is that of the token's address, which Google
/// must have verified; if there is none, it is created, without a password.
#[utoipa::path(
    post, path = "/api/auth/google", tag = "auth", request_body = GoogleCredential,
    responses(
        (status = 200, description = "Signed in", body = SignedInUser),
        (status = 401, description = "`GOOGLE_TOKEN_REFUSED`", body = ErrorBody),
        (status = 404, description = "`GOOGLE_NOT_OFFERED`", body = ErrorBody),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: Google's keys cannot be fetched now", body = ErrorBody),
    ),
)]
async fn google(
    State(state): State<AppState>,
    ShopAccounts(accounts): ShopAccounts,
    WantedLanguage(language): WantedLanguage,
    ApiJson(presented): ApiJson<GoogleCredential>,
) -> Result<Json<SignedInUser>, ApiError> {
    let google = accounts.google.as_ref().ok_or_else(|| ApiError::new(Code::GoogleNotOffered))?;
    let user = google.user(presented.credential.expose_secret(), state.clock()).await?;
    let account = account_of(&state, &accounts, user, language).await?;
    Ok(Json(sign_in(&state, &accounts, account).await?))
}

/// Returns the account of a user, which is linked or created if need be.
async fn account_of(
    state: &AppState,
    accounts: &Accounts,
    user: GoogleUser,
    language: Language,
) -> Result<Account, ApiError> {
    if let Some(known) = accounts.store.account_by_email(&user.email).await? {
        return linked(state, accounts, known, user).await;
    }
    let account = Account {
        id: AccountId::from_uuid(state.new_id()),
        email: user.email.clone(),
        name: user.name.clone(),
        phone: None,
        role: Role::Buyer,
        password: None,
        google: Some(user.subject.clone()),
        language,
        verified_at: Some(state.now()),
        created_at: state.now(),
        version: 1,
    };
    match accounts.store.create_account(account.clone()).await {
        Ok(()) => Ok(account),
        // Another request created it meanwhile.
        Err(CommandError::Refused(CreateAccountRefused::EmailTaken)) => {
            let known = accounts.store.account_by_email(&user.email).await?;
            linked(state, accounts, known.ok_or_else(|| ApiError::new(Code::ServiceUnavailable))?, user).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Links an account with a user of Google whose verified address it has.
async fn linked(
    state: &AppState,
    accounts: &Accounts,
    account: Account,
    user: GoogleUser,
) -> Result<Account, ApiError> {
    match &account.google {
        Some(known) if *known == user.subject => return Ok(account),
        // The address has another owner than the one who signed in before.
        Some(_) => return Err(ApiError::new(Code::GoogleTokenRefused)),
        None => {}
    }
    let (subject, now) = (user.subject, state.now());
    if account.verified_at.is_some() {
        let link = |account: &mut Account| account.google = Some(subject.clone());
        return accounts.edit(account.id, SessionsOf::Kept, link).await;
    }
    // The person who registered the address never proved it, and may not be its owner: the password and the sessions end.
    let take_over = |account: &mut Account| {
        account.google = Some(subject.clone());
        account.password = None;
        account.verified_at = Some(now);
    };
    accounts.edit(account.id, SessionsOf::Ended, take_over).await
}
