//! The outbox: each committed fact is leased to one server at a time until it is acknowledged.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tiketi_core::{
    Fact, FactBody,
    fact::{FactId, FactKey, FactKind, ReservationSummary, SeatChanged, SeatStatus},
    notifier::SubscriberName,
    store::Release,
};

use crate::shop::{TestShop, auditor};

const LEASE: Duration = Duration::from_secs(30);
const MICROSECOND: Duration = Duration::from_micros(1);

/// Registers a subscriber that gets one fact for each change of a stock.
async fn stock_keeper(shop: &TestShop) -> SubscriberName {
    let keeper = named("stock-keeper");
    shop.subscribe(&keeper, [FactKind::StockChanged].into_iter().collect()).await;
    keeper
}

fn named(name: &str) -> SubscriberName {
    SubscriberName::new(name).unwrap()
}

async fn claim(shop: &TestShop, of: &SubscriberName, limit: usize) -> Vec<Fact> {
    let claimed = shop.store().claim_outbox(of, shop.now(), LEASE, limit).await.unwrap();
    claimed.into_iter().map(|claimed| claimed.fact).collect()
}

async fn ack(shop: &TestShop, of: &SubscriberName, facts: &[Fact]) {
    shop.store().ack_outbox(of, &keys(facts)).await.unwrap();
    if *of == auditor() {
        shop.remember(facts);
    }
}

fn keys(facts: &[Fact]) -> Vec<FactKey> {
    facts.iter().map(Fact::key).collect()
}

/// Fails if a fact is missing or wrong, or if a public fact names the owner of seats.
pub async fn a_hold_and_its_sale_are_announced(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let held = shop.apply(shop.hold_seats(&hall, buyer, &[0]).item(hall.standing, 2)).await.reservation;
    let facts = shop.drain().await;
    assert!(facts.iter().all(|fact| fact.event == hall.event && fact.at == shop.now()));
    let mut bodies: Vec<_> = facts.into_iter().map(|fact| fact.body).collect();
    let (reservation, until) = (Arc::new(ReservationSummary::of(&held)), held.held_until().unwrap());
    assert_eq!(bodies.remove(0), FactBody::ReservationHeld { reservation, until });
    let changes = vec![SeatChanged::new(hall.seats[0], SeatStatus::Held, 2).held_until(until)];
    assert_eq!(bodies.remove(0), FactBody::SeatsChanged { since: 1, map_version: 2, changes });
    assert!(bodies.contains(&FactBody::StockChanged { ticket_type: hall.front, available: 9 }));
    assert!(bodies.contains(&FactBody::StockChanged { ticket_type: hall.standing, available: 8 }));
    assert_eq!(bodies.len(), 2);
    let (sold, _) = shop.sold(&held).await;
    let bodies: Vec<_> = shop.drain().await.into_iter().map(|fact| fact.body).collect();
    assert!(bodies.iter().all(|body| body.buyer().is_none_or(|of| of == buyer)));
    let confirmed = FactBody::ReservationConfirmed { reservation: Arc::new(ReservationSummary::of(&sold)) };
    assert_eq!(bodies.iter().filter(|body| **body == confirmed).count(), 1);
    let sold = |body: &&FactBody| matches!(body, FactBody::SeatsChanged { changes, .. } if changes[0].status == SeatStatus::Sold);
    assert_eq!(bodies.iter().filter(sold).count(), 1);
}

/// Fails if a leased fact is given to another server, or is not available after its lease.
pub async fn a_claimed_fact_comes_again_when_its_lease_ends(shop: TestShop) {
    let hall = shop.hall().await;
    shop.held(&hall, shop.buyer(), &[0]).await;
    let first = claim(&shop, &auditor(), 100).await;
    assert!(!first.is_empty());
    assert_eq!(claim(&shop, &auditor(), 100).await, []);
    shop.go_to(shop.now().after(LEASE).before(MICROSECOND));
    assert_eq!(claim(&shop, &auditor(), 100).await, []);
    shop.advance(MICROSECOND);
    assert_eq!(claim(&shop, &auditor(), 100).await, first);
    ack(&shop, &auditor(), &first).await;
}

