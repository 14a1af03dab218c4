//! Routes to sign in and out, and to read and edit one's own account.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::ExposeSecret;
use tiketi_core::AccountId;
use tiketi_core::account::Email;
use tiketi_core::decide::{RefreshRefused, Refreshed, refresh_session};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::input::{valid_language, valid_name, valid_phone};
use crate::auth::session::{SessionOfRequest, ShopAccounts, sign_in, tokens};
use crate::auth::wire::{Login, Me, Profile, RefreshTokens, SignedInUser, Tokens, User};
use crate::auth::{google, register, reset};
use crate::credentials::{Password, SessionsOf};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ClientAddress, CurrentUser};
use crate::state::AppState;

/// How often a refresh is tried that another request with the same token overtook.
const REFRESH_TRIES: usize = 3;

/// Collects the routes of signing in; they need a shop with accounts.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(register::routes())
        .merge(reset::routes())
        .merge(google::routes())
        .routes(routes!(login))
        .routes(routes!(refresh))
        .routes(routes!(logout))
        .routes(routes!(me))
        .routes(routes!(edit_profile))
}

/// Sign in
///
/// Failed sign-ins are counted by account and network. A network with too many of them is not refused, but its sign-ins
/// may be answered with 503 earlier than those of others.
#[utoipa::path(
    post, path = "/api/auth/login", tag = "auth", request_body = Login,
    responses(
        (status = 200, description = "Signed in", body = SignedInUser),
        (status = 401, description = "`INVALID_CREDENTIALS`", body = ErrorBody),
        (status = 429, description = "`TOO_MANY_ATTEMPTS`: too many failed sign-ins of the account, or too many at \
            once, from this network", body = ErrorBody),
        (status = 503, description = "`TOO_BUSY`: too many passwords wait to be checked", body = ErrorBody),
    ),
)]
async fn login(
    State(state): State<AppState>,
    ShopAccounts(accounts): ShopAccounts,
    ClientAddress(address): ClientAddress,
    ApiJson(login): ApiJson<Login>,
) -> Result<Json<SignedInUser>, ApiError> {
    let refused = || ApiError::new(Code::InvalidCredentials);
    let password = Password::of(&login.password).ok_or_else(refused)?;
    let email = login.email.parse::<Email>().ok();
    let counted = accounts.sign_ins.sign_in(email.as_ref(), address).await?;
    accounts.passwords.warm_up(counted.lane).await?;
    let account = match &email {
        Some(email) => accounts.store.account_by_email(email).await?,
        None => None,
    };
    let known = account.as_ref().and_then(|account| account.password.clone());
    let matches = accounts.passwords.verify(password, known, counted.lane).await?;
    let account = account.filter(|_| matches).ok_or_else(refused)?;
    accounts.sign_ins.succeeded(counted).await;
    Ok(Json(sign_in(&state, &accounts, account).await?))
}

/// Exchange a refresh token
///
/// Each refresh token is exchanged once, for the next tokens of its session. The one before the newest is answered with
/// the newest for ten seconds, for clients whose answer was lost. A token that was exchanged before that ends the
/// session: somebody else has a copy of it.
#[utoipa::path(
    post, path = "/api/auth/refresh", tag = "auth", request_body = RefreshTokens,
    responses(
        (status = 200, description = "The next tokens", body = Tokens),
        (status = 401, description = "`INVALID_TOKEN`, `TOKEN_EXPIRED`", body = ErrorBody),
    ),
)]
async fn refresh(
    State(state): State<AppState>,
    ShopAccounts(accounts): ShopAccounts,
    ApiJson(presented): ApiJson<RefreshTokens>,
) -> Result<Json<Tokens>, ApiError> {
    let presented = accounts.tokens.read_refresh(presented.refresh_token.expose_secret())?;
    // Of two requests with one token, one renews the session; the other one finds it renewed.
    for _ in 0..REFRESH_TRIES {
        let found = accounts.store.session(presented.session).await?;
        let mut found = found.ok_or_else(|| ApiError::new(Code::InvalidToken))?;
        let lasts = accounts.tokens.session_length();
        match refresh_session(&found.session, presented.generation, state.now(), lasts) {
            Ok(Refreshed::Repeated) => return tokens(&accounts, &found).map(Json),
            Ok(Refreshed::Renewed(session)) => {
                if accounts.store.renew_session(session.clone()).await? {
                    found.session = session;
                    return tokens(&accounts, &found).map(Json);
                }
            }
            Err(RefreshRefused::Reused) => {
                accounts.end_session(presented.session).await?;
                tracing::warn!(account = %found.account.id, "a refresh token was used twice; its session was ended");
                return Err(ApiError::new(Code::InvalidToken));
            }
            Err(_) => return Err(ApiError::new(Code::TokenExpired)),
        }
    }
    Err(ApiError::new(Code::ServiceUnavailable))
}

/// Sign out
///
/// It ends the session of the token that is sent: its access and refresh tokens are valid no more.
#[utoipa::path(
    post, path = "/api/auth/logout", tag = "auth", security(("bearer" = [])),
    responses((status = 204, description = "Signed out")),
)]
async fn logout(
    ShopAccounts(accounts): ShopAccounts,
    _: CurrentUser,
    SessionOfRequest(session): SessionOfRequest,
) -> Result<StatusCode, ApiError> {
    if let Some(session) = session {
        accounts.end_session(session).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Read the signed-in user
#[utoipa::path(
    get, path = "/api/auth/me", tag = "auth", security(("bearer" = [])),
    responses((status = 200, description = "The signed-in user", body = Me)),
)]
async fn me(ShopAccounts(accounts): ShopAccounts, user: CurrentUser) -> Result<Json<Me>, ApiError> {
    let account = accounts.store.account(AccountId::from_uuid(user.buyer().as_uuid())).await?;
    // A token outlives its account only if the account was removed.
    let account = account.ok_or_else(|| ApiError::new(Code::InvalidToken))?;
    Ok(Json(Me { user: User::from(&account) }))
}

/// Edit the signed-in user's account
///
/// It replaces name and telephone number, and the language if it is sent.
#[utoipa::path(
    put, path = "/api/auth/profile", tag = "auth", request_body = Profile, security(("bearer" = [])),
    responses(
        (status = 200, description = "The account as it is now", body = Me),
        (status = 422, description = "`INVALID_BODY`", body = ErrorBody),
    ),
)]
async fn edit_profile(
    ShopAccounts(accounts): ShopAccounts,
    user: CurrentUser,
    ApiJson(profile): ApiJson<Profile>,
) -> Result<Json<Me>, ApiError> {
    let (name, phone) = (valid_name(&profile.name)?, valid_phone(profile.phone.as_deref())?);
    let id = AccountId::from_uuid(user.buyer().as_uuid());
    let language = valid_language(profile.language.as_deref())?;
    let edited = accounts
        .edit(id, SessionsOf::Kept, |account| {
            (account.name, account.phone) = (name.clone(), phone.clone());
            account.language = language.unwrap_or(account.language);
        })
        .await?;
    Ok(Json(Me { user: User::from(&edited) }))
}
