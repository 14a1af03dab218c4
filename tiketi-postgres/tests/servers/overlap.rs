//! Batches that are decided while the one before them commits.

use std::time::Duration;

use futures::future::join_all;
use sqlx::{Connection, PgConnection};
use tiketi_conformance::{Hall, TestShop};
use tiketi_core::decide::{Applied, Envelope, Hold, HoldRefused};
use tiketi_core::{CommandError, StoreErrorKind};
use tiketi_postgres_harness::{Fsync, Server};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::cluster::TestCluster;

/// Longer than any commit of these tests, and than the retries after a lost session.
const PATIENCE: Duration = Duration::from_mins(1);
/// Blocks the commit of the first reservation while another session has the advisory lock 24, and those of later ones
/// while it has 23.
const GATE: [&str; 2] = [
    "CREATE FUNCTION public.overlap_gate() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$ \
        BEGIN PERFORM pg_advisory_xact_lock_shared( \
            CASE WHEN (SELECT count(*) FROM tiketi.reservations) = 1 THEN 24 ELSE 23 END); RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER overlap_gate AFTER INSERT ON tiketi.reservations DEFERRABLE INITIALLY DEFERRED \
        FOR EACH ROW EXECUTE FUNCTION public.overlap_gate()",
];
const AT_FIRST_GATE: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 24 AND NOT granted \
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
const AT_GATE: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 23 AND NOT granted \
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
const END_AT_GATE: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks \
    WHERE locktype = 'advisory' AND objid = 23 AND NOT granted \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
/// Sessions that have read what a batch needs, and wait to write it.
const DECIDED: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
    AND state = 'idle in transaction' AND query SIMILAR TO '%FROM tiketi.(seats|reservations)%'";
const WAITS_FOR_EVENT: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
    AND wait_event_type = 'Lock' AND query LIKE '%rival%'";

type Answer = Result<Applied, CommandError<HoldRefused>>;

/// A server whose one batch is at its commit, and whose next batch is decided.
struct Overlap {
    cluster: TestCluster,
    hall: Hall,
    /// Keeps the gate closed.
    gate: PgConnection,
    first: JoinHandle<Answer>,
    second: JoinHandle<Answer>,
}

/// Waits until a statement counts something.
async fn until_counted(connection: &mut PgConnection, sql: &'static str) {
    let counted = async {
        while sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut *connection).await.unwrap() == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, counted).await.expect("the batch comes so far");
}

fn send(shop: &TestShop, hold: &Envelope<Hold>) -> JoinHandle<Answer> {
    let (shop, hold) = (shop.clone(), hold.clone());
    tokio::spawn(async move { shop.execute(hold).await })
}

async fn run(connection: &mut PgConnection, sql: &'static str) {
    sqlx::query(sql).execute(connection).await.unwrap();
}

/// Holds the first seat. `second` makes the command that is decided meanwhile.
async fn overlap(second: impl FnOnce(&TestShop, &Hall, &Envelope<Hold>) -> Envelope<Hold>) -> Overlap {
    let cluster = TestCluster::of(1).await;
    let (shop, hall) = (cluster.shop.clone(), cluster.shop.hall().await);
    for sql in GATE {
        cluster.run(sql).await;
    }
    let mut gate = cluster.connect().await;
    run(&mut gate, "SELECT pg_advisory_lock(23), pg_advisory_lock(24)").await;
    // The first batch of a worker locks the event, and leaves its rows to the next one.
    let warm = send(&shop, &shop.envelope(shop.hold_seats(&hall, shop.buyer(), &[9])));
    until_counted(&mut gate, AT_FIRST_GATE).await;
    let hold = shop.envelope(shop.hold_seats(&hall, shop.buyer(), &[0]));
    let first = send(&shop, &hold);
    run(&mut gate, "SELECT pg_advisory_unlock(24)").await;
    warm.await.unwrap().unwrap();
    until_counted(&mut gate, AT_GATE).await;
    let second = send(&shop, &second(&shop, &hall, &hold));
    until_counted(&mut gate, DECIDED).await;
    Overlap { cluster, hall, gate, first, second }
}

impl Overlap {
    async fn open_gate(&mut self) {
        run(&mut self.gate, "SELECT pg_advisory_unlock(23)").await;
    }

    async fn answers(self) -> (TestCluster, Answer, Answer) {
        let both = timeout(PATIENCE, join_all([self.first, self.second])).await.expect("both are answered");
        let mut both = both.into_iter().map(Result::unwrap);
        let (first, second) = (both.next().unwrap(), both.next().unwrap());
        self.cluster.shop.audit().await;
        (self.cluster, first, second)
    }
}

fn another_seat(shop: &TestShop, hall: &Hall, _first: &Envelope<Hold>) -> Envelope<Hold> {
    shop.envelope(shop.hold_seats(hall, shop.buyer(), &[1]))
}