/// Fails if an acknowledged fact can be claimed again.
pub async fn an_acknowledged_fact_is_forgotten(shop: TestShop) {
    let (hall, keeper) = (shop.hall().await, stock_keeper(&shop).await);
    shop.standing(&hall, shop.buyer(), 1).await;
    let first = claim(&shop, &keeper, 100).await;
    ack(&shop, &keeper, &first).await;
    let store = shop.store();
    let unknown = FactKey { id: FactId(u64::from(u32::MAX)), ..first[0].key() };
    store.ack_outbox(&keeper, &[first[0].key(), unknown]).await.unwrap();
    store.ack_outbox(&keeper, &[]).await.unwrap();
    store.ack_outbox(&named("unknown"), &keys(&first)).await.unwrap();
    shop.advance(LEASE);
    assert_eq!(claim(&shop, &keeper, 100).await, []);
    shop.standing(&hall, shop.buyer(), 1).await;
    let next = claim(&shop, &keeper, 100).await;
    assert!(!next.is_empty() && next.iter().all(|fact| fact.id > first[0].id));
}

/// Fails if a fact is acknowledged or released under an event that it is not about.
pub async fn a_fact_is_named_with_its_event(shop: TestShop) {
    let (hall, other, keeper) = (shop.hall().await, shop.hall().await, stock_keeper(&shop).await);
    shop.standing(&hall, shop.buyer(), 1).await;
    shop.standing(&other, shop.buyer(), 1).await;
    let facts = claim(&shop, &keeper, 100).await;
    let strange: Vec<_> = facts.iter().map(|fact| FactKey { event: hall.event, ..fact.key() }).collect();
    let of_other: Vec<_> = facts.into_iter().filter(|fact| fact.event == other.event).collect();
    assert_eq!(of_other.len(), 1);
    let until = shop.now().after(LEASE);
    shop.store().release_outbox(&keeper, &strange, until, Release::Untried).await.unwrap();
    let again = claim(&shop, &keeper, 100).await;
    assert!(again.len() == 1 && again[0].event == hall.event, "{again:?}");
    shop.store().ack_outbox(&keeper, &strange).await.unwrap();
    shop.advance(LEASE);
    assert_eq!(claim(&shop, &keeper, 100).await, of_other);
}

/// Fails if a fact is lost because a later one was delivered first.
pub async fn facts_acknowledged_out_of_order_lose_none(shop: TestShop) {
    let (hall, keeper) = (shop.hall().await, stock_keeper(&shop).await);
    for _ in 0..6 {
        shop.standing(&hall, shop.buyer(), 1).await;
    }
    let facts = claim(&shop, &keeper, 100).await;
    assert_eq!(facts.len(), 6);
    let done: Vec<_> = [5, 1, 3].iter().map(|at| facts[*at].key()).collect();
    shop.store().ack_outbox(&keeper, &done).await.unwrap();
    shop.advance(LEASE);
    let left = claim(&shop, &keeper, 100).await;
    assert_eq!(left, [0, 2, 4].map(|at| facts[at].clone()));
    ack(&shop, &keeper, &left).await;
    shop.advance(LEASE);
    assert_eq!(claim(&shop, &keeper, 100).await, []);
}

/// Fails if the fact of a reservation is claimed before an earlier fact of the same reservation is acknowledged.
pub async fn a_later_fact_of_a_reservation_waits_for_an_earlier_one(shop: TestShop) {
    let hall = shop.hall().await;
    let (held, other) =
        (shop.held(&hall, shop.buyer(), &[0]).await, shop.held(&hall, shop.buyer(), &[1]).await);
    shop.drain().await;
    let payment = shop.prepared(&held).await;
    let first = claim(&shop, &auditor(), 1).await;
    assert_eq!(first[0].body.reservation(), Some(held.id));
    shop.apply(shop.begin_confirm(&payment)).await;
    shop.apply(shop.cancel(&other)).await;
    let meanwhile = claim(&shop, &auditor(), 100).await;
    assert!(meanwhile.iter().any(|fact| fact.body.reservation() == Some(other.id)));
    assert!(meanwhile.iter().all(|fact| fact.body.reservation() != Some(held.id)), "{meanwhile:?}");
    shop.store().ack_outbox(&auditor(), &keys(&first)).await.unwrap();
    let then = claim(&shop, &auditor(), 100).await;
    assert!(then.iter().any(|fact| fact.body.reservation() == Some(held.id)));
    let mut all = [first, meanwhile, then].concat();
    all.sort_by_key(|fact| fact.id);
    ack(&shop, &auditor(), &all).await;
}

