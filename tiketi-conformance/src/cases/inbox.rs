//! The inbox: each delivery is stored once, and leased to one server at a time until it is processed.

use std::time::Duration;

use futures::future::join_all;
use tiketi_core::{
    PaymentId, StoreErrorKind, Timestamp,
    gateway::Hint,
    store::{Delivery, InboxStore, Receipt},
};
use uuid::Uuid;

use crate::cases::texts::NUL;
use crate::handles::Handles;
use crate::shop::START;

const MOST: usize = 3;
const LEASE: Duration = Duration::from_mins(1);

fn start() -> Timestamp {
    START.parse().unwrap()
}

fn delivery(gateway: &str, which: u32) -> Delivery {
    let hint =
        Hint::new(format!("delivery-{which}"), PaymentId::from_uuid(Uuid::from_u128(u128::from(which))))
            .provider_key(which.is_multiple_of(2).then(|| format!("key-{which}")));
    let received_at = start().after(Duration::from_secs(u64::from(which)));
    Delivery { gateway: gateway.to_owned(), hint, received_at, tries: 0 }
}

async fn take_in(stores: &Handles<dyn InboxStore>, count: u32) -> Vec<Delivery> {
    let deliveries: Vec<_> = (0..count).map(|which| delivery("toss", which)).collect();
    for delivery in &deliveries {
        assert_eq!(stores.any().receive_delivery(delivery.clone(), MOST).await.unwrap(), Receipt::New);
    }
    deliveries
}

async fn claim(stores: &Handles<dyn InboxStore>, now: Timestamp, limit: usize) -> Vec<Delivery> {
    stores.any().claim_deliveries(now, LEASE, limit).await.unwrap()
}

async fn ack(stores: &Handles<dyn InboxStore>, of: &Delivery) {
    stores.any().ack_delivery(&of.gateway, &of.hint.delivery).await.unwrap();
}

/// Fails if a repeated delivery is accepted as a new one.
pub async fn a_delivery_is_taken_in_once(stores: Handles<dyn InboxStore>) {
    let first = take_in(&stores, 1).await.remove(0);
    let again = Delivery { received_at: start().after(Duration::from_hours(1)), ..first.clone() };
    assert_eq!(stores.any().receive_delivery(again.clone(), MOST).await.unwrap(), Receipt::Known);
    assert_eq!(claim(&stores, start(), 10).await, std::slice::from_ref(&first));
    ack(&stores, &first).await;
    assert_eq!(stores.any().receive_delivery(again, MOST).await.unwrap(), Receipt::Known);
    assert_eq!(claim(&stores, start().after(LEASE), 10).await, []);
}

/// Fails if of 32 concurrent repetitions of a delivery more than one is new.
pub async fn of_32_that_come_at_once_one_is_new(stores: Handles<dyn InboxStore>) {
    let arrivals = (0..32).map(|_| {
        let store = stores.any();
        tokio::spawn(async move { store.receive_delivery(delivery("toss", 1), MOST).await.unwrap() })
    });
    let receipts: Vec<_> = join_all(arrivals).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(receipts.iter().filter(|receipt| **receipt == Receipt::New).count(), 1);
    assert_eq!(claim(&stores, start(), 100).await.len(), 1);
}

/// Fails if equal delivery ids of two gateways count as one.
pub async fn deliveries_of_two_gateways_are_two(stores: Handles<dyn InboxStore>) {
    for gateway in ["toss", "stripe"] {
        assert_eq!(stores.any().receive_delivery(delivery(gateway, 2), MOST).await.unwrap(), Receipt::New);
    }
    assert_eq!(claim(&stores, start(), 10).await.len(), 2);
    ack(&stores, &delivery("toss", 2)).await;
    assert_eq!(claim(&stores, start().after(LEASE), 10).await, [delivery("stripe", 2)]);
}

/// Fails if a leased delivery is given to another server, or is not available after the lease.
pub async fn a_claimed_delivery_comes_again_when_its_lease_ends(stores: Handles<dyn InboxStore>) {
    let all = take_in(&stores, 3).await;
    assert_eq!(claim(&stores, start(), 2).await, all[..2], "the oldest first");
    assert_eq!(claim(&stores, start(), 10).await, all[2..]);
    let end = start().after(LEASE);
    assert_eq!(claim(&stores, end.before(Duration::from_micros(1)), 10).await, []);
    assert_eq!(claim(&stores, end, 10).await, all);
}

/// Fails if a processed delivery can be claimed again.
pub async fn a_delivery_looked_into_never_comes_again(stores: Handles<dyn InboxStore>) {
    let all = take_in(&stores, 2).await;
    claim(&stores, start(), 10).await;
    ack(&stores, &all[0]).await;
    ack(&stores, &delivery("toss", 99)).await;
    assert_eq!(claim(&stores, start().after(LEASE), 10).await, all[1..]);
}