fn the_same_seat(shop: &TestShop, hall: &Hall, _first: &Envelope<Hold>) -> Envelope<Hold> {
    shop.envelope(shop.hold_seats(hall, shop.buyer(), &[0]))
}

fn is_refused(answer: &Answer) -> bool {
    matches!(answer, Err(CommandError::Refused(_)))
}

fn assert_unknown(answer: Answer) {
    match answer {
        Err(CommandError::Store(error)) => assert_eq!(error.kind(), StoreErrorKind::OutcomeUnknown),
        other => panic!("its session ended at its commit: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_batch_is_decided_while_the_one_before_commits() {
    let mut overlap = overlap(another_seat).await;
    assert!(!overlap.first.is_finished() && !overlap.second.is_finished(), "neither is committed");
    let before = overlap.cluster.stores[0].batches();
    overlap.open_gate().await;
    let (cluster, first, second) = overlap.answers().await;
    assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
    assert_eq!(cluster.stores[0].batches().transactions, before.transactions, "neither was repeated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_seat_of_a_batch_that_commits_is_taken_for_the_next_one() {
    let mut overlap = overlap(the_same_seat).await;
    assert!(!overlap.second.is_finished(), "a refusal waits for the commit that it is decided on");
    overlap.open_gate().await;
    let (_, first, second) = overlap.answers().await;
    assert!(first.is_ok() && is_refused(&second), "{second:?}");
}

/// The record stays in memory for the next batch. Without it the database refuses the key, and the command is decided
/// again under the lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_command_repeated_while_it_commits_is_replayed() {
    let mut overlap = overlap(|_, _, first| first.clone()).await;
    overlap.open_gate().await;
    let (_, first, second) = overlap.answers().await;
    let (first, second) = (first.unwrap(), second.unwrap());
    assert!(second.replayed && first.reservation.id == second.reservation.id);
}

/// Fails if a batch is written whatever the event's revision is: the seat of a cancelled event is then held.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_another_server_writes_between_two_batches_is_seen() {
    let mut overlap = overlap(another_seat).await;
    let mut rival = overlap.cluster.connect().await;
    let event = overlap.hall.event.as_uuid();
    // It waits for the table, and the second batch waits behind it: so it comes between the two.
    let cancels = tokio::spawn(async move {
        let mut transaction = rival.begin().await.unwrap();
        let lock = "LOCK TABLE tiketi.events IN SHARE ROW EXCLUSIVE MODE /* rival */";
        sqlx::query(lock).execute(&mut *transaction).await.unwrap();
        let cancel = "UPDATE tiketi.events SET state = 'cancelled', state_at = 1, revision = revision + 1 WHERE id = $1";
        sqlx::query(cancel).bind(event).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
    });
    until_counted(&mut overlap.gate, WAITS_FOR_EVENT).await;
    overlap.open_gate().await;
    cancels.await.unwrap();
    let (_, first, second) = overlap.answers().await;
    assert!(first.is_ok(), "{first:?}");
    assert!(matches!(second, Err(CommandError::Refused(HoldRefused::EventCancelled))), "{second:?}");
}

/// Fails if a decision is answered whose batch before did not commit: the seat is then refused, and nobody has it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_batch_is_decided_again_if_the_one_before_fails() {
    let mut overlap = overlap(the_same_seat).await;
    until_counted(&mut overlap.gate, END_AT_GATE).await;
    overlap.open_gate().await;
    let (_, first, second) = overlap.answers().await;
    assert_unknown(first);
    assert!(second.is_ok(), "the seat is free: {second:?}");
}

/// Fails if a batch whose answer is lost counts as rolled back: the seat is then sold twice, or repeated.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_batch_is_decided_on_what_a_lost_commit_left() {
    let server = Server::start(Fsync::On).await;
    let cluster = TestCluster::on(&server, 1, |options| options).await;
    let (shop, hall) = (cluster.shop.clone(), cluster.shop.hall().await);
    // A commit is written, and then waits for a standby that does not exist.
    cluster.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'").await;
    cluster.run("SELECT pg_reload_conf()").await;
    let first = send(&shop, &shop.envelope(shop.hold_seats(&hall, shop.buyer(), &[0])));
    let mut connection = server.connect().await;
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    until_counted(&mut connection, waits).await;
    let second =
        send(&shop, &the_same_seat(&shop, &hall, &shop.envelope(shop.hold_seats(&hall, shop.buyer(), &[0]))));
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    until_counted(&mut connection, cut).await;
    run(&mut connection, "ALTER SYSTEM RESET synchronous_standby_names").await;
    run(&mut connection, "SELECT pg_reload_conf()").await;
    let answers = timeout(PATIENCE, join_all([first, second])).await.expect("both are answered");
    let mut answers = answers.into_iter().map(Result::unwrap);
    assert_unknown(answers.next().unwrap());
    let second = answers.next().unwrap();
    assert!(is_refused(&second), "{second:?}");
    shop.audit().await;
}
