use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use super::*;
use crate::decide::rate_limit::take;
use crate::error::{StoreError, StoreErrorKind};

/// The moments at which allowances are full again; or no store at all.
#[derive(Debug, Default)]
struct Store(Mutex<HashMap<RateKey, Timestamp>>);

#[async_trait]
impl RateLimits for Store {
    async fn take(&self, attempt: Take) -> Result<Taken, StoreError> {
        let mut full_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = take(full_at.get(&attempt.key).copied(), &attempt);
        if let Taken::Within { full_at: after } = taken {
            full_at.insert(attempt.key, after);
        }
        Ok(taken)
    }

    async fn give_back(&self, _: Take) -> Result<(), StoreError> {
        Ok(())
    }
}

#[derive(Debug)]
struct Broken;

#[async_trait]
impl RateLimits for Broken {
    async fn take(&self, _: Take) -> Result<Taken, StoreError> {
        Err(StoreError::new(StoreErrorKind::Unavailable, "it is down"))
    }

    async fn give_back(&self, _: Take) -> Result<(), StoreError> {
        Ok(())
    }
}

fn attempt(buyer: u128, address: &str) -> JoinAttempt {
    let (event, buyer) = (EventId::from_uuid(Uuid::from_u128(1)), BuyerId::from_uuid(Uuid::from_u128(buyer)));
    let address = Some(address.parse().unwrap());
    JoinAttempt { address, ..JoinAttempt::new(event, buyer, Timestamp::EPOCH) }
}

/// Two places of an account, three of an IPv4 network and two of an IPv6 network, in an hour.
fn limits() -> SourceLimits {
    let of = |burst| RateLimit::new(burst, Duration::from_hours(1)).unwrap();
    let limits = JoinLimits::default().account(of(2)).ipv4(of(3)).ipv6(of(2));
    SourceLimits::new(limits, Arc::new(Store::default()))
}

async fn verdicts(limits: &SourceLimits, attempts: impl IntoIterator<Item = JoinAttempt>) -> String {
    let mut verdicts = String::new();
    for attempt in attempts {
        verdicts.push(match limits.judge(&attempt).await {
            JoinVerdict::Accept => 'a',
            JoinVerdict::Demote => 'd',
            other => panic!("{other:?}"),
        });
    }
    verdicts
}

#[tokio::test]
async fn an_account_that_joins_too_often_goes_to_the_back() {
    let limits = limits();
    assert_eq!(verdicts(&limits, [(); 3].map(|()| attempt(1, "192.0.2.1"))).await, "aad");
    assert_eq!(verdicts(&limits, [attempt(2, "198.51.100.1")]).await, "a");
}

#[tokio::test]
async fn a_network_with_too_many_places_goes_to_the_back() {
    let of = |addresses: &[&str]| {
        (0..).zip(addresses).map(|(buyer, address)| attempt(buyer, address)).collect::<Vec<_>>()
    };
    let ipv4 = ["192.0.2.1", "192.0.2.2", "::ffff:192.0.2.3", "192.0.2.4", "192.0.3.1"];
    assert_eq!(verdicts(&limits(), of(&ipv4)).await, "aaada");
    let ipv6 = ["2001:db8:0:1::1", "2001:db8:0:2::1", "2001:db8:0:ff::1", "2001:db8:0:100::1"];
    assert_eq!(verdicts(&limits(), of(&ipv6)).await, "aada");
}

/// Seen to fail with the network counted before the account.
#[tokio::test]
async fn one_account_cannot_use_up_what_a_network_shares() {
    let limits = limits();
    assert_eq!(verdicts(&limits, [(); 20].map(|()| attempt(1, "192.0.2.1"))).await, "aadddddddddddddddddd");
    assert_eq!(verdicts(&limits, [attempt(2, "192.0.2.2"), attempt(3, "192.0.2.3")]).await, "ad");
}

#[tokio::test]
async fn another_event_and_a_later_hour_count_separately() {
    let limits = limits();
    let first = attempt(1, "192.0.2.1");
    verdicts(&limits, [(); 3].map(|()| first.clone())).await;
    let other = JoinAttempt { event: EventId::from_uuid(Uuid::from_u128(9)), ..first.clone() };
    let later = JoinAttempt { now: Timestamp::EPOCH.after(Duration::from_hours(1)), ..first };
    assert_eq!(verdicts(&limits, [other, later]).await, "aa");
}

#[tokio::test]
async fn a_preferred_buyer_is_neither_counted_nor_demoted() {
    let limits = limits();
    let preferred = || JoinAttempt { class: PlaceClass::Priority, ..attempt(1, "192.0.2.1") };
    assert_eq!(verdicts(&limits, [(); 9].map(|()| preferred())).await, "aaaaaaaaa");
    assert_eq!(verdicts(&limits, [attempt(1, "192.0.2.1")]).await, "a");
}

#[tokio::test]
async fn a_failing_store_of_limits_demotes_no_one() {
    let limits = SourceLimits::new(JoinLimits::default(), Arc::new(Broken));
    assert_eq!(verdicts(&limits, [(); 20].map(|()| attempt(1, "192.0.2.1"))).await, "aaaaaaaaaaaaaaaaaaaa");
}
