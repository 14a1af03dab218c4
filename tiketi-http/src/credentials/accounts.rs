//! What signing in with an account needs.

use std::sync::Arc;

use tiketi_core::account::{Account, Role};
use tiketi_core::id::SessionId;
use tiketi_core::rate_limit::RateLimits;
use tiketi_core::store::{AccountStore, CodeStore, MailStore, UpdateAccountRefused};
use tiketi_core::{AccountId, Clock, CommandError, StoreError};

use crate::credentials::google::GoogleSignIn;
use crate::credentials::mailed_codes::MailedCodes;
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
    /// `None` if the shop sends no mail.
    pub(crate) codes: Option<MailedCodes>,
    /// `None` if nobody signs in with Google.
    pub(crate) google: Option<GoogleSignIn>,
}

/// What accounts are made from.
pub(crate) struct AccountParts {
    pub(crate) store: Arc<dyn AccountStore>,
    pub(crate) secret: TokenSecret,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: SignInLimits,
    pub(crate) counts: Arc<dyn RateLimits>,
    pub(crate) mailed: Option<(Arc<dyn CodeStore>, Arc<dyn MailStore>)>,
    pub(crate) google: Option<GoogleSignIn>,
}

/// Whether the sessions of an edited account go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionsOf {
    /// They go on.
    Kept,
    /// They end with the edit, in one commit.
    Ended,
}

impl Accounts {
    /// Prepares keys and queues.
    pub(crate) fn new(parts: AccountParts, limits: &HttpLimits) -> Self {
        let AccountParts { store, secret, clock, limits: sign_in_limits, counts, mailed, google } = parts;
        let tokens = TokenIssuer::new(&secret, Arc::clone(&clock), limits);
        let reader = JwtAuthenticator::new(&secret).clock(Arc::clone(&clock));
        let authenticator = SessionAuthenticator::new(reader, Arc::clone(&store), Arc::clone(&clock));
        let codes = mailed.map(|(codes, mails)| MailedCodes::new(codes, mails, &secret, Arc::clone(&clock)));
        let sign_ins = SignIns::new(sign_in_limits, counts, clock);
        let passwords = Passwords::new(limits);
        Self { store, passwords, tokens, sign_ins, authenticator: Arc::new(authenticator), codes, google }
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

    /// Changes an account except its role, and returns it. On this server the change counts from the next request on.
    pub(crate) async fn edit(
        &self,
        id: AccountId,
        sessions: SessionsOf,
        change: impl Fn(&mut Account) + Send + Sync,
    ) -> Result<Account, ApiError> {
        for _ in 0..EDIT_TRIES {
            // A token outlives its account only if the account was removed.
            let known = self.store.account(id).await?.ok_or_else(|| ApiError::new(Code::InvalidToken))?;
            let mut next = Account { version: known.version + 1, ..known };
            change(&mut next);
            let replaced = match sessions {
                SessionsOf::Kept => self.store.update_account(next.clone()).await,
                SessionsOf::Ended => self.store.update_account_and_end_sessions(next.clone()).await,
            };
            // Also after a failure: the store may have changed.
            self.authenticator.account_changed(id);
            match replaced {
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
