use std::convert::Infallible;

use tempfile::TempDir;
use tiketi_core::broadcast::{Broadcast as _, EventRoom};
use tiketi_core::memory::MemoryBroadcast;
use tiketi_core::{
    Currency, EventDetails, EventId, EventInput, EventStatus, FactBody, SaleWindow, StoreErrorKind,
    Timestamp, catalog::NewEvent, clock::TimeOrderedIds,
};
use tokio::sync::oneshot;

use super::*;
use crate::store::SqliteStore;
use crate::{open, write as rows};

/// Index of the command that makes its batch fail.
const POISONED: usize = 100;

type Answer = oneshot::Receiver<Result<(), CommandError<Infallible>>>;

/// What the failing command does.
type Poison = fn(&mut WorkingSet<'_>) -> Result<(), StoreError>;

fn add_row(set: &mut WorkingSet<'_>, name: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO inbox (gateway, delivery, payment, received_at) VALUES ('test', ?1, ?2, 0)";
    rows::run(set.connection(), sql, (name, uuid::Uuid::nil())).map(drop)
}

/// Breaks a constraint, as two rows with the same key do.
fn contradict(set: &mut WorkingSet<'_>) -> Result<(), StoreError> {
    add_row(set, "twice")?;
    add_row(set, "twice")
}

fn panic_halfway(set: &mut WorkingSet<'_>) -> Result<(), StoreError> {
    add_row(set, "never seen")?;
    panic!("a defect in a rule");
}

/// Creates a full batch, in which each command but the failing one inserts a row, and the receivers of the answers.
fn batch(poison: Poison) -> (Vec<QueuedCommand>, Vec<Answer>) {
    let job = |at: usize| {
        let decide = move |set: &mut WorkingSet<'_>| {
            let done = if at == POISONED { poison(set) } else { add_row(set, &at.to_string()) };
            done.map_err(CommandError::from)
        };
        pending(Work { decide, found: PhantomData })
    };
    (0..MAX_BATCH).map(job).unzip()
}

fn file() -> (TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let connection = open::writer(&folder.path().join("tiketi.db")).unwrap();
    (folder, connection)
}

/// Runs a full batch with one failing command, and returns that command's error.
fn fails_alone(poison: Poison) -> StoreError {
    let (_folder, mut connection) = file();
    let (jobs, answers) = batch(poison);
    let transactions = commit_batch(&mut connection, &mut None, jobs, &WriterShared::default());
    assert_eq!(transactions, 17, "the whole, and two halves at each of eight steps");
    let mut failed = None;
    for (at, mut answer) in answers.into_iter().enumerate() {
        match answer.try_recv().unwrap() {
            Err(CommandError::Store(error)) if at == POISONED => failed = Some(error),
            other => assert!(other.is_ok(), "command {at}: {other:?}"),
        }
    }
    let kept = connection.query_row("SELECT count(*) FROM inbox", (), |row| row.get::<_, isize>(0));
    assert_eq!(kept.unwrap(), 255);
    failed.unwrap()
}

/// Fails if the commands of a failed batch run again one by one (257 transactions).
#[test]
fn a_failing_command_is_isolated_by_halves_and_fails_alone() {
    assert_eq!(fails_alone(contradict).kind(), StoreErrorKind::Corrupt);
}

/// Fails without `catch_unwind` around `commit`: the panic then ends the test's thread.
#[test]
fn a_command_that_panics_is_isolated_by_halves_and_fails_alone() {
    let failed = fails_alone(panic_halfway);
    assert_eq!(failed.kind(), StoreErrorKind::Internal);
    assert_eq!(failed.to_string(), "a command panicked: a defect in a rule");
}

