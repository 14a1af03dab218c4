//! What signing in with an account needs.

use std::sync::Arc;

use tiketi_core::account::{Account, Role};
use tiketi_core::id::SessionId;
use tiketi_core::rate_limit::RateLimits;
use tiketi_core::store::{AccountStore, UpdateAccountRefused};
use tiketi_core::{AccountId, Clock, CommandError, StoreError};

use crate::credentials::password::Passwords;
use crate::credentials::sessions::SessionAuthenticator;
use crate::credentials::sign_in_limits::{SignInLimits, SignIns};
use crate::credentials::token::TokenIssuer;
use crate::credentials::{JwtAuthenticator, TokenSecret};
use crate::error::{ApiError, Code};
use crate::limits::HttpLimits;

/// How often an edit is tried that another one overtook.
const EDIT_TRIES: usize = 3;

/// The accounts of the shop, with what checks their passwords and signs their tokens.
#[derive(Debug)]
pub(crate) struct Accounts {
    pub(crate) store: Arc<dyn AccountStore>,
    pub(crate) passwords: Passwords,
    pub(crate) tokens: TokenIssuer,
    pub(crate) sign_ins: SignIns,
    pub(crate) authenticator: Arc<SessionAuthenticator>,
}

impl Accounts {
    /// Prepares keys and permits.
    pub(crate) fn new(
        store: Arc<dyn AccountStore>,
        secret: &TokenSecret,
        clock: Arc<dyn Clock>,
        limits: &HttpLimits,
        (sign_in_limits, counts): (SignInLimits, Arc<dyn RateLimits>),
    ) -> Self {
        let tokens = TokenIssuer::new(secret, Arc::clone(&clock), limits);
        let reader = JwtAuthenticator::new(secret).clock(Arc::clone(&clock));
        let authenticator = SessionAuthenticator::new(reader, Arc::clone(&store), Arc::clone(&clock));
        let sign_ins = SignIns::new(sign_in_limits, counts, clock);
        let passwords = Passwords::new(limits);
        Self { store, passwords, tokens, sign_ins, authenticator: Arc::new(authenticator) }
    }

    /// Ends a session; its tokens are refused from now on.
    pub(crate) async fn end_session(&self, session: SessionId) -> Result<(), StoreError> {
        self.store.end_session(session).await?;
        self.authenticator.session_changed(session);
        Ok(())
    }

    /// Gives an account another role than the known one; it counts at once on this server.
    pub(crate) async fn change_role(&self, known: &Account, role: Role) -> Result<Account, ApiError> {
        let changed = self.store.change_role(known.id, known.role, role).await?;
        self.authenticator.account_changed(known.id);
        Ok(changed)
    }

    /// Changes an account except its role, and returns it.
    pub(crate) async fn edit(
        &self,
        id: AccountId,
        change: impl Fn(&mut Account),
    ) -> Result<Account, ApiError> {
        for _ in 0..EDIT_TRIES {
            // A token outlives its account only if the account was removed.
            let known = self.store.account(id).await?.ok_or_else(|| ApiError::new(Code::InvalidToken))?;
            let mut next = Account { version: known.version + 1, ..known };
            change(&mut next);
            match self.store.update_account(next.clone()).await {
                Ok(()) => return Ok(next),
                Err(CommandError::Refused(UpdateAccountRefused::Changed)) => {}
                Err(CommandError::Refused(_)) => return Err(ApiError::new(Code::InvalidToken)),
                Err(CommandError::Text(error)) => return Err(StoreError::from(error).into()),
                Err(CommandError::Store(failure)) => return Err(failure.into()),
                Err(other) => return Err(ApiError::internal(other)),
            }
        }
        Err(ApiError::new(Code::ServiceUnavailable))
    }
}
