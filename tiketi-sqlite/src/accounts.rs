//! Accounts.

use async_trait::async_trait;
use tiketi_core::{
    AccountId, CommandError, StoreError,
    account::{Account, Email},
    store::{AccountStore, CreateAccountRefused},
};
use tiketi_sql as rows;

use crate::load::{exists, one};
use crate::store::SqliteStore;
use crate::write;

#[async_trait]
impl AccountStore for SqliteStore {
    async fn create_account(&self, account: Account) -> Result<(), CommandError<CreateAccountRefused>> {
        account.check_texts()?;
        self.writer()
            .run(move |set| {
                let connection = set.connection();
                if exists(connection, "SELECT 1 FROM accounts WHERE email = ?1", [account.email.as_str()])? {
                    return Err(CommandError::Refused(CreateAccountRefused::EmailTaken));
                }
                if exists(connection, "SELECT 1 FROM accounts WHERE id = ?1", [account.id.as_uuid()])? {
                    return Err(CommandError::Refused(CreateAccountRefused::IdTaken));
                }
                let sql = "INSERT INTO accounts (id, email, name, phone, role, password, created_at) \
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
                let values = (
                    account.id.as_uuid(),
                    account.email.as_str(),
                    &account.name,
                    &account.phone,
                    rows::role_word(account.role),
                    account.password.as_phc(),
                    account.created_at.as_micros(),
                );
                write::run(connection, sql, values)?;
                Ok(())
            })
            .await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.read(move |connection| {
            one(connection, "SELECT * FROM accounts WHERE id = ?1", [id.as_uuid()], |row| rows::account(row))
        })
        .await
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let email = email.clone();
        self.read(move |connection| {
            one(connection, "SELECT * FROM accounts WHERE email = ?1", [email.as_str()], |row| {
                rows::account(row)
            })
        })
        .await
    }
}
