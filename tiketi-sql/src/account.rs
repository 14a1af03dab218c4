//! Accounts.

use tiketi_core::{
    AccountId, StoreError,
    account::{Account, PasswordHash, Role},
};

use crate::row::{Row, moment, unreadable};

/// Reads an account.
pub fn account(row: &impl Row) -> Result<Account, StoreError> {
    let role = match row.text("role")? {
        "buyer" => Role::Buyer,
        "admin" => Role::Admin,
        _ => return Err(unreadable("role")),
    };
    Ok(Account {
        id: AccountId::from_uuid(row.uuid("id")?),
        email: row.text("email")?.parse().map_err(|_| unreadable("email"))?,
        name: row.text("name")?.to_owned(),
        phone: row.maybe_text("phone")?.map(str::to_owned),
        role,
        password: PasswordHash::from_phc(row.text("password")?.to_owned()),
        created_at: moment(row, "created_at")?,
    })
}

/// Returns the word for a role.
pub fn role_word(role: Role) -> &'static str {
    match role {
        Role::Buyer => "buyer",
        Role::Admin => "admin",
    }
}
