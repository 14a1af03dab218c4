//! Accounts of the reference server: who can sign in, with which role, and where they are signed in.

mod code;
mod role;
mod session;

use std::fmt;
use std::str::FromStr;

use crate::id::AccountId;
use crate::language::Language;
use crate::limits::{MAX_NAME_CHARS, MAX_NOTE_CHARS};
use crate::text::{TextError, check_line};
use crate::time::Timestamp;

pub use code::{CODE_TRIES, CodeHash, CodeKey, CodePurpose, MailedCode, Registration, new_code};
pub use role::{ParseRoleError, Permission, Role};
pub use session::{Session, SignedIn};

/// A person who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Account {
    /// Id of the account.
    pub id: AccountId,
    /// E-mail address; unique.
    pub email: Email,
    /// Name of the person.
    pub name: String,
    /// Telephone number, if given.
    pub phone: Option<String>,
    /// Role of the account.
    pub role: Role,
    /// The password's salted hash; `None` if the account has no password, and its owner signs in elsewhere.
    pub password: Option<PasswordHash>,
    /// The id that Google gives the owner, if the owner has signed in with Google.
    pub google: Option<String>,
    /// The language in which the owner is written to.
    pub language: Language,
    /// When the owner proved that the address is theirs; `None` if that is not known.
    pub verified_at: Option<Timestamp>,
    /// When the account was created.
    pub created_at: Timestamp,
    /// Grows by one with each change, from 1.
    pub version: u64,
}

impl Account {
    /// Checks every text of the account; stores call it before they save one.
    ///
    /// # Errors
    ///
    /// [`TextError`] naming the field.
    pub fn check_texts(&self) -> Result<(), TextError> {
        // An address is checked when it is parsed.
        let Self { id: _, email: _, name, phone, role: _, password, google, language: _, .. } = self;
        check_line("name", name, 0..=MAX_NAME_CHARS)?;
        check_line("phone", phone.as_deref().unwrap_or_default(), 0..=MAX_NAME_CHARS)?;
        check_line("password", password.as_ref().map_or("", PasswordHash::as_phc), 0..=MAX_NOTE_CHARS)?;
        check_line("google", google.as_deref().unwrap_or_default(), 0..=MAX_NAME_CHARS)
    }
}

/// An e-mail address in lower case; its form is checked, not its existence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

/// A text that is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid e-mail address")]
#[non_exhaustive]
pub struct ParseEmailError;

impl Email {
    /// Longest address, in bytes (source: RFC 5321, 4.5.3.1.3, less the angle brackets).
    pub const MAX_BYTES: usize = 254;

    /// Returns the address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = ParseEmailError;

    fn from_str(text: &str) -> Result<Self, ParseEmailError> {
        let text = text.trim();
        let clean =
            text.len() <= Self::MAX_BYTES && !text.chars().any(|c| c.is_whitespace() || c.is_control());
        match text.split_once('@') {
            Some((name, domain))
                if clean
                    && !name.is_empty()
                    && !domain.contains('@')
                    && domain.contains('.')
                    && domain.split('.').all(|label| !label.is_empty()) =>
            {
                Ok(Self(text.to_lowercase()))
            }
            _ => Err(ParseEmailError),
        }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A salted password hash in PHC string form; never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a PHC string made by a password-hashing function.
    pub fn from_phc(phc: String) -> Self {
        Self(phc)
    }

    /// Returns the PHC string, for verification and storage only.
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_without_case() {
        assert_eq!("A.Buyer@Example.com".parse::<Email>(), "a.buyer@example.com".parse());
    }

    #[test]
    fn implausible_addresses_are_refused() {
        for bad in ["", "a", "@b.c", "a@", "a@b", "a@b.", "a b@c.d", "a@b@c.d", "a@b\n.c"] {
            assert!(bad.parse::<Email>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_password_hash_is_never_shown() {
        assert!(!format!("{:?}", PasswordHash::from_phc("secret".into())).contains("secret"));
    }
}
