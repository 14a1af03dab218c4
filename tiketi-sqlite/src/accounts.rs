//! Accounts.

use std::sync::LazyLock;

use async_trait::async_trait;
use tiketi_core::{
    AccountId, CommandError, StoreError,
    account::{Account, Email},
    store::{AccountStore, CreateAccountRefused},
};
use tiketi_sql::{AccountRow, columns};

use crate::load::{exists, one};
use crate::statement::Statement;
use crate::store::SqliteStore;

static INSERT: LazyLock<Statement> = LazyLock::new(|| Statement::insert::<AccountRow<'_>>(""));
const BY_ID: &str = concat!("SELECT ", columns!(account), " FROM accounts WHERE id = ?1");
const BY_EMAIL: &str = concat!("SELECT ", columns!(account), " FROM accounts WHERE email = ?1");

#[async_trait]
impl AccountStore for SqliteStore {
    async fn create_account(&self, account: Account) -> Result<(), CommandError<CreateAccountRefused>> {
        account.check_texts()?;
        self.writer()
            .run_work(move |set| {
                let connection = set.connection();
                if exists(connection, "SELECT 1 FROM accounts WHERE email = ?1", [account.email.as_str()])? {
                    return Err(CommandError::Refused(CreateAccountRefused::EmailTaken));
                }
                if exists(connection, "SELECT 1 FROM accounts WHERE id = ?1", [account.id.as_uuid()])? {
                    return Err(CommandError::Refused(CreateAccountRefused::IdTaken));
                }
                Ok(INSERT.run_one(connection, &AccountRow::of(&account))?)
            })
            .await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.read(move |connection| {
            one(connection, BY_ID, [id.as_uuid()], |row| AccountRow::read(row)?.account())
        })
        .await
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let email = email.clone();
        self.read(move |connection| {
            one(connection, BY_EMAIL, [email.as_str()], |row| AccountRow::read(row)?.account())
        })
        .await
    }
}
