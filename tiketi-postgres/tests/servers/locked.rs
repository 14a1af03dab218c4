//! Commands of locked events wait, and commands of other events do not.

use std::time::Duration;

use futures::future::join_all;
use sqlx::{Connection, PgConnection, Postgres, Transaction};
use tiketi_conformance::{Hall, TestShop, auditor};
use tiketi_core::{
    CommandError, EventStatus, FactBody,
    store::{CatalogStore, OutboxStore, SalesStore},
};
use tiketi_postgres::PostgresStore;
use tokio::time::timeout;

use crate::cluster::{TestCluster, assert_sound};

/// More events than all writers of all servers together.
const LOCKED: usize = 16;
/// Longer than any wait for a lock. Commands of other events need far less time.
const BOUND: Duration = Duration::from_secs(20);

/// Locks the rows of events, as a server does that hangs in the middle of its batches.
async fn lock<'c>(connection: &'c mut PgConnection, halls: &[Hall]) -> Transaction<'c, Postgres> {
    let mut locked = connection.begin().await.unwrap();
    let ids: Vec<_> = halls.iter().map(|hall| hall.event.as_uuid()).collect();
    let lock = sqlx::query("SELECT 1 FROM tiketi.events WHERE id = ANY($1) FOR UPDATE").bind(ids);
    lock.execute(&mut *locked).await.unwrap();
    locked
}

async fn halls(shop: &TestShop, count: usize) -> Vec<Hall> {
    let mut halls = Vec::new();
    for _ in 0..count {
        halls.push(shop.hall().await);
    }
    halls
}

/// Ends due holds, and returns how many reservations ended.
async fn sweep(store: &PostgresStore, shop: &TestShop) -> usize {
    store.expire_due(shop.now(), 100).await.unwrap().done.len()
}

/// Returns the reservations whose end is in a fact that can be claimed.
async fn ended_in_facts(store: &PostgresStore, shop: &TestShop) -> Vec<tiketi_core::ReservationId> {
    let lease = Duration::from_secs(1);
    let facts = store.claim_outbox(&auditor(), shop.now(), lease, 1_000).await.unwrap();
    let ended = facts.iter().filter_map(|claimed| match &claimed.fact.body {
        FactBody::ReservationExpired { reservation } => Some(reservation.id),
        _ => None,
    });
    ended.collect()
}

/// Each server has commands of every locked event; they wait, and commands of other events continue.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_seventeenth_event_sells_while_sixteen_are_locked() {
    let cluster = TestCluster::of(2).await;
    let shop = &cluster.shop;
    let (locked, free) = (halls(shop, LOCKED).await, shop.hall().await);
    let mut connection = cluster.connect().await;
    let lock = lock(&mut connection, &locked).await;
    let mut waiting = Vec::new();
    for _ in 0..2 {
        for hall in &locked {
            let (shop, hold) = (shop.clone(), shop.hold_seats(hall, shop.buyer(), &[0]));
            waiting.push(tokio::spawn(async move { shop.send(hold).await }));
        }
    }
    for seat in 0..20 {
        let held = timeout(BOUND, shop.held(&free, shop.buyer(), &[seat])).await;
        held.expect("an event that is not locked sells");
    }
    lock.rollback().await.unwrap();
    let answers = join_all(waiting).await;
    for answer in answers {
        match answer.unwrap() {
            Ok(_) | Err(CommandError::Refused(_)) => {}
            Err(CommandError::Store(error)) => assert!(error.is_retryable(), "{error:?}"),
            Err(other) => panic!("{other:?}"),
        }
    }
    for hall in &locked {
        shop.held(hall, shop.buyer(), &[1]).await;
    }
    shop.audit().await;
}

/// Fails if one locked event delays the ended holds, the statuses or the facts of other events.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_unlocked_event_is_swept_and_announced_while_sixteen_are_locked() {
    let cluster = TestCluster::of(2).await;
    let (shop, store) = (&cluster.shop, &cluster.stores[0]);
    let (locked, free) = (halls(shop, LOCKED).await, shop.hall().await);
    let mut due = Vec::new();
    for hall in locked.iter().chain([&free]) {
        due.push(shop.held(hall, shop.buyer(), &[0]).await);
    }
    let of_free = due.last().unwrap().id;
    let mut connection = cluster.connect().await;
    let lock = lock(&mut connection, &locked).await;
    shop.advance(Duration::from_hours(1));
    let swept = timeout(BOUND, sweep(store, shop)).await.expect("a sweep passes locked events over");
    assert_eq!(swept, 1, "only one event is not locked");
    let told = timeout(BOUND, ended_in_facts(store, shop)).await.expect("facts are claimed");
    assert_eq!(told, [of_free]);
    let statuses = timeout(BOUND, store.announce_statuses(shop.now())).await;
    let statuses = statuses.expect("statuses are announced").unwrap().done;
    assert_eq!(statuses, [(free.event, EventStatus::OnSale)]);
    lock.rollback().await.unwrap();
    let rest = async {
        while due.len()
            != join_all(due.iter().map(|of| shop.now_of(of))).await.iter().filter(|of| !of.is_live()).count()
        {
            sweep(store, shop).await;
        }
    };
    timeout(BOUND, rest).await.expect("what was passed over is taken up");
    assert_sound(store).await;
}
