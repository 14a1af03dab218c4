//! Storage of accounts.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::account::{Account, Email};
use crate::error::{CommandError, StoreError};
use crate::id::AccountId;

/// Saves the accounts of the reference server.
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

    /// Returns an account exactly as it was stored; `None` if there is none.
    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError>;

    /// Returns the account with an address; `None` if there is none.
    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError>;
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
