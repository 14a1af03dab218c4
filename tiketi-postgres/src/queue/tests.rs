use std::convert::Infallible;
use std::time::Duration;

use tiketi_core::decide::{CreateEvent, MAX_CLOCK_LEAD, Scope};
use tiketi_core::{
    CommandError, CommandKey, Currency, Event, EventDetails, EventInput, EventStatus, FactBody, SaleWindow,
    Timestamp, catalog::NewEvent, clock::TimeOrderedIds, store::CatalogStore as _,
};
use tiketi_postgres_harness::{Database, Server};
use tiketi_sql::{BatchCommand, Reply, pending};
use tokio::sync::oneshot::Receiver;

use super::*;
use crate::store::PostgresStore;
use crate::working_set::WorkingSet;
use crate::{SchemaName, migrate};

mod ahead;

/// Index of the command that makes its batch fail.
const POISONED: usize = 100;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// Changes nothing.
    Nothing,
    /// Sets another title of the event.
    Rename,
    /// Announces a fact.
    Tell,
    /// Sets a title of the event that the database refuses when the batch is written.
    Refused,
    /// Panics in the middle of its decision.
    Panic,
}

impl BatchCommand<Postgres> for Step {
    type Found = ();
    type Refused = Infallible;

    fn decide(&mut self, set: &mut WorkingSet) -> Result<(), CommandError<Infallible>> {
        if matches!(self, Self::Nothing) {
            return Ok(());
        }
        set.announce(
            Timestamp::EPOCH,
            FactBody::EventStatusChanged { before: EventStatus::Upcoming, status: EventStatus::OnSale },
        );
        match self {
            Self::Nothing | Self::Tell => {}
            Self::Rename => rename(set, "Spring Lights")?,
            Self::Refused => rename(set, "a\0b")?,
            Self::Panic => panic!("a defect in a rule"),
        }
        Ok(())
    }
}

fn rename(set: &mut WorkingSet, title: &str) -> Result<(), StoreError> {
    let event = set.snapshot().map(|it| it.event().clone()).unwrap();
    let details = event.details.clone().title(title);
    set.set_event(Event { details, ..event })
}

/// Creates event queues on a new database with one event.
async fn queues() -> (Database, EventQueues, EventId) {
    let server = Server::shared().await;
    let database =
        Database::fresh(server, |options| async move { migrate(&options, &SchemaName::default()).await })
            .await;
    let pool = database.pool(2).await;
    let queues = EventQueues::new(
        &pool,
        Arc::default(),
        BatchOptions { clock_lead: MAX_CLOCK_LEAD, plan_cache_mode: PlanCacheMode::default() },
    );
    let (opens, closes) = (Timestamp::EPOCH, Timestamp::FAR_FUTURE);
    let details = EventDetails::new("Winter Lights", closes, SaleWindow::new(opens, closes).unwrap());
    let input = EventInput::new(details, Currency::KRW);
    let new = NewEvent::assemble(&input, None, &TimeOrderedIds, Timestamp::EPOCH).unwrap();
    let event = new.event.id;
    let key = CommandKey::from_uuid(event.as_uuid());
    let store = PostgresStore::new(pool);
    store.create_event(CreateEvent::new(Timestamp::EPOCH, key, new)).await.unwrap();
    (database, queues, event)
}

/// Runs a full batch with one failing command, and returns that command's error.
async fn fails_alone(poison: Step) -> StoreError {
    let (_database, queues, event) = queues().await;
    let job = |at: usize| pending(if at == POISONED { poison } else { Step::Tell });
    let (jobs, answers): (Vec<_>, Vec<Receiver<Reply<Postgres, Step>>>) = (0..MAX_BATCH).map(job).unzip();
    let mut kept = None;
    let committed = commit_batch(&queues.writer, event, &mut kept, jobs);
    tokio::time::timeout(Duration::from_mins(2), committed).await.expect("the batch is settled");
    let transactions = queues.writer.counted.so_far().transactions;
    assert_eq!(transactions, 17, "the whole, and two halves at each of eight steps");
    let mut failed = None;
    for (at, mut answer) in answers.into_iter().enumerate() {
        match answer.try_recv().unwrap() {
            Err(CommandError::Store(error)) if at == POISONED => failed = Some(error),
            other => assert!(other.is_ok(), "command {at}: {other:?}"),
        }
    }
    failed.unwrap()
}

/// Fails if the commands of a failed batch run again one by one (257 transactions), or if SQLSTATE 22021 is not
/// classified (`Internal`).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_command_is_isolated_by_halves_and_fails_alone() {
    let failed = fails_alone(Step::Refused).await;
    assert_eq!(failed.kind(), StoreErrorKind::InvalidData);
    assert!(!failed.is_retryable() && !failed.may_have_applied());
}

/// Fails if a panic ends the worker: no command of the batch is then answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_panics_is_isolated_by_halves_and_fails_alone() {
    let failed = fails_alone(Step::Panic).await;
    assert_eq!(failed.kind(), StoreErrorKind::Internal);
    assert_eq!(failed.to_string(), "a command panicked: a defect in a rule");
}

/// A worker whose command panicked executes the next command, and its queue loses none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_queue_continues_after_a_panic() {
    let (_database, queues, event) = queues().await;
    let queues = Arc::new(queues);
    let asked = [Step::Tell, Step::Panic, Step::Tell].map(|step| queues.run(event, step));
    let all = futures::future::join_all(asked);
    let all = tokio::time::timeout(Duration::from_mins(2), all).await.expect("all are answered");
    let fine: Vec<_> = all.iter().map(Result::is_ok).collect();
    assert_eq!(fine, [true, false, true], "{all:?}");
    queues.run(event, Step::Tell).await.unwrap();
}
