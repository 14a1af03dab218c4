//! Routes to register, to sign in and out, and to read and edit one's own account.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tiketi_core::{
    AccountId,
    account::{Account, Email, Role, Session, SignedIn},
    decide::{RefreshRefused, Refreshed, refresh_session},
    id::SessionId,
    limits::MAX_NAME_CHARS,
};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::accounts::{MAX_PHONE_CHARS, checked_name, is_password_length_allowed};
use crate::credentials::{Accounts, IssuedTokens, MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, role_name};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ClientAddress, CurrentUser};
use crate::state::AppState;

/// How often a refresh is tried that another request with the same token overtook.
const REFRESH_TRIES: usize = 3;

/// Collects the routes of signing in; they need a shop with accounts.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(login))
        .routes(routes!(refresh))
        .routes(routes!(logout))
        .routes(routes!(me))
        .routes(routes!(edit_profile))
}

/// Extracts the accounts of the shop.
pub(super) struct ShopAccounts(pub(super) Arc<Accounts>);

impl FromRequestParts<AppState> for ShopAccounts {
    type Rejection = ApiError;

    async fn from_request_parts(_: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        // The router has these routes only if there are accounts; without them the path is unknown.
        state.accounts().cloned().map(Self).ok_or_else(|| ApiError::new(Code::NotFound))
    }
}

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
struct Registration {
    /// The address to sign in with.
    #[schema(example = "buyer@example.com")]
    email: String,
    /// The password, of 8 to 128 characters.
    #[schema(value_type = String, min_length = 8, max_length = 128, example = "correct horse battery")]
    password: SecretString,
    /// The buyer's name.
    #[schema(min_length = 1, example = "Ada Example")]
    name: String,
    /// The buyer's telephone number.
    #[schema(max_length = 32, example = "010-0000-0000")]
    phone: Option<String>,
}

/// An address and a password.
#[derive(Debug, Deserialize, ToSchema)]
struct Login {
    /// The registered address.
    #[schema(example = "buyer@example.com")]
    email: String,
    /// The password.
    #[schema(value_type = String, example = "correct horse battery")]
    password: SecretString,
}

/// The signed-in user and the tokens.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SignedInUser {
    /// The access token; send it as `Authorization: Bearer`.
    token: String,
    /// Valid for longer; not accepted in place of `token`.
    refresh_token: String,
    user: User,
}

/// A refresh token, to be exchanged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RefreshTokens {
    /// The newest refresh token of the session.
    #[schema(value_type = String)]
    refresh_token: SecretString,
}

/// The next tokens of a session.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Tokens {
    /// The access token; send it as `Authorization: Bearer`.
    token: String,
    /// The refresh token to use next time.
    refresh_token: String,
}

/// What a user may change of the own account.
#[derive(Debug, Deserialize, ToSchema)]
struct Profile {
    /// The user's name.
    #[schema(min_length = 1, example = "Ada Example")]
    name: String,
    /// The user's telephone number; none if it is left out.
    #[schema(max_length = 32, example = "010-0000-0000")]
    phone: Option<String>,
}

/// The signed-in user.
#[derive(Serialize, ToSchema)]
struct Me {
    user: User,
}

/// An account, as its owner sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    #[schema(format = Uuid)]
    id: String,
    pub(super) email: String,
    name: String,
    phone: Option<String>,
    /// `user`, `read_only`, `box_office`, `finance` or `admin`.
    #[schema(example = "user")]
    role: &'static str,
    /// When the account was created.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<&Account> for User {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.to_string(),
            email: account.email.to_string(),
            name: account.name.clone(),
            phone: account.phone.clone(),
            role: role_name(account.role),
            created_at: account.created_at.to_string(),
        }
    }
}

