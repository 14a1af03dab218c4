//! Where accounts are signed in, in memory.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;

use crate::account::Session;
use crate::id::{AccountId, SessionId};
use crate::time::Timestamp;

/// Sessions, with what finds those of an account and those that have ended.
#[derive(Default)]
pub(super) struct Sessions {
    by_id: HashMap<SessionId, Session, RandomState>,
    of_account: BTreeSet<(AccountId, SessionId)>,
    by_end: BTreeSet<(Timestamp, SessionId)>,
}

impl Sessions {
    /// Adds a session, or replaces it.
    pub(super) fn insert(&mut self, session: Session) {
        self.remove(session.id);
        self.of_account.insert((session.account, session.id));
        self.by_end.insert((session.ends_at, session.id));
        self.by_id.insert(session.id, session);
    }

    /// Removes a session, and returns whether it was there.
    pub(super) fn remove(&mut self, id: SessionId) -> bool {
        let Some(session) = self.by_id.remove(&id) else { return false };
        self.of_account.remove(&(session.account, id));
        self.by_end.remove(&(session.ends_at, id));
        true
    }

    /// Returns the sessions of an account.
    pub(super) fn of(&self, account: AccountId) -> impl Iterator<Item = SessionId> {
        let from = (account, SessionId::from_uuid(uuid::Uuid::nil()));
        let all = self.of_account.range(from..);
        all.take_while(move |(of, _)| *of == account).map(|(_, id)| *id)
    }

    pub(super) fn get(&self, id: SessionId) -> Option<&Session> {
        self.by_id.get(&id)
    }

    /// Returns the sessions that have ended, the first to end first.
    pub(super) fn ended_at(&self, now: Timestamp) -> impl Iterator<Item = SessionId> {
        self.by_end.iter().take_while(move |(end, _)| *end <= now).map(|(_, id)| *id)
    }
}
