//! The event queues and batches of one server.

use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use sqlx::{Connection, PgConnection, Postgres, Transaction};
use tiketi_core::{CommandError, SeatId, StoreErrorKind};
use tiketi_postgres::{MAX_BATCH, MAX_QUEUE};

use crate::cluster::TestCluster;

/// Blocks every event queue, as another server does that is in the middle of a batch.
async fn hold_up(connection: &mut PgConnection) -> Transaction<'_, Postgres> {
    let mut lock = connection.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM tiketi.events FOR UPDATE").execute(&mut *lock).await.unwrap();
    lock
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failing_command_fails_alone() {
    let cluster = TestCluster::of(1).await;
    let (shop, hall) = (&cluster.shop, cluster.shop.hall().await);
    let poisoned = shop.held(&hall, shop.buyer(), &[0]).await;
    cluster.run("UPDATE tiketi.reservations SET seats = 'not a list'").await;
    let mut other = cluster.connect().await;
    let lock = hold_up(&mut other).await;
    let first = shop.send(shop.hold_seats(&hall, shop.buyer(), &[1]));
    let poison = shop.send(shop.release(&poisoned));
    let neighbours = join_all((2..12).map(|seat| shop.send(shop.hold_seats(&hall, shop.buyer(), &[seat]))));
    let all = async { tokio::join!(first, poison, neighbours) };
    let mut all = std::pin::pin!(all);
    // After one poll all commands are in the queue, behind the batch that waits for the lock.
    assert!((&mut all).now_or_never().is_none());
    lock.rollback().await.unwrap();
    let (first, poison, neighbours) = all.await;
    assert!(first.is_ok());
    assert!(matches!(poison, Err(CommandError::Store(error)) if error.kind() == StoreErrorKind::Corrupt));
    for neighbour in neighbours {
        neighbour.unwrap();
    }
    let batches = cluster.stores[0].batches();
    assert!(batches.largest > 1, "they were to share a batch: {batches:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_queue_is_unavailable_at_once() {
    let cluster = TestCluster::of(1).await;
    let (shop, hall) = (&cluster.shop, cluster.shop.hall().await);
    let mut other = cluster.connect().await;
    let lock = hold_up(&mut other).await;
    let nowhere = SeatId::from_uuid(uuid::Uuid::nil());
    let commands = MAX_QUEUE + 2 * MAX_BATCH;
    let buyer = shop.buyer();
    let crowd = (0..commands).map(|_| shop.send(shop.hold(&hall, buyer).seats([nowhere])).boxed());
    let mut crowd: Vec<_> = crowd.collect();
    // A command for a full queue is answered at once.
    let answered: Vec<_> = crowd.iter_mut().filter_map(FutureExt::now_or_never).collect();
    assert!((MAX_BATCH..=2 * MAX_BATCH).contains(&answered.len()), "{}", answered.len());
    for answer in answered {
        assert!(
            matches!(answer, Err(CommandError::Store(error)) if error.kind() == StoreErrorKind::Unavailable)
        );
    }
    drop(crowd);
    lock.rollback().await.unwrap();
    let held = tokio::time::timeout(Duration::from_mins(5), async {
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
    let cluster = TestCluster::of(1).await;
    let (shop, busy, free) = (&cluster.shop, cluster.shop.hall().await, cluster.shop.hall().await);
    let mut other = cluster.connect().await;
    let mut lock = other.begin().await.unwrap();
    let one = sqlx::query("SELECT 1 FROM tiketi.events WHERE id = $1 FOR UPDATE").bind(busy.event.as_uuid());
    one.execute(&mut *lock).await.unwrap();
    let (waiting, reconciliation) = (shop.clone(), shop.hold_seats(&busy, shop.buyer(), &[0]));
    let waits = tokio::spawn(async move { waiting.send(reconciliation).await });
    shop.held(&free, shop.buyer(), &[0]).await;
    assert!(!waits.is_finished());
    lock.rollback().await.unwrap();
    waits.await.unwrap().unwrap();
}

/// Buyers who keep an event queue busy, and how many times each holds a seat and releases it.
const BUSY: usize = 16;
const TURNS: usize = 40;
const SCANS: &str = "SELECT coalesce(sum(idx_scan), 0)::bigint FROM pg_stat_user_indexes \
    WHERE indexrelname IN ('events_pkey', 'ticket_types_pkey')";

const OTHERS: &str = "SELECT count(*) FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";

/// An index scan visits every dead row version that an old snapshot keeps, and each batch leaves one for each of
/// these rows.
///
/// Fails if the event's row is found by its key: each batch then makes one scan.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_event_queue_scans_for_no_row_that_every_batch_changes() {
    let cluster = TestCluster::of(1).await;
    let (shop, hall) = (&cluster.shop, cluster.shop.hall().await);
    let before = scans(&cluster).await;
    let buyers = (0..BUSY).map(|seat| {
        let (shop, hall) = (shop.clone(), hall.clone());
        tokio::spawn(async move {
            for _ in 0..TURNS {
                let held = shop.held(&hall, shop.buyer(), &[seat]).await;
                shop.apply(shop.release(&held)).await;
            }
        })
    });
    for buyer in join_all(buyers.collect::<Vec<_>>()).await {
        buyer.unwrap();
    }
    shop.audit().await;
    let batches = i64::try_from(cluster.stores[0].batches().count).unwrap();
    // A session reports its counters when it ends.
    cluster.stores[0].close().await;
    let mut connection = cluster.connect().await;
    while sqlx::query_scalar::<_, i64>(OTHERS).fetch_one(&mut connection).await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
    let scans = scans(&cluster).await - before;
    assert!(scans < batches / 2, "{scans} scans in {batches} batches");
}

/// Returns the number of scans that ended sessions have reported.
async fn scans(cluster: &TestCluster) -> i64 {
    let mut connection = cluster.connect().await;
    sqlx::query_scalar(SCANS).fetch_one(&mut connection).await.unwrap()
}