/// Create an account
#[utoipa::path(
    post, path = "/api/auth/register", tag = "auth", request_body = Registration,
    responses(
        (status = 201, description = "The account is created and signed in", body = SignedInUser),
        (status = 409, description = "`EMAIL_TAKEN`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`", body = ErrorBody),
        (status = 503, description = "`TOO_BUSY`: too many passwords wait to be hashed", body = ErrorBody),
    ),
)]
async fn register(
    State(state): State<AppState>,
    ShopAccounts(accounts): ShopAccounts,
    ClientAddress(address): ClientAddress,
    ApiJson(new): ApiJson<Registration>,
) -> Result<(StatusCode, Json<SignedInUser>), ApiError> {
    let email = new.email.parse().map_err(|error| ApiError::invalid("email", error))?;
    if !is_password_length_allowed(&new.password) {
        let reason = format!("must have from {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters");
        return Err(ApiError::invalid("password", reason));
    }
    let (name, phone) = (valid_name(&new.name)?, valid_phone(new.phone.as_deref())?);
    // Saves hashing a password for an address that is taken. It may miss a race; `create_account` decides.
    if accounts.store.account_by_email(&email).await?.is_some() {
        return Err(ApiError::new(Code::EmailTaken));
    }
    let counted = accounts.sign_ins.registration(address).await;
    let account = Account {
        id: AccountId::from_uuid(state.new_id()),
        email,
        name,
        phone,
        role: Role::Buyer,
        password: accounts.passwords.hash(new.password, counted.lane).await?,
        created_at: state.now(),
        version: 1,
    };
    accounts.store.create_account(account.clone()).await?;
    Ok((StatusCode::CREATED, Json(sign_in(&state, &accounts, account).await?)))
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
        (status = 429, description = "`TOO_MANY_ATTEMPTS`: too many failed sign-ins of the account from this \
            network", body = ErrorBody),
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
    if !is_password_length_allowed(&login.password) {
        return Err(refused());
    }
    accounts.passwords.warm_up().await?;
    let email = login.email.parse::<Email>().ok();
    let counted = accounts.sign_ins.sign_in(email.as_ref(), address).await?;
    let account = match &email {
        Some(email) => accounts.store.account_by_email(email).await?,
        None => None,
    };
    let known = account.as_ref().map(|account| account.password.clone());
    let matches = accounts.passwords.verify(login.password, known, counted.lane).await?;
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
/// It replaces name and telephone number.
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
    let edited =
        accounts.edit(id, |account| (account.name, account.phone) = (name.clone(), phone.clone())).await?;
    Ok(Json(Me { user: User::from(&edited) }))
}

/// Extracts the session of the request's token; `None` if the token has none.
struct SessionOfRequest(Option<SessionId>);

impl FromRequestParts<AppState> for SessionOfRequest {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let session = state.accounts().map(|accounts| accounts.authenticator.session_of(parts)).transpose();
        Ok(Self(session?.flatten()))
    }
}

/// Starts a session of an account.
async fn sign_in(state: &AppState, accounts: &Accounts, account: Account) -> Result<SignedInUser, ApiError> {
    let (id, now) = (SessionId::from_uuid(state.new_id()), state.now());
    let session = Session::start(id, account.id, now, now.after(accounts.tokens.session_length()));
    accounts.store.start_session(session.clone()).await?;
    let signed_in = SignedIn { session, account };
    let Tokens { token, refresh_token } = tokens(accounts, &signed_in)?;
    Ok(SignedInUser { token, refresh_token, user: User::from(&signed_in.account) })
}

fn tokens(accounts: &Accounts, signed_in: &SignedIn) -> Result<Tokens, ApiError> {
    let IssuedTokens { access, refresh } = accounts.tokens.issue(signed_in).map_err(ApiError::internal)?;
    Ok(Tokens { token: access, refresh_token: refresh })
}

fn valid_name(name: &str) -> Result<String, ApiError> {
    checked_name(name).ok_or_else(|| {
        ApiError::invalid("name", format!("must have from 1 to {MAX_NAME_CHARS} characters on one line"))
    })
}

fn valid_phone(phone: Option<&str>) -> Result<Option<String>, ApiError> {
    let Some(phone) = phone.map(str::trim).filter(|phone| !phone.is_empty()) else { return Ok(None) };
    let fits = phone.len() <= MAX_PHONE_CHARS
        && phone.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '(' | ')' | '.'));
    if fits {
        Ok(Some(phone.to_owned()))
    } else {
        Err(ApiError::invalid("phone", format!("must have at most {MAX_PHONE_CHARS} digits and separators")))
    }
}
