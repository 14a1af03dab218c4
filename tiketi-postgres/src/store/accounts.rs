//! Accounts.

use async_trait::async_trait;
use tiketi_core::{
    AccountId, CommandError, StoreError,
    account::{Account, Email},
    store::{AccountStore, CreateAccountRefused},
};

use crate::error::violates;
use crate::sql::row::maybe;
use crate::store::PostgresStore;

const INSERT: &str = "INSERT INTO tiketi.accounts (id, email, name, phone, role, password, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT ON CONSTRAINT one_account_an_address DO NOTHING";
const BY_ID: &str =
    "SELECT id, email, name, phone, role, password, created_at FROM tiketi.accounts WHERE id = $1";
const BY_EMAIL: &str =
    "SELECT id, email, name, phone, role, password, created_at FROM tiketi.accounts WHERE email = $1";

#[async_trait]
impl AccountStore for PostgresStore {
    async fn create_account(&self, account: Account) -> Result<(), CommandError<CreateAccountRefused>> {
        account.check_texts()?;
        let insert = || {
            sqlx::query(INSERT)
                .bind(account.id.as_uuid())
                .bind(account.email.as_str())
                .bind(&*account.name)
                .bind(account.phone.as_deref())
                .bind(tiketi_sql::role_word(account.role))
                .bind(account.password.as_phc())
                .bind(account.created_at.as_micros())
        };
        match self.write(insert).await {
            Ok(0) => Err(CommandError::Refused(CreateAccountRefused::EmailTaken)),
            Ok(_) => Ok(()),
            Err(error) if violates(&error, "accounts_pkey") => {
                Err(CommandError::Refused(CreateAccountRefused::IdTaken))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let row = self.database().fetch_optional(sqlx::query(BY_ID).bind(id.as_uuid())).await?;
        maybe(row, |row| tiketi_sql::account(row))
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let row = self.database().fetch_optional(sqlx::query(BY_EMAIL).bind(email.as_str())).await?;
        maybe(row, |row| tiketi_sql::account(row))
    }
}
