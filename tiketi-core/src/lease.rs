//! Leases: claims on named keys with an end, which servers use to share work.
//!
//! A lease only saves work. No rule relies on it: a holder that was stopped for a while does not know that its lease is
//! over. What it writes has to be checked by its [`Lease::token`], which grows with each lease of the scope.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::error::{CommandError, StoreError};
use crate::id::LeaseOwner;
use crate::text::check_line;
use crate::time::Timestamp;

/// Most keys of one lease.
pub const MAX_LEASE_KEYS: usize = 100;
/// Longest time from now for which a lease is given.
pub const MAX_LEASE_LENGTH: Duration = Duration::from_hours(24);
/// Most characters of a scope or key.
const MAX_NAME_CHARS: usize = 200;

/// A lease that an owner holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Lease {
    /// What the keys belong to, such as an event's id, or `jobs`.
    pub scope: String,
    /// The keys.
    pub keys: BTreeSet<String>,
    /// The owner.
    pub owner: LeaseOwner,
    /// The fencing token: larger than that of every lease of the scope that was given before.
    pub token: u64,
    /// The first moment at which the lease is over.
    pub until: Timestamp,
}

/// Acquires all of some keys, or none.
///
/// An owner who has all the keys gets the lease again, with the same token and a new end, so the command can be repeated.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AcquireLease {
    /// The moment that decides.
    pub now: Timestamp,
    /// What the keys belong to. A store may keep each scope on another node.
    pub scope: String,
    /// The keys, from 1 to [`MAX_LEASE_KEYS`].
    pub keys: BTreeSet<String>,
    /// The owner: a new id for each lease, which is kept for repetitions.
    pub owner: LeaseOwner,
    /// How long the lease lasts, from a millisecond to [`MAX_LEASE_LENGTH`].
    pub length: Duration,
}

/// Moves the end of a lease.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ExtendLease {
    /// The moment that decides.
    pub now: Timestamp,
    /// The lease.
    pub lease: Lease,
    /// How long it lasts from `now` on; an earlier end than before has no effect.
    pub length: Duration,
}

/// Why a lease is not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseRefused {
    /// Others have some of the keys.
    #[error("others have a lease of: {}", keys.join(", "))]
    Taken {
        /// Those keys, in order.
        keys: Vec<String>,
    },
    /// No key was named, or too many.
    #[error("a lease has from 1 to {MAX_LEASE_KEYS} keys")]
    KeysOutOfRange,
    /// The length is below a millisecond or above [`MAX_LEASE_LENGTH`].
    #[error("a lease lasts from 1 millisecond to 24 hours")]
    LengthOutOfRange,
}

/// A lease is over, or another owner has one of its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the lease is no longer held")]
#[expect(clippy::exhaustive_structs, reason = "each store returns it")]
pub struct LeaseLost;

impl AcquireLease {
    /// Makes a command.
    pub fn new(
        now: Timestamp,
        scope: impl Into<String>,
        keys: impl IntoIterator<Item = impl Into<String>>,
        owner: LeaseOwner,
        length: Duration,
    ) -> Self {
        Self { now, scope: scope.into(), keys: keys.into_iter().map(Into::into).collect(), owner, length }
    }

    /// Checks what does not depend on other leases; stores call it first.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] or [`CommandError::Text`].
    pub fn check(&self) -> Result<(), CommandError<LeaseRefused>> {
        if self.keys.is_empty() || self.keys.len() > MAX_LEASE_KEYS {
            return Err(CommandError::Refused(LeaseRefused::KeysOutOfRange));
        }
        if self.length < Duration::from_millis(1) || self.length > MAX_LEASE_LENGTH {
            return Err(CommandError::Refused(LeaseRefused::LengthOutOfRange));
        }
        check_line("scope", &self.scope, 1..=MAX_NAME_CHARS)?;
        self.keys.iter().try_for_each(|key| check_line("key", key, 1..=MAX_NAME_CHARS))?;
        Ok(())
    }

    /// Returns the first moment at which the lease is over.
    pub fn until(&self) -> Timestamp {
        self.now.after(self.length)
    }

    /// Returns the lease that the command leads to.
    pub fn lease(self, token: u64) -> Lease {
        let until = self.until();
        Lease { scope: self.scope, keys: self.keys, owner: self.owner, token, until }
    }
}

impl ExtendLease {
    /// Makes a command.
    pub fn new(now: Timestamp, lease: Lease, length: Duration) -> Self {
        Self { now, lease, length }
    }

    /// Returns the end that the lease gets, unless it has a later one.
    pub fn until(&self) -> Timestamp {
        self.now.after(self.length.min(MAX_LEASE_LENGTH))
    }
}

/// Gives leases.
///
/// # Contract
///
/// - A key MUST have at most one owner at a time: one whose lease is not over at the command's `now`.
/// - A command MUST apply to all its keys or to none.
/// - A token MUST be larger than every token of the scope that was given before, also if the store has lost its data in
///   the meantime. The number of microseconds of `now` since 1970 is a floor that achieves it.
/// - `now` MUST be that of the command. A store's own clock may only decide when data that is no longer needed is deleted.
///
/// # Cancel safety
///
/// If the future is dropped, the command takes full effect or none.
#[async_trait]
pub trait LeaseLock: Debug + Send + Sync + 'static {
    /// Gives all of the keys to the owner, or none.
    ///
    /// # Contract
    ///
    /// For an owner who holds all of the keys it MUST return the same token, and set the end.
    ///
    /// # Errors
    ///
    /// [`LeaseRefused::Taken`] naming every key that another owner has; [`AcquireLease::check`].
    async fn acquire(&self, command: AcquireLease) -> Result<Lease, CommandError<LeaseRefused>>;

    /// Moves the end of a lease that is still held.
    ///
    /// # Errors
    ///
    /// [`LeaseLost`] if it is over at `now`, or a key has another owner or token; nothing is changed.
    async fn extend(&self, command: ExtendLease) -> Result<Lease, CommandError<LeaseLost>>;

    /// Gives up a lease, and returns whether all of it was still held.
    ///
    /// # Contract
    ///
    /// It MUST leave a key alone that has another owner or token.
    async fn release(&self, lease: &Lease) -> Result<bool, StoreError>;
}
