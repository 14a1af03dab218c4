//! Accounts.

use rusqlite::Row;
use tiketi_core::{Account, AccountId, PasswordHash, Role, StoreError};

use super::{get, moment};
use crate::error::unreadable;

pub(crate) fn account(row: &Row<'_>) -> Result<Account, StoreError> {
    let role = match get::<String>(row, "role")?.as_str() {
        "buyer" => Role::Buyer,
        "admin" => Role::Admin,
        _ => return Err(unreadable("role")),
    };
    Ok(Account {
        id: AccountId::from_uuid(get(row, "id")?),
        email: get::<String>(row, "email")?.parse().map_err(|_| unreadable("email"))?,
        name: get(row, "name")?,
        phone: get(row, "phone")?,
        role,
        password: PasswordHash::from_phc(get(row, "password")?),
        created_at: moment(row, "created_at")?,
    })
}

pub(crate) fn role_word(role: Role) -> &'static str {
    match role {
        Role::Buyer => "buyer",
        Role::Admin => "admin",
    }
}
