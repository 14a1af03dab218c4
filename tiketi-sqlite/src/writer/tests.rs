use std::convert::Infallible;

use tempfile::TempDir;
use tiketi_core::StoreErrorKind;
use tokio::sync::oneshot;

use super::*;
use crate::store::SqliteStore;
use crate::{open, write as rows};

/// The place of the command that spoils its batch.
const POISONED: usize = 100;

type Answer = oneshot::Receiver<Result<(), CommandError<Infallible>>>;

/// What the poisoned command does.
type Poison = fn(&mut WorkingSet<'_>) -> Result<(), StoreError>;

fn add_row(set: &mut WorkingSet<'_>, name: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO inbox (gateway, delivery, payment, received_at) VALUES ('test', ?1, ?2, 0)";
    rows::run(set.connection(), sql, (name, uuid::Uuid::nil())).map(drop)
}

/// Fails at a constraint, as a row does that another one contradicts.
fn contradict(set: &mut WorkingSet<'_>) -> Result<(), StoreError> {
    add_row(set, "twice")?;
    add_row(set, "twice")
}

fn panic_halfway(set: &mut WorkingSet<'_>) -> Result<(), StoreError> {
    add_row(set, "never seen")?;
    panic!("a defect in a rule");
}

/// A full batch, each with a row of its own but the poisoned one, and the answers to it.
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

/// Runs a full batch with one poisoned command, and returns how that one failed.
fn fails_alone(poison: Poison) -> StoreError {
    let (_folder, mut connection) = file();
    let (jobs, answers) = batch(poison);
    let transactions = commit_batch(&mut connection, &mut None, jobs, &StoreMetrics::default());
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

/// Seen to take 257 transactions with the commands run again one by one.
#[test]
fn a_poisoned_command_is_found_by_halves_and_fails_alone() {
    assert_eq!(fails_alone(contradict).kind(), StoreErrorKind::Corrupt);
}

/// Seen to end the thread of the test while `commit` was called without `catch_unwind`.
#[test]
fn a_command_that_panics_is_found_by_halves_and_fails_alone() {
    let failed = fails_alone(panic_halfway);
    assert_eq!(failed.kind(), StoreErrorKind::Internal);
    assert_eq!(failed.to_string(), "a command panicked: a defect in a rule");
}

/// A row that is locked elsewhere is no fault of a command: the wait for it is not repeated for each half.
#[test]
fn what_ails_the_file_is_answered_to_all_at_once() {
    let (folder, mut connection) = file();
    connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    let other = Connection::open(folder.path().join("tiketi.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (jobs, answers) = batch(contradict);
    assert_eq!(commit_batch(&mut connection, &mut None, jobs, &StoreMetrics::default()), 1);
    for mut answer in answers {
        let answer = answer.try_recv().unwrap();
        assert!(
            matches!(&answer, Err(CommandError::Store(error)) if error.kind() == StoreErrorKind::Unavailable),
            "{answer:?}"
        );
    }
}

/// Seen to fail, with every later command unanswered, while a panic ended the thread that writes.
#[tokio::test]
async fn a_store_goes_on_after_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("tiketi.db")).unwrap();
    let failure = store.write(panic_halfway).await.unwrap_err();
    assert_eq!((failure.kind(), failure.is_retryable()), (StoreErrorKind::Internal, false));
    store.write(|set| add_row(set, "after")).await.unwrap();
    let count = |connection: &Connection| {
        let sql = "SELECT count(*) FROM inbox";
        connection.query_row(sql, (), |row| row.get::<_, u32>(0)).map_err(failed)
    };
    // More than there are threads that read.
    for _ in 0..16 {
        let read = store.read(|_| -> Result<(), StoreError> { panic!("a defect in a read") }).await;
        assert_eq!(read.unwrap_err().to_string(), "a command panicked: a defect in a read");
    }
    assert_eq!(store.read(count).await.unwrap(), 1);
}
