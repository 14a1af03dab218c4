//! Accounts and their sessions.

use std::borrow::Cow;

use tiketi_core::language::Language;
use tiketi_core::{
    AccountId, StoreError, Timestamp,
    account::{Account, PasswordHash, Session, SignedIn},
    id::SessionId,
};
use uuid::Uuid;

use crate::row::{Row, small, stored, unreadable, unsigned};
use crate::table::table;

table! {
    /// One row of `accounts`.
    AccountRow<'r> = "accounts", listed by account_columns {
        key { id: Uuid }
        fixed {
            email: Cow<'r, str>,
            created_at: i64,
            // Changed by its own statement, which keeps the last administrator.
            role: Cow<'r, str>,
        }
        changing {
            name: Cow<'r, str>,
            phone: Option<Cow<'r, str>>,
            password: Option<Cow<'r, str>>,
            google: Option<Cow<'r, str>>,
            language: Cow<'r, str>,
            verified_at: Option<i64>,
            version: i64,
        }
    }
}

table! {
    /// One row of `sessions`.
    SessionRow = "sessions", listed by session_columns {
        // Not `id`: a row is read together with its account's.
        key { session: Uuid }
        fixed {
            account: Uuid,
            started_at: i64,
        }
        changing {
            generation: i64,
            refreshed_at: i64,
            ends_at: i64,
        }
    }
}

impl<'r> AccountRow<'r> {
    /// Writes an account as its columns.
    pub fn of(account: &'r Account) -> Self {
        let Account {
            id,
            email,
            name,
            phone,
            role,
            password,
            google,
            language,
            verified_at,
            created_at,
            version,
        } = account;
        Self {
            id: id.as_uuid(),
            email: email.as_str().into(),
            name: name.into(),
            phone: phone.as_deref().map(Cow::Borrowed),
            role: role.word().into(),
            password: password.as_ref().map(|hash| hash.as_phc().into()),
            google: google.as_deref().map(Cow::Borrowed),
            language: language.tag().into(),
            verified_at: verified_at.map(Timestamp::as_micros),
            created_at: created_at.as_micros(),
            version: stored(*version),
        }
    }

    /// Reads the account from its columns.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
    pub fn account(self) -> Result<Account, StoreError> {
        Ok(Account {
            id: AccountId::from_uuid(self.id),
            email: self.email.parse().map_err(|_| unreadable("email"))?,
            name: self.name.into_owned(),
            phone: self.phone.map(Cow::into_owned),
            role: self.role.parse().map_err(|_| unreadable("role"))?,
            password: self.password.map(|hash| PasswordHash::from_phc(hash.into_owned())),
            google: self.google.map(Cow::into_owned),
            language: language_of(&self.language)?,
            verified_at: self.verified_at.map(Timestamp::from_micros),
            created_at: Timestamp::from_micros(self.created_at),
            version: unsigned(self.version, "version")?,
        })
    }
}

/// Reads a language from its tag.
pub(crate) fn language_of(tag: &str) -> Result<Language, StoreError> {
    Language::named(tag).ok_or_else(|| unreadable("language"))
}

impl SessionRow {
    /// Writes a session as its columns.
    pub fn of(session: &Session) -> Self {
        let Session { id, account, generation, started_at, refreshed_at, ends_at } = session;
        Self {
            session: id.as_uuid(),
            account: account.as_uuid(),
            generation: i64::from(*generation),
            started_at: started_at.as_micros(),
            refreshed_at: refreshed_at.as_micros(),
            ends_at: ends_at.as_micros(),
        }
    }

    /// Reads the session from its columns.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
    pub fn session(self) -> Result<Session, StoreError> {
        Ok(Session {
            id: SessionId::from_uuid(self.session),
            account: AccountId::from_uuid(self.account),
            generation: small(self.generation, "generation")?,
            started_at: Timestamp::from_micros(self.started_at),
            refreshed_at: Timestamp::from_micros(self.refreshed_at),
            ends_at: Timestamp::from_micros(self.ends_at),
        })
    }
}

/// Reads a session with its account from a row that has the columns of both.
///
/// # Errors
///
/// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
pub fn signed_in(row: &impl Row) -> Result<SignedIn, StoreError> {
    Ok(SignedIn { session: SessionRow::read(row)?.session()?, account: AccountRow::read(row)?.account()? })
}
