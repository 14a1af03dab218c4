//! Leases: all keys or none, released and extended only by their owner, with fencing tokens that grow.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use tiketi_core::id::LeaseOwner;
use tiketi_core::lease::{AcquireLease, ExtendLease, Lease, LeaseLock, LeaseLost, LeaseRefused};
use tiketi_core::{CommandError, Timestamp};
use uuid::Uuid;

use crate::handles::Handles;
use crate::shop::START;

type Locks = Handles<dyn LeaseLock>;

const LENGTH: Duration = Duration::from_secs(10);

fn start() -> Timestamp {
    START.parse().unwrap()
}

fn owner(id: u128) -> LeaseOwner {
    LeaseOwner::from_uuid(Uuid::from_u128(id))
}

fn ask(now: Timestamp, keys: &[&str], of: u128) -> AcquireLease {
    AcquireLease::new(now, "hall", keys.iter().copied(), owner(of), LENGTH)
}

async fn taken(locks: &Locks, ask: AcquireLease) -> Vec<String> {
    match locks.any().acquire(ask).await {
        Err(CommandError::Refused(LeaseRefused::Taken { keys })) => keys,
        other => panic!("the keys should be taken: {other:?}"),
    }
}

async fn is_lost(locks: &Locks, now: Timestamp, lease: &Lease) -> bool {
    let extended = locks.any().extend(ExtendLease::new(now, lease.clone(), LENGTH)).await;
    match extended {
        Ok(_) => false,
        Err(CommandError::Refused(LeaseLost)) => true,
        Err(other) => panic!("no failure was expected: {other:?}"),
    }
}

/// Fails if only some of the keys are leased, or if the refusal does not name the keys that are leased.
pub async fn all_keys_are_given_or_none(locks: Locks) {
    let now = start();
    let first = locks.any().acquire(ask(now, &["b", "d"], 1)).await.unwrap();
    assert_eq!((first.owner, first.until), (owner(1), now.after(LENGTH)));
    assert_eq!(first.keys, BTreeSet::from(["b".to_owned(), "d".to_owned()]));
    assert_eq!(taken(&locks, ask(now, &["a", "b", "c", "d"], 2)).await, ["b", "d"]);
    locks.any().acquire(ask(now, &["a", "c"], 3)).await.expect("the refused command took nothing");
    let elsewhere = AcquireLease::new(now, "other hall", ["b"], owner(2), LENGTH);
    locks.any().acquire(elsewhere).await.expect("scopes are apart");
}

/// Fails if a lease lasts beyond its end, or ends a microsecond early.
pub async fn a_lease_ends_at_its_moment(locks: Locks) {
    let now = start();
    let lease = locks.any().acquire(ask(now, &["a"], 1)).await.unwrap();
    let last = lease.until.before(Duration::from_micros(1));
    assert_eq!(taken(&locks, ask(last, &["a"], 2)).await, ["a"]);
    let next = locks.any().acquire(ask(lease.until, &["a"], 2)).await.unwrap();
    assert!(next.token > lease.token);
}

/// Fails if a repetition after a lost answer is refused, or gets another token.
pub async fn a_repetition_gets_the_same_lease(locks: Locks) {
    let now = start();
    let lease = locks.any().acquire(ask(now, &["a", "b"], 1)).await.unwrap();
    let later = now.after(Duration::from_secs(1));
    let again = locks.any().acquire(ask(later, &["a", "b"], 1)).await.unwrap();
    assert_eq!((again.token, again.until), (lease.token, later.after(LENGTH)));
    let more = locks.any().acquire(ask(later, &["a", "b", "c"], 1)).await.unwrap();
    assert!(more.token > lease.token, "more keys are another lease");
    assert!(is_lost(&locks, later, &again).await, "and the former one is over");
}

