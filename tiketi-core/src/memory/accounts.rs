//! Accounts in memory.

use async_trait::async_trait;

use crate::account::{Account, Email};
use crate::error::{CommandError, StoreError};
use crate::id::AccountId;
use crate::memory::MemoryStore;
use crate::store::{AccountStore, CreateAccountRefused};

#[async_trait]
impl AccountStore for MemoryStore {
    async fn create_account(&self, account: Account) -> Result<(), CommandError<CreateAccountRefused>> {
        account.check_texts()?;
        let mut state = self.lock();
        if state.account_of_email.contains_key(&account.email) {
            return Err(CommandError::Refused(CreateAccountRefused::EmailTaken));
        }
        if state.accounts.contains_key(&account.id) {
            return Err(CommandError::Refused(CreateAccountRefused::IdTaken));
        }
        state.account_of_email.insert(account.email.clone(), account.id);
        state.accounts.insert(account.id, account);
        Ok(())
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        Ok(self.lock().accounts.get(&id).cloned())
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let state = self.lock();
        Ok(state.account_of_email.get(email).and_then(|id| state.accounts.get(id)).cloned())
    }
}
