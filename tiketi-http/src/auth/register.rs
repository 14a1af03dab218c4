//! Routes to register, and to prove an address.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::ExposeSecret;
use tiketi_core::account::{Account, CodePurpose, Email, MailedCode, PasswordHash, Registration, Role};
use tiketi_core::id::ParseIdError;
use tiketi_core::language::Language;
use tiketi_core::store::CreateAccountRefused;
use tiketi_core::{AccountId, CommandError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::input::{valid_email, valid_name, valid_password, valid_phone};
use crate::auth::session::{ShopAccounts, sign_in};
use crate::auth::wire::{self, CodeMailed, Registered, SignedInUser, TypedCode, User, VerifiedUser};
use crate::credentials::{Accounts, MailedCodes, SessionsOf, Sought};
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ClientAddress, CurrentUser, WantedLanguage};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(register)).routes(routes!(verify)).routes(routes!(send_code))
}

/// Create an account
///
/// A shop that sends mail answers with 202, always the same, and mails a code to the address; the account is created when
/// the code is sent to `/api/auth/verify`. If the address has an account, only the mail says so.
/// A shop without mail creates the account at once.
#[utoipa::path(
    post, path = "/api/auth/register", tag = "auth", request_body = wire::Registration,
    responses(
        (status = 201, description = "In a shop without mail: the account is created and signed in", body = SignedInUser),
        (status = 202, description = "In a shop with mail: a mail is on its way", body = CodeMailed),
        (status = 409, description = "`EMAIL_TAKEN`, in a shop without mail only", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`", body = ErrorBody),
        (status = 429, description = "`TOO_MANY_ATTEMPTS`: too many mails to the address, or registrations from this \
            network", body = ErrorBody),
        (status = 503, description = "`TOO_BUSY`: too many passwords wait to be hashed", body = ErrorBody),
    ),
)]
async fn register(
    State(state): State<AppState>,
    ShopAccounts(accounts): ShopAccounts,
    ClientAddress(address): ClientAddress,
    WantedLanguage(language): WantedLanguage,
    ApiJson(new): ApiJson<wire::Registration>,
) -> Result<Registered, ApiError> {
    let (email, name) = (valid_email(&new.email)?, valid_name(&new.name)?);
    let phone = valid_phone(new.phone.as_deref())?;
    let password = valid_password(&state, &new.password, &[email.as_str(), &name])?;
    let lane = accounts.sign_ins.registration(address).await.lane;
    let Some(codes) = &accounts.codes else {
        let counted = accounts.sign_ins.revealing(address).await?;
        let password = accounts.passwords.hash(password, lane).await?;
        let account = new_account(&state, email, Registration { name, phone, password }, language);
        accounts.store.create_account(account.clone()).await?;
        accounts.sign_ins.succeeded(counted).await;
        return Ok(Registered::SignedIn(sign_in(&state, &accounts, account).await?));
    };
    accounts.sign_ins.mailed_code(&email, address).await?;
    let password = accounts.passwords.hash(password, lane).await?;
    let purpose = CodePurpose::Register(Registration { name, phone, password });
    Ok(Registered::Mailed((&codes.ask(email, purpose, language).await?).into()))
}

/// Prove an address with the code of a mail
///
/// After a registration it creates the account and signs in. For an account that existed it answers with the user only.
#[utoipa::path(
    post, path = "/api/auth/verify", tag = "auth", request_body = TypedCode,
    responses(
        (status = 200, description = "The address is proved", body = VerifiedUser),
        (status = 400, description = "`INVALID_CODE`", body = ErrorBody),
        (status = 404, description = "`MAIL_NOT_SENT`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`", body = ErrorBody),
    ),
)]
async fn verify(
    State(state): State<AppState>,
    ShopAccounts(accounts): ShopAccounts,
    ApiJson(typed): ApiJson<TypedCode>,
) -> Result<Json<VerifiedUser>, ApiError> {
    let id = typed.code_id.parse().map_err(|error: ParseIdError| ApiError::invalid("codeId", error))?;
    let code = codes_of(&accounts)?.redeem(id, typed.code.expose_secret(), Sought::Address).await?;
    let MailedCode { email, purpose, language, .. } = code;
    match purpose {
        CodePurpose::Register(registration) => {
            let account = registered(&state, &accounts, email, registration, language).await?;
            let SignedInUser { token, refresh_token, user } = sign_in(&state, &accounts, account).await?;
            Ok(Json(VerifiedUser { token: Some(token), refresh_token: Some(refresh_token), user }))
        }
        CodePurpose::Verify { account } => {
            let now = state.now();
            let prove = |account: &mut Account| account.verified_at = account.verified_at.or(Some(now));
            let account = accounts.edit(account, SessionsOf::Kept, prove).await?;
            Ok(Json(VerifiedUser { token: None, refresh_token: None, user: User::from(&account) }))
        }
        CodePurpose::Reset => Err(ApiError::new(Code::MailedCodeRefused)),
    }
}