/// Fails if a claim returns more than its limit, or not the oldest facts.
pub async fn a_claim_takes_the_oldest_up_to_its_limit(shop: TestShop) {
    let (hall, keeper) = (shop.hall().await, stock_keeper(&shop).await);
    for _ in 0..7 {
        shop.standing(&hall, shop.buyer(), 1).await;
    }
    assert_eq!(claim(&shop, &keeper, 0).await, []);
    let mut left = Vec::new();
    for expected in [3, 3, 1, 0] {
        let facts = claim(&shop, &keeper, 3).await;
        assert_eq!(facts.len(), expected);
        ack(&shop, &keeper, &facts).await;
        left.extend(facts.iter().map(|fact| match fact.body {
            FactBody::StockChanged { available, .. } => available,
            _ => panic!("it wants no such fact: {fact:?}"),
        }));
    }
    assert_eq!(left, [9, 8, 7, 6, 5, 4, 3]);
}

/// Fails if two servers that claim at once get the same fact.
pub async fn servers_that_claim_at_once_share_the_facts(shop: TestShop) {
    let (hall, keeper) = (shop.hall().await, stock_keeper(&shop).await);
    for _ in 0..10 {
        shop.standing(&hall, shop.buyer(), 1).await;
    }
    let servers = (0..8).map(|_| {
        let (shop, keeper) = (shop.clone(), keeper.clone());
        tokio::spawn(async move { claim(&shop, &keeper, 3).await })
    });
    let claims = futures::future::join_all(servers.collect::<Vec<_>>()).await;
    let facts: Vec<_> = claims.into_iter().flat_map(|facts| facts.unwrap()).collect();
    let distinct: HashSet<_> = keys(&facts).into_iter().collect();
    assert_eq!((facts.len(), distinct.len()), (10, 10));
}

/// Fails if facts that are written during a delivery are skipped.
pub async fn facts_written_while_others_are_delivered_are_not_skipped(shop: TestShop) {
    let hall = shop.hall().await;
    let seller = {
        let (shop, hall) = (shop.clone(), hall.clone());
        tokio::spawn(async move {
            for at in 0..20 {
                let held = shop.held(&hall, shop.buyer(), &[at]).await;
                shop.apply(shop.release(&held)).await;
            }
        })
    };
    while !seller.is_finished() {
        shop.drain().await;
        tokio::task::yield_now().await;
    }
    seller.await.unwrap();
    shop.drain().await;
    let cancelled = |fact: &&Fact| matches!(fact.body, FactBody::ReservationCancelled { .. });
    assert_eq!(shop.known().facts.iter().filter(cancelled).count(), 20);
}

/// Fails if the facts of one commit are not those of
/// [`tiketi_core::decide::coalesce_facts`], in its order.
pub async fn facts_of_one_commit_are_coalesced_and_in_their_order(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let held = shop.apply(shop.hold_seats(&hall, buyer, &[0, 12]).item(hall.standing, 2)).await.reservation;
    shop.prepared(&held).await;
    shop.drain().await;
    shop.apply(shop.cancel(&held)).await;
    let facts = shop.drain().await;
    let bodies: Vec<_> = facts.iter().map(|fact| (fact.at, fact.body.clone())).collect();
    assert_eq!(tiketi_core::decide::coalesce_facts(bodies.clone()), bodies);
    let kind = |body: &FactBody| match body {
        FactBody::SeatsChanged { changes, .. } => ("seats", changes.len()),
        FactBody::StockChanged { .. } => ("stock", 1),
        _ => ("buyer", 1),
    };
    let kinds: Vec<_> = facts.iter().map(|fact| kind(&fact.body)).collect();
    let (buyers, public) = kinds.split_at(2);
    assert_eq!(buyers, [("buyer", 1); 2], "the payment and the reservation: {facts:?}");
    assert_eq!(public, [("seats", 2), ("stock", 1), ("stock", 1), ("stock", 1)], "{facts:?}");
}

/// Fails if a refusal publishes a fact, or if an expiry is not published once.
pub async fn an_expiry_is_announced_to_its_buyer_once(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let held = shop.held(&hall, buyer, &[0]).await;
    shop.drain().await;
    shop.go_to(held.held_until().unwrap());
    shop.store().expire_due(shop.now(), 10).await.unwrap();
    shop.store().expire_due(shop.now(), 10).await.unwrap();
    let bodies: Vec<_> = shop.drain().await.into_iter().map(|fact| fact.body).collect();
    let expired = |body: &&FactBody| {
        matches!(body, FactBody::ReservationExpired { reservation }
        if (reservation.id, reservation.buyer, &reservation.seats) == (held.id, buyer, &held.seats))
    };
    assert_eq!(bodies.iter().filter(expired).count(), 1);
    assert_eq!(bodies.len(), 3, "the seat, the stock and the buyer: {bodies:?}");
}
