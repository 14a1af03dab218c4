//! Accounts.

use std::sync::LazyLock;

use async_trait::async_trait;
use tiketi_core::{
    AccountId, CommandError, StoreError,
    account::{Account, Email},
    store::{AccountStore, CreateAccountRefused},
};
use tiketi_sql::{AccountRow, columns};

use crate::error::violates;
use crate::sql::row::maybe;
use crate::sql::statement::RowStatement;
use crate::store::PostgresStore;

static INSERT: LazyLock<RowStatement> = LazyLock::new(|| {
    RowStatement::insert::<AccountRow<'_>>("ON CONFLICT ON CONSTRAINT one_account_an_address DO NOTHING")
});
const BY_ID: &str = concat!("SELECT ", columns!(account), " FROM tiketi.accounts WHERE id = $1");
const BY_EMAIL: &str = concat!("SELECT ", columns!(account), " FROM tiketi.accounts WHERE email = $1");

#[async_trait]
impl AccountStore for PostgresStore {
    async fn create_account(&self, account: Account) -> Result<(), CommandError<CreateAccountRefused>> {
        account.check_texts()?;
        let row = AccountRow::of(&account);
        let insert = || INSERT.bind(self.query(INSERT.sql()), &row);
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
        let row = self.database().fetch_optional(self.query(BY_ID).bind(id.as_uuid())).await?;
        maybe(row, |row| AccountRow::read(row)?.account())
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let row = self.database().fetch_optional(self.query(BY_EMAIL).bind(email.as_str())).await?;
        maybe(row, |row| AccountRow::read(row)?.account())
    }
}
