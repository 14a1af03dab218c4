//! Accounts and sessions in memory.

use std::ops::Bound;

use async_trait::async_trait;

use crate::account::{Account, Email, Role, Session, SignedIn};
use crate::error::{CommandError, StoreError, StoreErrorKind};
use crate::id::{AccountId, SessionId};
use crate::memory::MemoryStore;
use crate::memory::state::State;
use crate::store::{
    AccountQuery, AccountStore, ChangeRoleRefused, CreateAccountRefused, UpdateAccountRefused,
};
use crate::time::Timestamp;

impl State {
    /// Replaces an account by its next version.
    fn replace(&mut self, account: Account) -> Result<(), CommandError<UpdateAccountRefused>> {
        let known = self.accounts.get_mut(&account.id);
        let known = known.ok_or(CommandError::Refused(UpdateAccountRefused::NotFound))?;
        if known.version.checked_add(1) != Some(account.version) {
            return Err(CommandError::Refused(UpdateAccountRefused::Changed));
        }
        let (email, role, created_at) = (known.email.clone(), known.role, known.created_at);
        *known = Account { email, role, created_at, ..account };
        Ok(())
    }

    /// Deletes the sessions of an account except one, and returns how many.
    fn end_sessions(&mut self, account: AccountId, except: Option<SessionId>) -> u64 {
        let ended: Vec<_> = self.sessions.of(account).filter(|id| Some(*id) != except).collect();
        ended.into_iter().filter(|id| self.sessions.remove(*id)).count() as u64
    }

    fn signed_in(&self, id: SessionId) -> Option<SignedIn> {
        let session = self.sessions.get(id)?;
        let account = self.accounts.get(&session.account)?;
        Some(SignedIn { session: session.clone(), account: account.clone() })
    }
}

#[async_trait]
impl AccountStore for MemoryStore {
    async fn create_account(&self, account: Account) -> Result<(), CommandError<CreateAccountRefused>> {
        account.check_texts()?;
        let mut state = self.lock();
        if state.account_of_email.contains_key(account.email.as_str()) {
            return Err(CommandError::Refused(CreateAccountRefused::EmailTaken));
        }
        if state.accounts.contains_key(&account.id) {
            return Err(CommandError::Refused(CreateAccountRefused::IdTaken));
        }
        state.account_of_email.insert(account.email.as_str().to_owned(), account.id);
        state.admins.extend((account.role == Role::Admin).then_some(account.id));
        state.accounts.insert(account.id, account);
        Ok(())
    }

    async fn update_account(&self, account: Account) -> Result<(), CommandError<UpdateAccountRefused>> {
        account.check_texts()?;
        self.lock().replace(account)
    }

    async fn update_account_and_end_sessions(
        &self,
        account: Account,
    ) -> Result<(), CommandError<UpdateAccountRefused>> {
        account.check_texts()?;
        let (mut state, id) = (self.lock(), account.id);
        state.replace(account)?;
        state.end_sessions(id, None);
        Ok(())
    }

    async fn change_role(
        &self,
        id: AccountId,
        from: Role,
        to: Role,
    ) -> Result<Account, CommandError<ChangeRoleRefused>> {
        let mut state = self.lock();
        let others = state.admins.iter().any(|admin| *admin != id);
        let known = state.accounts.get_mut(&id).ok_or(CommandError::Refused(ChangeRoleRefused::NotFound))?;
        if known.role != from || (from == Role::Admin && to != Role::Admin && !others) {
            return Err(CommandError::Refused(ChangeRoleRefused::of(Some(known.role), from, to)));
        }
        known.role = to;
        known.version += 1;
        let changed = known.clone();
        if to == Role::Admin {
            state.admins.insert(id);
        } else {
            state.admins.remove(&id);
        }
        Ok(changed)
    }

    async fn accounts(&self, query: AccountQuery) -> Result<Vec<Account>, StoreError> {
        let state = self.lock();
        let (first, end) = query.bounds();
        let listed = state.account_of_email.range::<str, _>((Bound::Included(first), Bound::Unbounded));
        let listed = listed.take_while(|(email, _)| **email < end);
        let found = listed.filter_map(|(_, id)| state.accounts.get(id));
        let found = found.filter(|account| query.selects(account));
        Ok(found.take(query.limit as usize).cloned().collect())
    }

    async fn accounts_by_id(&self, ids: Vec<AccountId>) -> Result<Vec<Account>, StoreError> {
        let state = self.lock();
        Ok(ids.iter().filter_map(|id| state.accounts.get(id)).cloned().collect())
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        Ok(self.lock().accounts.get(&id).cloned())
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let state = self.lock();
        Ok(state.account_of_email.get(email.as_str()).and_then(|id| state.accounts.get(id)).cloned())
    }

    async fn start_session(&self, session: Session) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.sessions.get(session.id).is_some() || !state.accounts.contains_key(&session.account) {
            return Err(StoreError::new(
                StoreErrorKind::InvalidData,
                "a session needs a new id and an account",
            ));
        }
        state.sessions.insert(session);
        Ok(())
    }

    async fn session(&self, id: SessionId) -> Result<Option<SignedIn>, StoreError> {
        Ok(self.lock().signed_in(id))
    }

    async fn renew_session(&self, session: Session) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let known = state.sessions.get(session.id).map(|known| known.generation);
        let is_next = known.is_some_and(|known| known.checked_add(1) == Some(session.generation));
        if is_next {
            state.sessions.insert(session);
        }
        Ok(is_next)
    }

    async fn end_session(&self, id: SessionId) -> Result<bool, StoreError> {
        Ok(self.lock().sessions.remove(id))
    }

    async fn end_sessions(&self, account: AccountId, except: Option<SessionId>) -> Result<u64, StoreError> {
        Ok(self.lock().end_sessions(account, except))
    }

    async fn forget_sessions(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let mut state = self.lock();
        let ended: Vec<_> = state.sessions.ended_at(now).take(limit as usize).collect();
        Ok(ended.into_iter().filter(|id| state.sessions.remove(*id)).count() as u64)
    }
}
