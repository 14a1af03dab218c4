//! Leases, in memory.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::error::{CommandError, StoreError};
use crate::id::LeaseOwner;
use crate::lease::{AcquireLease, ExtendLease, Lease, LeaseLock, LeaseLost, LeaseRefused};
use crate::time::Timestamp;

/// Leases in memory, for one process.
#[derive(Default)]
pub struct MemoryLeases {
    scopes: Mutex<HashMap<String, Scope>>,
}

#[derive(Debug, Default)]
struct Scope {
    last: u64,
    held: BTreeMap<String, Held>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    owner: LeaseOwner,
    token: u64,
    until: Timestamp,
}

impl MemoryLeases {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Scope>> {
        // Everything is decided before anything is written.
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scope {
    /// Returns the token under which the owner has all keys; `None` if some are free.
    fn token_of(&self, ask: &AcquireLease) -> Option<u64> {
        let mut tokens = ask.keys.iter().map(|key| {
            let held = self.held.get(key).filter(|held| held.owner == ask.owner && held.until > ask.now)?;
            Some(held.token)
        });
        let first = tokens.next()??;
        tokens.all(|token| token == Some(first)).then_some(first)
    }

    fn has(&self, lease: &Lease, now: Option<Timestamp>) -> bool {
        lease.keys.iter().all(|key| {
            let held = self.held.get(key);
            held.is_some_and(|held| {
                held.owner == lease.owner
                    && held.token == lease.token
                    && now.is_none_or(|now| held.until > now)
            })
        })
    }
}

#[async_trait]
impl LeaseLock for MemoryLeases {
    async fn acquire(&self, command: AcquireLease) -> Result<Lease, CommandError<LeaseRefused>> {
        command.check()?;
        let mut scopes = self.lock();
        let scope = scopes.entry(command.scope.clone()).or_default();
        scope.held.retain(|_, held| held.until > command.now);
        let is_of_other =
            |key: &&String| scope.held.get(*key).is_some_and(|held| held.owner != command.owner);
        let of_others: Vec<String> = command.keys.iter().filter(is_of_other).cloned().collect();
        if !of_others.is_empty() {
            return Err(CommandError::Refused(LeaseRefused::Taken { keys: of_others }));
        }
        let floor = u64::try_from(command.now.as_micros()).unwrap_or(0);
        let token = scope.token_of(&command).unwrap_or_else(|| scope.last.saturating_add(1).max(floor));
        scope.last = scope.last.max(token);
        let held = Held { owner: command.owner, token, until: command.until() };
        scope.held.extend(command.keys.iter().map(|key| (key.clone(), held)));
        Ok(command.lease(token))
    }

    async fn extend(&self, command: ExtendLease) -> Result<Lease, CommandError<LeaseLost>> {
        let mut scopes = self.lock();
        let scope = scopes.get_mut(&command.lease.scope);
        let scope = scope.filter(|scope| scope.has(&command.lease, Some(command.now)));
        let scope = scope.ok_or(CommandError::Refused(LeaseLost))?;
        let mut until = command.until();
        for key in &command.lease.keys {
            if let Some(held) = scope.held.get_mut(key) {
                held.until = held.until.max(until);
                until = held.until;
            }
        }
        Ok(Lease { until, ..command.lease })
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        let mut scopes = self.lock();
        let Some(scope) = scopes.get_mut(&lease.scope) else { return Ok(false) };
        let had_all = scope.has(lease, None);
        scope.held.retain(|key, held| {
            !lease.keys.contains(key) || held.owner != lease.owner || held.token != lease.token
        });
        Ok(had_all)
    }
}

impl fmt::Debug for MemoryLeases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLeases").finish_non_exhaustive()
    }
}