/// Fails if another owner, or an earlier lease of the same owner, can release a lease.
pub async fn only_its_owner_releases_a_lease(locks: Locks) {
    let now = start();
    let lease = locks.any().acquire(ask(now, &["a", "b"], 1)).await.unwrap();
    let stranger = Lease { owner: owner(2), ..lease.clone() };
    let stale = Lease { token: lease.token - 1, ..lease.clone() };
    for other in [stranger, stale] {
        assert!(!locks.any().release(&other).await.unwrap());
        assert_eq!(taken(&locks, ask(now, &["a", "b"], 3)).await, ["a", "b"]);
    }
    assert!(locks.any().release(&lease).await.unwrap());
    assert!(!locks.any().release(&lease).await.unwrap(), "a second time");
    locks.any().acquire(ask(now, &["a", "b"], 3)).await.unwrap();
}

/// Fails if a late release takes a key from its next owner.
pub async fn a_late_release_leaves_the_next_owner_alone(locks: Locks) {
    let now = start();
    let late = locks.any().acquire(ask(now, &["a", "b"], 1)).await.unwrap();
    let next = locks.any().acquire(ask(late.until, &["a"], 2)).await.unwrap();
    assert!(!locks.any().release(&late).await.unwrap());
    assert!(!is_lost(&locks, late.until, &next).await);
}

/// Fails if a lease can be extended by another owner, after its end, or to an earlier end.
pub async fn only_a_live_lease_is_extended(locks: Locks) {
    let now = start();
    let lease = locks.any().acquire(ask(now, &["a", "b"], 1)).await.unwrap();
    let later = now.after(Duration::from_secs(4));
    let extended = locks.any().extend(ExtendLease::new(later, lease.clone(), LENGTH)).await.unwrap();
    assert_eq!((extended.token, extended.until), (lease.token, later.after(LENGTH)));
    let shorter = ExtendLease::new(later, lease.clone(), Duration::from_secs(1));
    assert_eq!(locks.any().extend(shorter).await.unwrap().until, extended.until);
    assert!(is_lost(&locks, later, &Lease { owner: owner(2), ..lease.clone() }).await);
    assert!(is_lost(&locks, extended.until, &lease).await);
}

/// Fails if a token does not grow with each lease of a scope, also after a release.
pub async fn tokens_grow(locks: Locks) {
    let mut tokens = Vec::new();
    for id in 1..=5 {
        let lease = locks.any().acquire(ask(start(), &["a"], id)).await.unwrap();
        tokens.push(lease.token);
        locks.any().release(&lease).await.unwrap();
    }
    assert!(tokens.is_sorted_by(|one, next| one < next), "{tokens:?}");
}

/// Fails if a lease of no key, of too many keys, or of length zero is given.
pub async fn a_lease_that_makes_no_sense_is_refused(locks: Locks) {
    let none = ask(start(), &[], 1);
    let many = AcquireLease::new(start(), "hall", (0..101).map(|key| key.to_string()), owner(1), LENGTH);
    for ask in [none, many] {
        let refused = locks.any().acquire(ask).await.unwrap_err().refusal();
        assert_eq!(refused, Some(LeaseRefused::KeysOutOfRange));
    }
    for length in [Duration::ZERO, Duration::from_hours(25)] {
        let ask = AcquireLease::new(start(), "hall", ["a"], owner(1), length);
        let refused = locks.any().acquire(ask).await.unwrap_err().refusal();
        assert_eq!(refused, Some(LeaseRefused::LengthOutOfRange));
    }
    let named = AcquireLease::new(start(), "hall", ["a\0"], owner(1), LENGTH);
    assert!(matches!(locks.any().acquire(named).await, Err(CommandError::Text(_))));
}

/// Fails if of concurrent servers more than one gets a key, or if overlapping sets of keys block each other.
pub async fn of_servers_that_ask_at_once_one_gets_a_key(locks: Locks) {
    let asks = (1..=32_u128).map(|id| {
        let keys = if id % 2 == 0 { ["a", "b"] } else { ["b", "c"] };
        let (lock, ask) = (locks.any(), ask(start(), &keys, id));
        tokio::spawn(async move { lock.acquire(ask).await.is_ok() })
    });
    let given = join_all(asks.collect::<Vec<_>>()).await;
    assert_eq!(given.into_iter().filter(|given| *given.as_ref().unwrap()).count(), 1, "all want b");
}
