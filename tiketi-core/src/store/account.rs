//! Storage of accounts and their sessions.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::account::{Account, Email, Session, SignedIn};
use crate::error::{CommandError, StoreError};
use crate::id::{AccountId, SessionId};
use crate::time::Timestamp;

/// Saves the accounts of the reference server, and where they are signed in.
///
/// # Contract
///
/// Time MUST come from the arguments, never from a clock of the adapter. What a method answered MUST be visible to
/// every later call on every server.
#[async_trait]
pub trait AccountStore: Debug + Send + Sync + 'static {
    /// Stores a new account.
    ///
    /// # Contract
    ///
    /// Of several accounts with one address, exactly one MUST be stored, however close they come; the others are
    /// refused with [`CreateAccountRefused::EmailTaken`]. An id that exists MUST be refused with
    /// [`CreateAccountRefused::IdTaken`]; the account it names MUST stay as it is, and the new address free. What
    /// [`Account::check_texts`] refuses MUST be answered with [`CommandError::Text`].
    async fn create_account(&self, account: Account) -> Result<(), CommandError<CreateAccountRefused>>;

    /// Replaces an account by its next version.
    ///
    /// # Contract
    ///
    /// It MUST be stored only if the stored account has the version before, and otherwise be refused with
    /// [`UpdateAccountRefused::Changed`]; one that does not exist, with [`UpdateAccountRefused::NotFound`]. The address
    /// and [`Account::created_at`] MUST stay as they are. What [`Account::check_texts`] refuses MUST be answered with
    /// [`CommandError::Text`].
    async fn update_account(&self, account: Account) -> Result<(), CommandError<UpdateAccountRefused>>;

    /// Returns an account exactly as it was stored; `None` if there is none.
    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError>;

    /// Returns the account with an address; `None` if there is none.
    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError>;

    /// Stores a new session of an account.
    ///
    /// # Contract
    ///
    /// An id that exists, and an account that does not, MUST be an error; nothing is stored.
    async fn start_session(&self, session: Session) -> Result<(), StoreError>;

    /// Returns a session with its account as it is now; `None` if there is none.
    ///
    /// It is called with each request of a signed-in user.
    async fn session(&self, id: SessionId) -> Result<Option<SignedIn>, StoreError>;

    /// Replaces a session by its next generation, and returns whether it did.
    ///
    /// # Contract
    ///
    /// It MUST be replaced only if the stored session has the generation before. Of several calls with one generation,
    /// however close they come, exactly one MUST return `true`.
    async fn renew_session(&self, session: Session) -> Result<bool, StoreError>;

    /// Deletes a session, and returns whether it existed.
    async fn end_session(&self, id: SessionId) -> Result<bool, StoreError>;

    /// Deletes the sessions of an account except one, and returns how many.
    async fn end_sessions(&self, account: AccountId, except: Option<SessionId>) -> Result<u64, StoreError>;

    /// Deletes at most `limit` of the sessions that end at `now` or before, and returns how many.
    async fn forget_sessions(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

/// Why an account is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CreateAccountRefused {
    /// Another account has the address.
    #[error("an account with this e-mail address exists")]
    EmailTaken,
    /// Another account has the id.
    #[error("an account with this id exists")]
    IdTaken,
}

/// Why an account is not replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateAccountRefused {
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// The account was changed since it was read.
    #[error("the account was changed since it was read")]
    Changed,
}
