//! Storage of accounts and their sessions.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::account::{Account, Email, Role, Session, SignedIn};
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
    /// [`UpdateAccountRefused::Changed`]; one that does not exist, with [`UpdateAccountRefused::NotFound`]. The address,
    /// [`Account::created_at`] and the role MUST stay as they are; [`AccountStore::change_role`] changes a role. What
    /// [`Account::check_texts`] refuses MUST be answered with [`CommandError::Text`].
    async fn update_account(&self, account: Account) -> Result<(), CommandError<UpdateAccountRefused>>;

    /// Replaces an account by its next version and deletes its sessions, in one commit.
    ///
    /// # Contract
    ///
    /// It MUST do what [`AccountStore::update_account`] does, and delete every session of the account with it. If it
    /// refuses, the sessions MUST stay.
    async fn update_account_and_end_sessions(
        &self,
        account: Account,
    ) -> Result<(), CommandError<UpdateAccountRefused>>;

    /// Changes the role of an account, and returns the account as it is now.
    ///
    /// Its version grows by one, also if it has the role already.
    ///
    /// # Contract
    ///
    /// It MUST be changed only if the account has the role `from`, and otherwise be refused with
    /// [`ChangeRoleRefused::Changed`]; an account that does not exist, with [`ChangeRoleRefused::NotFound`]. The last
    /// account with [`Role::Admin`] MUST keep it: taking it away is refused with [`ChangeRoleRefused::LastAdmin`],
    /// however close calls for several administrators come, on any number of servers.
    async fn change_role(
        &self,
        id: AccountId,
        from: Role,
        to: Role,
    ) -> Result<Account, CommandError<ChangeRoleRefused>>;

    /// Returns the accounts that a query selects, by address.
    ///
    /// # Contract
    ///
    /// Addresses MUST be ordered by their bytes. A durable adapter MUST find the page by an index.
    async fn accounts(&self, query: AccountQuery) -> Result<Vec<Account>, StoreError>;

    /// Returns the accounts that have one of these ids, in any order.
    async fn accounts_by_id(&self, ids: Vec<AccountId>) -> Result<Vec<Account>, StoreError>;

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

/// Selects accounts for a listing by address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountQuery {
    /// How the addresses start, in lower case; empty for all.
    pub prefix: String,
    /// The only role; `None` for all.
    pub role: Option<Role>,
    /// Only addresses after this one.
    pub after: Option<Email>,
    /// Most accounts.
    pub limit: u32,
}

impl AccountQuery {
    /// Selects the first accounts, at most `limit`.
    pub const fn first(limit: u32) -> Self {
        Self { prefix: String::new(), role: None, after: None, limit }
    }

    /// Selects addresses that start with a text, in any letter case.
    #[must_use]
    pub fn starting_with(mut self, text: &str) -> Self {
        self.prefix = text.to_lowercase();
        self
    }

    /// Selects the accounts with a role.
    #[must_use]
    pub const fn of_role(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }

    /// Selects addresses after one.
    #[must_use]
    pub fn after(mut self, email: Email) -> Self {
        self.after = Some(email);
        self
    }

    /// Returns whether it selects an account, whatever the limit is.
    pub fn selects(&self, account: &Account) -> bool {
        account.email.as_str().starts_with(&self.prefix)
            && self.role.is_none_or(|role| role == account.role)
            && self.after.as_ref().is_none_or(|after| *after < account.email)
    }

    /// Returns the bounds of the selected addresses for an index: from the first text on, and before the second. Of these
    /// addresses, only [`AccountQuery::after`] itself is not selected.
    pub fn bounds(&self) -> (&str, String) {
        let after = self.after.as_ref().map_or("", Email::as_str);
        (self.prefix.as_str().max(after), next_text(&self.prefix).unwrap_or_else(beyond_addresses))
    }
}

/// Returns a text that is after every address, by its bytes.
fn beyond_addresses() -> String {
    let greatest = char::MAX;
    std::iter::repeat_n(greatest, Email::MAX_BYTES / greatest.len_utf8() + 1).collect()
}

/// Returns the first text, by its bytes, after every text that starts with `prefix`; `None` if there is none.
fn next_text(prefix: &str) -> Option<String> {
    let mut kept = prefix.to_owned();
    while let Some(last) = kept.pop() {
        // Surrogates are no characters; the ranges of characters around them are compared without a gap.
        let next = u32::from(last) + 1;
        if let Some(next) = char::from_u32(if next == 0xD800 { 0xE000 } else { next }) {
            kept.push(next);
            return Some(kept);
        }
    }
    None
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

/// Why a role is not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeRoleRefused {
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// The account has another role than the caller knows.
    #[error("the account has another role by now")]
    Changed,
    /// The account is the last one that may do everything.
    #[error("the last administrator stays one")]
    LastAdmin,
}

impl ChangeRoleRefused {
    /// Returns why a change found nothing to change, from the role that the account has after it.
    pub fn of(known: Option<Role>, from: Role, to: Role) -> Self {
        match known {
            None => Self::NotFound,
            Some(Role::Admin) if from == Role::Admin && to != Role::Admin => Self::LastAdmin,
            Some(_) => Self::Changed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_after_each_address_that_starts_with_it() {
        for (prefix, end) in
            [("an", Some("ao")), ("a\u{10ffff}", Some("b")), ("", None), ("\u{d7ff}", Some("\u{e000}"))]
        {
            assert_eq!(next_text(prefix).as_deref(), end, "{prefix:?}");
        }
    }
}