/// Fails if a postponed delivery comes too early or never, or delays another one.
pub async fn a_postponed_delivery_waits_and_keeps_no_other_waiting(stores: Handles<dyn InboxStore>) {
    let all = take_in(&stores, 3).await;
    claim(&stores, start(), 10).await;
    let until = start().after(3 * LEASE);
    for of in [&all[0], &delivery("toss", 99)] {
        stores.any().postpone_delivery(&of.gateway, &of.hint.delivery, until).await.unwrap();
    }
    ack(&stores, &all[2]).await;
    stores.any().postpone_delivery("toss", &all[2].hint.delivery, until).await.unwrap();
    assert_eq!(claim(&stores, start().after(LEASE), 10).await, all[1..2]);
    ack(&stores, &all[1]).await;
    assert_eq!(claim(&stores, until.before(Duration::from_micros(1)), 10).await, []);
    let again = Delivery { tries: 1, ..all[0].clone() };
    assert_eq!(claim(&stores, until, 10).await, std::slice::from_ref(&again));
    stores.any().postpone_delivery("toss", &again.hint.delivery, until).await.unwrap();
    assert_eq!(claim(&stores, until, 10).await, [Delivery { tries: 2, ..again }]);
}

/// Fails if two servers claim one delivery.
pub async fn servers_that_claim_at_once_share_the_deliveries(stores: Handles<dyn InboxStore>) {
    take_in(&stores, 40).await;
    let claims = (0..8).map(|_| {
        let stores = stores.clone();
        tokio::spawn(async move { claim(&stores, start(), 7).await })
    });
    let mut claimed: Vec<_> = join_all(claims).await.into_iter().flat_map(Result::unwrap).collect();
    claimed.extend(claim(&stores, start(), 100).await);
    let count = claimed.len();
    claimed.sort_by_key(|delivery| delivery.received_at);
    claimed.dedup();
    assert_eq!((count, claimed.len()), (40, 40));
}

/// Fails if delivery ids are never deleted, or deleted too early.
pub async fn deliveries_are_forgotten_by_age(stores: Handles<dyn InboxStore>) {
    let all = take_in(&stores, 4).await;
    assert_eq!(stores.any().forget_deliveries(all[2].received_at).await.unwrap(), 2);
    assert_eq!(stores.any().receive_delivery(all[3].clone(), MOST).await.unwrap(), Receipt::Known);
    assert_eq!(stores.any().receive_delivery(all[0].clone(), MOST).await.unwrap(), Receipt::New);
}

/// Fails if a delivery is stored with a text that stores refuse, or if its id cannot be acknowledged.
pub async fn a_delivery_no_store_keeps_is_invalid_data(stores: Handles<dyn InboxStore>) {
    let spoils: [fn(&mut Delivery); 4] = [
        |it| it.gateway = NUL.into(),
        |it| it.hint.delivery = NUL.into(),
        |it| it.hint.provider_key = Some(NUL.into()),
        |it| it.hint.delivery = "d".repeat(256),
    ];
    for (at, spoil) in spoils.into_iter().enumerate() {
        let mut bad = delivery("toss", 1);
        spoil(&mut bad);
        let failed = stores.any().receive_delivery(bad, MOST).await.unwrap_err();
        assert_eq!(failed.kind(), StoreErrorKind::InvalidData, "{at}: {failed:?}");
    }
    stores.any().ack_delivery("toss", NUL).await.unwrap();
    stores.any().ack_delivery(NUL, "delivery").await.unwrap();
    assert_eq!(claim(&stores, start(), 10).await, []);
}

/// Fails if one payment can fill the inbox, or if its limit counts for another payment or for a repetition.
pub async fn a_payment_has_a_limited_number_of_deliveries(stores: Handles<dyn InboxStore>) {
    let about = |payment: u128, name: &str| {
        let hint = Hint::new(name, PaymentId::from_uuid(Uuid::from_u128(payment)));
        Delivery { gateway: "toss".to_owned(), hint, received_at: start(), tries: 0 }
    };
    for name in ["a", "b", "c"] {
        assert_eq!(stores.any().receive_delivery(about(1, name), MOST).await.unwrap(), Receipt::New);
    }
    ack(&stores, &about(1, "a")).await;
    for _ in 0..2 {
        assert_eq!(stores.any().receive_delivery(about(1, "d"), MOST).await.unwrap(), Receipt::Full);
    }
    assert_eq!(stores.any().receive_delivery(about(1, "b"), MOST).await.unwrap(), Receipt::Known);
    assert_eq!(stores.any().receive_delivery(about(2, "d"), MOST).await.unwrap(), Receipt::New);
    // A provider that proved itself is not limited.
    assert_eq!(stores.any().receive_delivery(about(1, "e"), usize::MAX).await.unwrap(), Receipt::New);
    assert_eq!(claim(&stores, start(), 10).await.len(), 4);
}
