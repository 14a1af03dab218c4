//! Callers that drop their future while the database runs the command.

use std::future::{Future, poll_fn};
use std::task::Poll;

use sqlx::postgres::PgConnectOptions;
use tiketi_core::{
    Timestamp,
    store::{AnswerStore, AuditReport, CatalogStore},
};
use tiketi_postgres_harness::Server;

use crate::cluster::{TestCluster, assert_sound, store};

/// More polls than any future of this test needs to complete.
const MOMENTS: usize = 30;

/// Polls a future up to `polls` times, then drops it.
async fn left_after<F: Future>(polls: usize, future: F) {
    let mut future = std::pin::pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        future.as_mut().poll(context).map(drop)
    })
    .await;
}

/// Drops a call after each possible number of polls, and then uses the store's only connection for another call.
///
/// Fails if callers begin transactions themselves: the next call then runs in a read-only transaction.
async fn callers_leave(connect: impl Fn(PgConnectOptions) -> PgConnectOptions) {
    let cluster = TestCluster::on(Server::shared().await, 1, |options| options).await;
    let hall = cluster.shop.hall().await;
    let store = store(connect(cluster.database.options()), 1);
    let long_ago: Timestamp = "2020-01-01T00:00:00Z".parse().unwrap();
    for polls in 1..MOMENTS {
        left_after(polls, AuditReport::watched(&store, Some(hall.event), &mut ())).await;
        assert_eq!(store.forget_answers(long_ago).await.unwrap(), 0, "event rows, {polls}");
        left_after(polls, store.event(hall.event)).await;
        assert_eq!(store.forget_answers(long_ago).await.unwrap(), 0, "an event, {polls}");
        left_after(polls, store.forget_answers(long_ago)).await;
        assert!(store.event(hall.event).await.unwrap().is_some(), "a write, {polls}");
    }
    assert_sound(&store).await;
}

#[tokio::test]
async fn callers_that_leave_leave_no_transaction_open() {
    callers_leave(|options| options).await;
}

#[tokio::test]
async fn dropped_callers_without_prepared_statements_leave_no_transaction() {
    callers_leave(|options| options.statement_cache_capacity(0)).await;
}
