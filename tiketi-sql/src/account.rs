//! Accounts.

use std::borrow::Cow;

use tiketi_core::{
    AccountId, StoreError, Timestamp,
    account::{Account, PasswordHash, Role},
};
use uuid::Uuid;

use crate::row::unreadable;
use crate::table::table;

table! {
    /// One row of `accounts`.
    AccountRow<'r> = "accounts", listed by account_columns {
        key { id: Uuid }
        fixed {
            email: Cow<'r, str>,
            name: Cow<'r, str>,
            phone: Option<Cow<'r, str>>,
            role: Cow<'r, str>,
            password: Cow<'r, str>,
            created_at: i64,
        }
    }
}

impl<'r> AccountRow<'r> {
    /// Writes an account as its columns.
    pub fn of(account: &'r Account) -> Self {
        let Account { id, email, name, phone, role, password, created_at } = account;
        let role = match role {
            Role::Buyer => "buyer",
            Role::Admin => "admin",
        };
        Self {
            id: id.as_uuid(),
            email: email.as_str().into(),
            name: name.into(),
            phone: phone.as_deref().map(Cow::Borrowed),
            role: role.into(),
            password: password.as_phc().into(),
            created_at: created_at.as_micros(),
        }
    }

    /// Reads the account from its columns.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
    pub fn account(self) -> Result<Account, StoreError> {
        let role = match &*self.role {
            "buyer" => Role::Buyer,
            "admin" => Role::Admin,
            _ => return Err(unreadable("role")),
        };
        Ok(Account {
            id: AccountId::from_uuid(self.id),
            email: self.email.parse().map_err(|_| unreadable("email"))?,
            name: self.name.into_owned(),
            phone: self.phone.map(Cow::into_owned),
            role,
            password: PasswordHash::from_phc(self.password.into_owned()),
            created_at: Timestamp::from_micros(self.created_at),
        })
    }
}
