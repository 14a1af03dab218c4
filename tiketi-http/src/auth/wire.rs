//! What the routes of signing in read and write.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tiketi_core::account::{Account, MailedCode};
use utoipa::ToSchema;

use crate::credentials::role_name;

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Registration {
    /// The address to sign in with.
    #[schema(example = "buyer@example.com")]
    pub(super) email: String,
    /// The password, of 8 to 128 characters unless the shop asks for more.
    #[schema(value_type = String, min_length = 8, max_length = 128, example = "correct horse battery")]
    pub(super) password: SecretString,
    /// The buyer's name.
    #[schema(min_length = 1, example = "Ada Example")]
    pub(super) name: String,
    /// The buyer's telephone number.
    #[schema(max_length = 32, example = "010-0000-0000")]
    pub(super) phone: Option<String>,
}

/// An address and a password.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Login {
    /// The registered address.
    #[schema(example = "buyer@example.com")]
    pub(super) email: String,
    /// The password.
    #[schema(value_type = String, example = "correct horse battery")]
    pub(super) password: SecretString,
}

/// An ID token of Google.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct GoogleCredential {
    /// The token that Google's button gives to the page.
    #[schema(value_type = String)]
    pub(super) credential: SecretString,
}

/// The signed-in user and the tokens.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignedInUser {
    /// The access token; send it as `Authorization: Bearer`.
    pub(super) token: String,
    /// Valid for longer; not accepted in place of `token`.
    pub(super) refresh_token: String,
    pub(super) user: User,
}

/// A refresh token, to be exchanged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RefreshTokens {
    /// The newest refresh token of the session.
    #[schema(value_type = String)]
    pub(super) refresh_token: SecretString,
}

/// The next tokens of a session.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tokens {
    /// The access token; send it as `Authorization: Bearer`.
    pub(super) token: String,
    /// The refresh token to use next time.
    pub(super) refresh_token: String,
}

/// What a user may change of the own account.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Profile {
    /// The user's name.
    #[schema(min_length = 1, example = "Ada Example")]
    pub(super) name: String,
    /// The user's telephone number; none if it is left out.
    #[schema(max_length = 32, example = "010-0000-0000")]
    pub(super) phone: Option<String>,
    /// The language of mail, `en` or `ko`; it stays if it is left out.
    #[schema(example = "ko")]
    pub(super) language: Option<String>,
}

/// The signed-in user.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    pub(super) user: User,
}

/// An address to which a code is mailed.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ResetRequest {
    /// The address of the account.
    #[schema(example = "buyer@example.com")]
    pub(super) email: String,
}

/// A code that is on its way.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CodeMailed {
    /// Names the code; send it with the code that the mail has.
    #[schema(format = Uuid)]
    code_id: String,
    /// When the code expires.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// A code of a mail.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TypedCode {
    /// The `codeId` of the answer after which the code was mailed.
    #[schema(format = Uuid)]
    pub(super) code_id: String,
    /// The code in the mail; letter case, spaces and hyphens do not count.
    #[schema(value_type = String, example = "k7mw-ad3h")]
    pub(super) code: SecretString,
}

/// A code of a mail, and a new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewPassword {
    /// The `codeId` of the answer after which the code was mailed, or of the link in the mail.
    #[schema(format = Uuid)]
    pub(super) code_id: String,
    /// The code in the mail; letter case, spaces and hyphens do not count.
    #[schema(value_type = String, example = "k7mw-ad3h")]
    pub(super) code: SecretString,
    /// The new password, of 8 to 128 characters unless the shop asks for more.
    #[schema(value_type = String, min_length = 8, max_length = 128, example = "correct horse battery")]
    pub(super) password: SecretString,
}

/// A user whose address is proved.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerifiedUser {
    /// The access token of a new account; absent if the account existed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    /// The refresh token of a new account; absent if the account existed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<String>,
    pub(super) user: User,
}

/// An account, as its owner sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    #[schema(format = Uuid)]
    id: String,
    pub(super) email: String,
    /// Whether the owner has proved the address.
    email_verified: bool,
    name: String,
    phone: Option<String>,
    /// `user`, `read_only`, `box_office`, `finance` or `admin`.
    #[schema(example = "user")]
    role: &'static str,
    /// The language of mail: `en` or `ko`.
    #[schema(example = "ko")]
    language: &'static str,
    /// When the account was created.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<&Account> for User {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.to_string(),
            email: account.email.to_string(),
            email_verified: account.verified_at.is_some(),
            name: account.name.clone(),
            phone: account.phone.clone(),
            role: role_name(account.role),
            language: account.language.tag(),
            created_at: account.created_at.to_string(),
        }
    }
}

impl From<&MailedCode> for CodeMailed {
    fn from(code: &MailedCode) -> Self {
        Self { code_id: code.id.to_string(), expires_at: code.expires_at.to_string() }
    }
}

/// The answer to a registration.
pub(super) enum Registered {
    /// A shop without mail signs in at once.
    SignedIn(SignedInUser),
    /// A shop with mail sends a code first, and does not say whether the address has an account.
    Mailed(CodeMailed),
}

impl IntoResponse for Registered {
    fn into_response(self) -> Response {
        match self {
            Self::SignedIn(user) => (StatusCode::CREATED, Json(user)).into_response(),
            Self::Mailed(code) => (StatusCode::ACCEPTED, Json(code)).into_response(),
        }
    }
}
