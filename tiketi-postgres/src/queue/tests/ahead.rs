//! Batches that are decided ahead, one step at a time, and commits that fail.

use sqlx::{Connection, PgConnection};
use tiketi_conformance::{Handles, TestShop};
use tiketi_core::broadcast::{Broadcast as _, EventRoom, PublicNews, Received};
use tiketi_core::decide::AnyCommand;
use tiketi_core::memory::MemoryBroadcast;
use tokio::time::timeout;

use super::*;
use crate::queue::ahead::decide_ahead;

/// Longer than any commit of these tests.
const PATIENCE: Duration = Duration::from_mins(1);
/// Blocks the commit of a batch while another session has the advisory lock of the revision that the event gets, and
/// refuses it while there is a row in `refused`.
const GATE: [&str; 3] = [
    "CREATE TABLE public.refused (at int)",
    "CREATE FUNCTION public.gate() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$ BEGIN \
        PERFORM pg_advisory_xact_lock_shared(NEW.revision); \
        IF EXISTS (SELECT FROM public.refused) THEN \
            RAISE EXCEPTION 'refused' USING ERRCODE = 'check_violation'; END IF; \
        RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER gate AFTER UPDATE ON tiketi.events DEFERRABLE INITIALLY DEFERRED \
        FOR EACH ROW EXECUTE FUNCTION public.gate()",
];
const AT_GATE: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
const END_AT_GATE: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks \
    WHERE locktype = 'advisory' AND NOT granted \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

async fn run(connection: &mut PgConnection, sql: &'static str) {
    sqlx::query(sql).execute(connection).await.unwrap();
}

/// Builds the gate, and returns the session that opens and closes it.
async fn gate(database: &Database) -> PgConnection {
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    for sql in GATE {
        run(&mut connection, sql).await;
    }
    connection
}

/// Waits until something is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, waiting).await.expect(what);
}

async fn counted(connection: &mut PgConnection, sql: &'static str) -> bool {
    sqlx::query_scalar::<_, i64>(sql).fetch_one(connection).await.unwrap() > 0
}

fn one(step: Step) -> (Vec<QueuedCommand>, Receiver<Reply<Postgres, Step>>) {
    let (job, answer) = pending(step);
    (vec![job], answer)
}

/// Commits a first batch, and returns the rows that it leaves.
async fn left_by_first_batch(queues: &EventQueues, event: EventId) -> CachedWorkingSet {
    let (jobs, mut answer) = one(Step::Tell);
    let mut kept = None;
    commit_batch(&queues.writer, event, &mut kept, jobs).await;
    answer.try_recv().unwrap().unwrap();
    kept.unwrap()
}

/// Commits a batch that is decided ahead on these rows; returns whether it is to be decided again.
async fn is_decided_again(
    queues: &Arc<EventQueues>,
    event: EventId,
    cached: CachedWorkingSet,
    jobs: Vec<QueuedCommand>,
) -> bool {
    let CachedWorkingSet { mut rows, places } = cached;
    let permit = queues.writer.permits.try_acquire(event).unwrap();
    let decided = decide_ahead(queues, event, &mut rows, permit, jobs).await;
    let Ok(batch) = decided else { panic!("it needs the lock") };
    let committed = batch.commit(Arc::clone(queues), places).committed().await;
    committed.is_err_and(|again| !again.is_empty())
}

/// Seen to fail with the place of the event's row compared only, which may be the same although another server wrote.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_decided_ahead_takes_effect_only_on_the_revision_it_was_decided_on() {
    let (_database, queues, event) = queues().await;
    let queues = Arc::new(queues);
    for step in [Step::Tell, Step::Nothing] {
        let (jobs, mut answer) = one(step);
        let rows = left_by_first_batch(&queues, event).await;
        assert!(!is_decided_again(&queues, event, rows, jobs).await);
        assert!(answer.try_recv().unwrap().is_ok());

        let (jobs, mut answer) = one(step);
        let mut rows = left_by_first_batch(&queues, event).await;
        rows.rows.revision -= 1;
        assert!(is_decided_again(&queues, event, rows, jobs).await, "{step:?}");
        assert!(answer.try_recv().is_err(), "{step:?} is not answered");
    }
}

/// Seen to fail without the question whether it changes the catalogue: the new title is then lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_organiser_is_not_decided_ahead() {
    let (_database, queues, event) = queues().await;
    let queues = Arc::new(queues);
    let CachedWorkingSet { mut rows, places: _ } = left_by_first_batch(&queues, event).await;
    let permit = queues.writer.permits.try_acquire(event).unwrap();
    let (jobs, _answer) = one(Step::Rename);
    assert!(decide_ahead(&queues, event, &mut rows, permit, jobs).await.is_err());
}

