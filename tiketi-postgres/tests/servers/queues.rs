//! Queues and batches of one server.

use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use sqlx::{Connection, PgConnection, Postgres, Transaction};
use tiketi_core::{CommandError, SeatId, StoreErrorKind};
use tiketi_postgres::{MAX_BATCH, MAX_QUEUE};

use crate::town::Town;

/// Holds every lane up, as another server does in the middle of a batch.
async fn hold_up(connection: &mut PgConnection) -> Transaction<'_, Postgres> {
    let mut lock = connection.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM tiketi.events FOR UPDATE").execute(&mut *lock).await.unwrap();
    lock
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_poisoned_command_fails_alone() {
    let town = Town::of(1).await;
    let (shop, hall) = (&town.shop, town.shop.hall().await);
    let poisoned = shop.held(&hall, shop.buyer(), &[0]).await;
    town.run("UPDATE tiketi.reservations SET seats = 'not a list'").await;
    let mut other = town.connect().await;
    let lock = hold_up(&mut other).await;
    let first = shop.send(shop.hold_seats(&hall, shop.buyer(), &[1]));
    let poison = shop.send(shop.release(&poisoned));
    let neighbours = join_all((2..12).map(|seat| shop.send(shop.hold_seats(&hall, shop.buyer(), &[seat]))));
    let all = async { tokio::join!(first, poison, neighbours) };
    let mut all = std::pin::pin!(all);
    // Once polled they are all in the queue, behind the batch that waits for the lock.
    assert!((&mut all).now_or_never().is_none());
    lock.rollback().await.unwrap();
    let (first, poison, neighbours) = all.await;
    assert!(first.is_ok());
    assert!(matches!(poison, Err(CommandError::Store(error)) if error.kind() == StoreErrorKind::Corrupt));
    for neighbour in neighbours {
        neighbour.unwrap();
    }
    let batches = town.stores[0].batches();
    assert!(batches.largest > 1, "they were to share a batch: {batches:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_queue_is_unavailable_at_once() {
    let town = Town::of(1).await;
    let (shop, hall) = (&town.shop, town.shop.hall().await);
    let mut other = town.connect().await;
    let lock = hold_up(&mut other).await;
    let nowhere = SeatId::from_uuid(uuid::Uuid::nil());
    let commands = MAX_QUEUE + 2 * MAX_BATCH;
    let buyer = shop.buyer();
    let crowd = (0..commands).map(|_| shop.send(shop.hold(&hall, buyer).seats([nowhere])).boxed());
    let mut crowd: Vec<_> = crowd.collect();
    // Whoever finds no place in the queue is answered as he asks.
    let answered: Vec<_> = crowd.iter_mut().filter_map(FutureExt::now_or_never).collect();
    assert!((MAX_BATCH..=2 * MAX_BATCH).contains(&answered.len()), "{}", answered.len());
    for answer in answered {
        assert!(
            matches!(answer, Err(CommandError::Store(error)) if error.kind() == StoreErrorKind::Unavailable)
        );
    }
    drop(crowd);
    lock.rollback().await.unwrap();
    let held = tokio::time::timeout(Duration::from_mins(1), async {
        loop {
            match shop.send(shop.hold_seats(&hall, buyer, &[0])).await {
                Err(CommandError::Store(error)) if error.kind() == StoreErrorKind::Unavailable => {
                    tokio::task::yield_now().await;
                }
                answer => break answer,
            }
        }
    });
    held.await.expect("the queue drains").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn events_do_not_wait_for_each_other() {
    let town = Town::of(1).await;
    let (shop, busy, free) = (&town.shop, town.shop.hall().await, town.shop.hall().await);
    let mut other = town.connect().await;
    let mut lock = other.begin().await.unwrap();
    let one = sqlx::query("SELECT 1 FROM tiketi.events WHERE id = $1 FOR UPDATE").bind(busy.event.as_uuid());
    one.execute(&mut *lock).await.unwrap();
    let (waiting, asking) = (shop.clone(), shop.hold_seats(&busy, shop.buyer(), &[0]));
    let waits = tokio::spawn(async move { waiting.send(asking).await });
    shop.held(&free, shop.buyer(), &[0]).await;
    assert!(!waits.is_finished());
    lock.rollback().await.unwrap();
    waits.await.unwrap().unwrap();
}