/// The error is not one of a command, but of the whole file, so the batch is not split: each half would wait again.
#[test]
fn an_error_of_the_file_fails_all_commands_without_halving() {
    let (folder, mut connection) = file();
    connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    let other = Connection::open(folder.path().join("tiketi.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (jobs, answers) = batch(contradict);
    assert_eq!(commit_batch(&mut connection, &mut None, jobs, &WriterShared::default()), 1);
    for mut answer in answers {
        let answer = answer.try_recv().unwrap();
        assert!(
            matches!(&answer, Err(CommandError::Store(error)) if error.kind() == StoreErrorKind::Unavailable),
            "{answer:?}"
        );
    }
}

/// Passes as a command; only the commit fails, as it does when the disk is full.
fn fail_at_the_commit(set: &mut WorkingSet<'_>) -> Result<(), StoreError> {
    let orphan = "PRAGMA defer_foreign_keys = ON; CREATE TABLE parents (id INTEGER PRIMARY KEY); \
        CREATE TABLE children (parent INTEGER REFERENCES parents); INSERT INTO children VALUES (7)";
    set.connection().execute_batch(orphan).map_err(failed)
}

/// Fails if the working set is cached before the commit: the next batch would decide on rows that no file has.
#[test]
fn nothing_stays_cached_after_a_failed_commit() {
    let (_folder, mut connection) = file();
    let mut cache = None;
    let mut run = |cache: &mut Option<WriterCache>, decide: Poison| {
        let decide = move |set: &mut WorkingSet<'_>| decide(set).map_err(CommandError::from);
        let (job, mut answer): (_, Answer) = pending(Work { decide, found: PhantomData });
        commit_batch(&mut connection, cache, vec![job], &WriterShared::default());
        answer.try_recv().unwrap()
    };
    assert!(run(&mut cache, |set| add_row(set, "before")).is_ok());
    assert!(cache.is_some(), "a commit leaves its working set");
    assert!(run(&mut cache, fail_at_the_commit).is_err());
    assert!(cache.is_none());
    assert!(run(&mut cache, |set| add_row(set, "after")).is_ok());
}

/// Seen to fail with the facts published before the commit.
#[test]
fn what_is_not_committed_is_told_to_no_one() {
    let (_folder, mut connection) = file();
    let shared = WriterShared::default();
    let broadcast = Arc::new(MemoryBroadcast::default());
    shared.publisher.add(Arc::<MemoryBroadcast>::clone(&broadcast));
    let event = new_event(&connection);
    let mut listener = broadcast.listen(EventRoom(event));
    for (end, news) in [(fail_at_the_commit as Poison, 0), (|_| Ok(()), 1)] {
        let decide = move |set: &mut WorkingSet<'_>| {
            let status = EventStatus::OnSale;
            set.open_event(event)?;
            set.announce(
                event,
                Timestamp::EPOCH,
                FactBody::EventStatusChanged { before: EventStatus::Upcoming, status },
            )?;
            end(set).map_err(CommandError::<Infallible>::from)
        };
        let (job, mut answer) = pending(Work { decide, found: PhantomData });
        commit_batch(&mut connection, &mut None, vec![job], &shared);
        assert_eq!(answer.try_recv().unwrap().is_ok(), news == 1);
        assert_eq!(std::iter::from_fn(|| listener.try_next()).count(), news);
    }
}

/// Inserts an event without seats.
fn new_event(connection: &Connection) -> EventId {
    let window = SaleWindow::new(Timestamp::EPOCH, Timestamp::FAR_FUTURE).unwrap();
    let details = EventDetails::new("Winter Lights", Timestamp::FAR_FUTURE, window);
    let input = EventInput::new(details, Currency::KRW);
    let new = NewEvent::assemble(&input, None, &TimeOrderedIds, Timestamp::EPOCH).unwrap();
    rows::new_event(connection, &new.event, 1, false).unwrap();
    new.event.id
}

/// Fails if a panic ends the writer's thread: no later command is then answered.
#[tokio::test]
async fn a_store_continues_after_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("tiketi.db")).unwrap();
    let failure = store.write(panic_halfway).await.unwrap_err();
    assert_eq!((failure.kind(), failure.is_retryable()), (StoreErrorKind::Internal, false));
    store.write(|set| add_row(set, "after")).await.unwrap();
    let count = |connection: &Connection| {
        let sql = "SELECT count(*) FROM inbox";
        connection.query_row(sql, (), |row| row.get::<_, u32>(0)).map_err(failed)
    };
    // More reads than there are reader threads.
    for _ in 0..16 {
        let read = store.read(|_| -> Result<(), StoreError> { panic!("a defect in a read") }).await;
        assert_eq!(read.unwrap_err().to_string(), "a command panicked: a defect in a read");
    }
    assert_eq!(store.read(count).await.unwrap(), 1);
}
