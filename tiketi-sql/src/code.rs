//! Codes that are sent by mail.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tiketi_core::{
    AccountId, StoreError, Timestamp,
    account::{CodeHash, CodePurpose, MailedCode, PasswordHash, Registration},
    id::CodeId,
};
use uuid::Uuid;

use crate::account::language_of;
use crate::row::{json, parse, small, unreadable};
use crate::table::table;

table! {
    /// A row of `codes`.
    CodeRow<'r> = "codes", listed by code_columns {
        key { id: Uuid }
        fixed {
            email: Cow<'r, str>,
            purpose: Cow<'r, str>,
            language: Cow<'r, str>,
            expires_at: i64,
        }
        changing { hash: Option<Cow<'r, str>>, tries_left: i64 }
    }
}

/// What a code is for, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
enum Purpose<T> {
    Register { name: T, phone: Option<T>, password: T },
    Verify { account: Uuid },
    Reset,
}

impl<'r> CodeRow<'r> {
    /// Writes a code as its columns.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if it cannot be written.
    pub fn of(code: &'r MailedCode) -> Result<Self, StoreError> {
        let MailedCode { id, email, purpose, language, hash, tries_left, expires_at } = code;
        let purpose = match purpose {
            CodePurpose::Register(Registration { name, phone, password }) => Purpose::Register {
                name: name.as_str(),
                phone: phone.as_deref(),
                password: password.as_phc(),
            },
            CodePurpose::Verify { account } => Purpose::Verify { account: account.as_uuid() },
            CodePurpose::Reset => Purpose::Reset,
        };
        Ok(Self {
            id: id.as_uuid(),
            email: email.as_str().into(),
            purpose: json(&purpose)?.into(),
            language: language.tag().into(),
            expires_at: expires_at.as_micros(),
            hash: hash.as_ref().map(|hash| hash.to_string().into()),
            tries_left: i64::from(*tries_left),
        })
    }

    /// Reads the code from its columns.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
    pub fn code(self) -> Result<MailedCode, StoreError> {
        let purpose = match parse::<Purpose<String>>(&self.purpose, "purpose")? {
            Purpose::Register { name, phone, password } => {
                let password = PasswordHash::from_phc(password);
                CodePurpose::Register(Registration { name, phone, password })
            }
            Purpose::Verify { account } => CodePurpose::Verify { account: AccountId::from_uuid(account) },
            Purpose::Reset => CodePurpose::Reset,
        };
        let hash = self.hash.map(|hash| CodeHash::from_stored(&hash).ok_or_else(|| unreadable("hash")));
        Ok(MailedCode {
            id: CodeId::from_uuid(self.id),
            email: self.email.parse().map_err(|_| unreadable("email"))?,
            purpose,
            language: language_of(&self.language)?,
            hash: hash.transpose()?,
            tries_left: small(self.tries_left, "tries_left")?,
            expires_at: Timestamp::from_micros(self.expires_at),
        })
    }
}