/// Seen to fail if its worker keeps the permit while it waits for another one: no other batch returns one here.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_batch_decided_ahead_returns_its_permit_before_it_is_decided_again() {
    let (database, queues, event) = queues().await;
    let (queues, mut gate) = (Arc::new(queues), gate(&database).await);
    let send = |step| {
        let queues = Arc::clone(&queues);
        tokio::spawn(async move { queues.run(event, step).await })
    };
    let (permits, other) = (&queues.writer.permits, EventId::from_uuid(uuid::Uuid::nil()));
    let transactions = || queues.writer.counted.so_far().transactions;
    // Other events use all permits but two.
    let mut others: Vec<_> = (2..MAX_WRITERS).map(|_| permits.try_acquire(other).unwrap()).collect();
    run(
        &mut gate,
        "SELECT pg_advisory_lock(revision + 1), pg_advisory_lock(revision + 2) FROM tiketi.events",
    )
    .await;

    // The first batch of a worker leaves its rows to the next one, which is sent before the worker ends.
    let first = send(Step::Tell);
    until("the first batch commits", async || counted(&mut gate, AT_GATE).await).await;
    let second = send(Step::Tell);
    until("the next one waits", async || queues.lock().values().any(|queue| !queue.jobs.is_empty())).await;
    run(&mut gate, "SELECT pg_advisory_unlock(revision + 1) FROM tiketi.events").await;
    first.await.unwrap().unwrap();
    until("the second batch commits", async || counted(&mut gate, AT_GATE).await).await;
    let third = send(Step::Tell);
    until("the third is decided ahead", async || transactions() == 3).await;
    assert!(permits.try_acquire(other).is_none(), "it has the last permit");

    // Another event is the next in line, and takes the permit of the second batch, which fails.
    let mut next = std::pin::pin!(permits.acquire(other, Instant::now() + PATIENCE));
    assert!(futures::poll!(&mut next).is_pending());
    assert!(counted(&mut gate, END_AT_GATE).await);
    others.push(timeout(PATIENCE, next).await.expect("a failed batch returns its permit").unwrap());
    run(&mut gate, "SELECT pg_advisory_unlock_all()").await;
    let error = second.await.unwrap().unwrap_err();
    assert!(matches!(&error, CommandError::Store(error) if error.may_have_applied()), "{error:?}");
    timeout(PATIENCE, third).await.expect("it is decided again").unwrap().unwrap();
}

/// Seen to fail with the facts published before the commit, and whatever the outcome of the commit is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_committed_is_told_to_no_one() {
    let (database, queues, event) = queues().await;
    let (queues, mut gate) = (Arc::new(queues), gate(&database).await);
    let broadcast = Arc::new(MemoryBroadcast::default());
    queues.writer.publisher.add(Arc::<MemoryBroadcast>::clone(&broadcast));
    let mut listener = broadcast.listen(EventRoom(event));
    let on_sale = Received::News(PublicNews::Status { status: EventStatus::OnSale });

    let rows = left_by_first_batch(&queues, event).await;
    assert_eq!(listener.try_next(), Some(on_sale));
    run(&mut gate, "INSERT INTO public.refused VALUES (1)").await;
    let (jobs, _answer) = one(Step::Tell);
    assert!(is_decided_again(&queues, event, rows, jobs).await);
    assert_eq!(listener.try_next(), None, "it was decided ahead");
    let (jobs, mut answer) = one(Step::Tell);
    commit_batch(&queues.writer, event, &mut None, jobs).await;
    assert!(answer.try_recv().unwrap().is_err());
    assert_eq!(listener.try_next(), None, "it had the lock");
}

/// Seen to fail without the count of changed rows: the reservation is released, and its seat stays held.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_whose_rows_are_not_as_they_were_read_changes_nothing() {
    let (database, queues, _) = queues().await;
    let store = PostgresStore::new(database.pool(2).await);
    let shop = TestShop::over(Handles::new(vec![Arc::new(store)])).await;
    let hall = shop.hall().await;
    let send = async |kept: &mut Option<CachedWorkingSet>, command: AnyCommand| {
        let (job, answer) = pending(shop.envelope(command));
        commit_batch(&queues.writer, hall.event, kept, vec![job]).await;
        answer.await.unwrap()
    };
    let mut kept = None;
    let first_seat = shop.hold_seats(&hall, shop.buyer(), &[0]);
    let held = send(&mut kept, first_seat.into()).await.unwrap().reservation;
    // No batch of a server does so: it would change the event's revision.
    let mut rogue = PgConnection::connect_with(&database.options()).await.unwrap();
    run(&mut rogue, "UPDATE tiketi.seats SET version = version + 1 WHERE state = 'held'").await;
    let failed = send(&mut kept, shop.release(&held).into()).await.unwrap_err();
    assert!(
        matches!(&failed, CommandError::Store(error) if error.kind() == StoreErrorKind::Corrupt),
        "{failed:?}"
    );
    let kept = shop.store().reservation(held.id).await.unwrap().unwrap();
    assert_eq!(kept, held);
}
