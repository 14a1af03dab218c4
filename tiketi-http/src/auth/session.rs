//! Starting sessions of accounts.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tiketi_core::account::{Account, Session, SignedIn};
use tiketi_core::id::SessionId;

use crate::auth::wire::{SignedInUser, Tokens, User};
use crate::credentials::{Accounts, IssuedTokens};
use crate::error::{ApiError, Code};
use crate::state::AppState;

/// Extracts the accounts of the shop.
pub(super) struct ShopAccounts(pub(super) Arc<Accounts>);

impl FromRequestParts<AppState> for ShopAccounts {
    type Rejection = ApiError;

    async fn from_request_parts(_: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        // The router has these routes only if there are accounts; without them the path is unknown.
        state.accounts().cloned().map(Self).ok_or_else(|| ApiError::new(Code::NotFound))
    }
}

/// Extracts the session of the request's token; `None` if the token has none.
pub(super) struct SessionOfRequest(pub(super) Option<SessionId>);

impl FromRequestParts<AppState> for SessionOfRequest {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let session = state.accounts().map(|accounts| accounts.authenticator.session_of(parts)).transpose();
        Ok(Self(session?.flatten()))
    }
}

/// Starts a session of an account, which was read before its owner proved who they are.
///
/// # Errors
///
/// `INVALID_CREDENTIALS` if its password has changed since.
pub(super) async fn sign_in(
    state: &AppState,
    accounts: &Accounts,
    account: Account,
) -> Result<SignedInUser, ApiError> {
    let (id, now) = (SessionId::from_uuid(state.new_id()), state.now());
    let session = Session::start(id, account.id, now, now.after(accounts.tokens.session_length()));
    accounts.store.start_session(session).await?;
    // Sessions end with a change of the password, and this one may have started after they ended: by the password before.
    let found = accounts.store.session(id).await?;
    let is_current = |found: &SignedIn| found.account.password == account.password;
    let Some(signed_in) = found.filter(is_current) else {
        accounts.end_session(id).await?;
        return Err(ApiError::new(Code::InvalidCredentials));
    };
    let Tokens { token, refresh_token } = tokens(accounts, &signed_in)?;
    Ok(SignedInUser { token, refresh_token, user: User::from(&signed_in.account) })
}

/// Signs the tokens of a session.
pub(super) fn tokens(accounts: &Accounts, signed_in: &SignedIn) -> Result<Tokens, ApiError> {
    let IssuedTokens { access, refresh } = accounts.tokens.issue(signed_in).map_err(ApiError::internal)?;
    Ok(Tokens { token: access, refresh_token: refresh })
}
