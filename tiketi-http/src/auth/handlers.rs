//! Routes to register, to sign in, and to read one's own account.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tiketi_core::{
    AccountId,
    account::{Account, Email, Role},
    limits::MAX_NAME_CHARS,
};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::accounts::{MAX_PHONE_CHARS, checked_name, is_password_length_allowed};
use crate::credentials::{Accounts, MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, role_name};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ClientAddress, CurrentUser};
use crate::state::AppState;

/// Collects the routes of signing in; they need a shop with accounts.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(register)).routes(routes!(login)).routes(routes!(me))
}

/// Extracts the accounts of the shop.
struct ShopAccounts(Arc<Accounts>);

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
struct SignedIn {
    /// The access token; send it as `Authorization: Bearer`.
    token: String,
    /// Valid for longer; not accepted in place of `token`.
    refresh_token: String,
    user: User,
}

/// The signed-in user.
#[derive(Serialize, ToSchema)]
struct Me {
    user: User,
}

/// An account, as its owner sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct User {
    #[schema(format = Uuid)]
    id: String,
    email: String,
    name: String,
    phone: Option<String>,
    /// `user` or `admin`.
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
        (status = 201, description = "The account is created and signed in", body = SignedIn),
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
) -> Result<(StatusCode, Json<SignedIn>), ApiError> {
    let (email, name, phone) = check(&new)?;
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
    };
    accounts.store.create_account(account.clone()).await?;
    Ok((StatusCode::CREATED, Json(sign_in(&accounts, &account)?)))
}

/// Sign in
///
/// Failed sign-ins are counted by account and network. A network with too many of them is not refused, but its sign-ins
/// may be answered with 503 earlier than those of others.
#[utoipa::path(
    post, path = "/api/auth/login", tag = "auth", request_body = Login,
    responses(
        (status = 200, description = "Signed in", body = SignedIn),
        (status = 401, description = "`INVALID_CREDENTIALS`", body = ErrorBody),
        (status = 429, description = "`TOO_MANY_ATTEMPTS`: too many failed sign-ins of the account from this \
            network", body = ErrorBody),
        (status = 503, description = "`TOO_BUSY`: too many passwords wait to be checked", body = ErrorBody),
    ),
)]
async fn login(
    ShopAccounts(accounts): ShopAccounts,
    ClientAddress(address): ClientAddress,
    ApiJson(login): ApiJson<Login>,
) -> Result<Json<SignedIn>, ApiError> {
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
    Ok(Json(sign_in(&accounts, &account)?))
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

fn sign_in(accounts: &Accounts, account: &Account) -> Result<SignedIn, ApiError> {
    Ok(SignedIn {
        token: accounts.tokens.access(account).map_err(ApiError::internal)?,
        refresh_token: accounts.tokens.refresh(account).map_err(ApiError::internal)?,
        user: User::from(account),
    })
}

fn check(new: &Registration) -> Result<(Email, String, Option<String>), ApiError> {
    let email = new.email.parse().map_err(|error| ApiError::invalid("email", error))?;
    if !is_password_length_allowed(&new.password) {
        let reason = format!("must have from {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters");
        return Err(ApiError::invalid("password", reason));
    }
    let name = checked_name(&new.name).ok_or_else(|| {
        ApiError::invalid("name", format!("must have from 1 to {MAX_NAME_CHARS} characters on one line"))
    })?;
    let phone = match new.phone.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(phone) => Some(checked_phone(phone)?),
    };
    Ok((email, name, phone))
}

fn checked_phone(phone: &str) -> Result<String, ApiError> {
    let fits = phone.len() <= MAX_PHONE_CHARS
        && phone.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '(' | ')' | '.'));
    if fits {
        Ok(phone.to_owned())
    } else {
        Err(ApiError::invalid("phone", format!("must have at most {MAX_PHONE_CHARS} digits and separators")))
    }
}