/// Ask for a code that proves the address of the signed-in user
#[utoipa::path(
    post, path = "/api/auth/verify/send", tag = "auth", security(("bearer" = [])),
    responses(
        (status = 202, description = "A mail is on its way", body = CodeMailed),
        (status = 404, description = "`MAIL_NOT_SENT`", body = ErrorBody),
        (status = 409, description = "`ALREADY_VERIFIED`", body = ErrorBody),
        (status = 429, description = "`TOO_MANY_ATTEMPTS`: too many mails to the address", body = ErrorBody),
    ),
)]
async fn send_code(
    ShopAccounts(accounts): ShopAccounts,
    ClientAddress(address): ClientAddress,
    user: CurrentUser,
) -> Result<(StatusCode, Json<CodeMailed>), ApiError> {
    let codes = codes_of(&accounts)?;
    let account = accounts.store.account(AccountId::from_uuid(user.buyer().as_uuid())).await?;
    let account = account.ok_or_else(|| ApiError::new(Code::InvalidToken))?;
    if account.verified_at.is_some() {
        return Err(ApiError::new(Code::AlreadyVerified));
    }
    accounts.sign_ins.mailed_code(&account.email, address).await?;
    let purpose = CodePurpose::Verify { account: account.id };
    let code = codes.ask(account.email, purpose, account.language).await?;
    Ok((StatusCode::ACCEPTED, Json((&code).into())))
}

/// Returns what mails codes; a shop without mail has no such routes.
pub(super) fn codes_of(accounts: &Accounts) -> Result<&MailedCodes, ApiError> {
    accounts.codes.as_ref().ok_or_else(|| ApiError::new(Code::MailNotSent))
}

/// Creates the account of a registration whose address is proved.
async fn registered(
    state: &AppState,
    accounts: &Accounts,
    email: Email,
    registration: Registration,
    language: Language,
) -> Result<Account, ApiError> {
    let account = new_account(state, email, registration, language);
    let account = Account { verified_at: Some(state.now()), ..account };
    match accounts.store.create_account(account.clone()).await {
        Ok(()) => Ok(account),
        // Another registration of the address was proved meanwhile.
        Err(CommandError::Refused(CreateAccountRefused::EmailTaken)) => {
            Err(ApiError::new(Code::MailedCodeRefused))
        }
        Err(error) => Err(error.into()),
    }
}

fn new_account(state: &AppState, email: Email, new: Registration, language: Language) -> Account {
    let Registration { name, phone, password } = new;
    let password: Option<PasswordHash> = Some(password);
    Account {
        id: AccountId::from_uuid(state.new_id()),
        email,
        name,
        phone,
        role: Role::Buyer,
        password,
        google: None,
        language,
        verified_at: None,
        created_at: state.now(),
        version: 1,
    }
}
