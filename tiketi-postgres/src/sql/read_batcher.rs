//! Joins reads by id: those that arrive while a statement runs share the next one.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use tiketi_core::StoreError;
use tiketi_sql::{closed, panicked, shared};
use tokio::sync::oneshot::{self, Sender};

use crate::sql::session::Pool;

/// Most concurrent statements for one kind of row; a later read waits for the end of one of them.
const MAX_RUNNING: usize = 2;
/// Most ids of one statement. Without statistics, the planner assumes that many rows have one id, and would read all
/// rows once for a long list.
const MAX_IDS: usize = 16;

/// A kind of row that is read by its id.
pub(crate) trait ById: Clone + Send + Sync + Sized + 'static {
    /// The id's type.
    type Id: Copy + Ord + Hash + Send + Sync + 'static;

    /// Returns the id of a row.
    fn id(&self) -> Self::Id;

    /// Reads the rows with these ids that exist.
    fn read(pool: &Pool, ids: Vec<Self::Id>) -> impl Future<Output = Result<Vec<Self>, StoreError>> + Send;
}

/// Reads rows of one kind: at once while there are few callers, and together when there are many.
pub(crate) struct ReadBatcher<R: ById> {
    asked: Mutex<Asked<R>>,
}

struct Asked<R: ById> {
    running: usize,
    waiting: Vec<(R::Id, Answer<R>)>,
}

type Answer<R> = Sender<Result<Option<R>, StoreError>>;

impl<R: ById> Default for ReadBatcher<R> {
    fn default() -> Self {
        Self { asked: Mutex::new(Asked { running: 0, waiting: Vec::new() }) }
    }
}

impl<R: ById> ReadBatcher<R> {
    /// Returns the row of an id, as it is at the time of the call or later.
    pub(crate) async fn find(self: &Arc<Self>, pool: &Pool, id: R::Id) -> Result<Option<R>, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.ask(pool, id, answer);
        answered.await.map_err(|_| closed())?
    }

    fn ask(self: &Arc<Self>, pool: &Pool, id: R::Id, answer: Answer<R>) {
        let mut asked = self.lock();
        asked.waiting.push((id, answer));
        if asked.running < MAX_RUNNING {
            asked.running += 1;
            // A separate task, so that a caller that drops its future does not cancel other callers' answers.
            let runner = Runner { read_batcher: Arc::clone(self), has_left: false };
            tokio::spawn(serve(runner, pool.clone()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Asked<R>> {
        // A panic cannot leave the map in an inconsistent state.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that runs statements.
struct Runner<R: ById> {
    read_batcher: Arc<ReadBatcher<R>>,
    has_left: bool,
}

impl<R: ById> Runner<R> {
    /// Takes the waiting ids, up to one statement; ends the task if there are none.
    fn take(&mut self) -> Option<Vec<(R::Id, Answer<R>)>> {
        let mut asked = self.read_batcher.lock();
        if asked.waiting.is_empty() {
            asked.running -= 1;
            self.has_left = true;
            return None;
        }
        let count = asked.waiting.len().min(MAX_IDS);
        Some(asked.waiting.drain(..count).collect())
    }
}

impl<R: ById> Drop for Runner<R> {
    /// Fails the callers that wait for a task that ended early, by a defect or with its runtime.
    fn drop(&mut self) {
        if !self.has_left {
            let mut asked = self.read_batcher.lock();
            asked.running -= 1;
            asked.waiting.clear();
        }
    }
}

async fn serve<R: ById>(mut runner: Runner<R>, pool: Pool) {
    while let Some(asked) = runner.take() {
        let ids: BTreeSet<R::Id> = asked.iter().map(|(id, _)| *id).collect();
        let read = AssertUnwindSafe(R::read(&pool, ids.into_iter().collect())).catch_unwind().await;
        let found = read.unwrap_or_else(|panic| Err(panicked(&*panic))).map_err(Arc::new);
        let found = found.map(|rows| rows.into_iter().map(|row| (row.id(), row)).collect::<HashMap<_, _>>());
        for (id, answer) in asked {
            let row = found.as_ref().map(|rows| rows.get(&id).cloned()).map_err(shared);
            // If the caller has dropped its future, no answer is needed.
            let _gone = answer.send(row);
        }
    }
}

impl<R: ById> fmt::Debug for ReadBatcher<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadBatcher").field("running", &self.lock().running).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::join_all;
    use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
    use tiketi_core::StoreErrorKind;
    use tokio::sync::Semaphore;

    use super::*;

    /// A row for each even number; a read of 13 panics.
    #[derive(Debug, Clone, PartialEq)]
    struct Even(u32);

    const UNLUCKY: u32 = 13;
    const DEFECTIVE: u32 = 17;
    /// Reads from here on wait for the gate.
    const GATED: u32 = 1_000;
    static GATE: Semaphore = Semaphore::const_new(0);
    static AT_GATE: AtomicUsize = AtomicUsize::new(0);

    impl ById for Even {
        type Id = u32;

        fn id(&self) -> u32 {
            self.0
        }

        async fn read(_pool: &Pool, ids: Vec<u32>) -> Result<Vec<Self>, StoreError> {
            if ids.iter().any(|id| *id >= GATED) {
                AT_GATE.fetch_add(1, Ordering::Relaxed);
                let _through = GATE.acquire().await.unwrap();
            }
            assert!(!ids.contains(&DEFECTIVE), "a defect of the adapter");
            if ids.contains(&UNLUCKY) {
                return Err(StoreError::new(StoreErrorKind::Unavailable, "it is away"));
            }
            Ok(ids.into_iter().filter(|id| id % 2 == 0).map(Self).collect())
        }
    }

    /// A pool that gets no request.
    fn pool() -> Pool {
        Pool::of(
            PgPoolOptions::new().connect_lazy_with(PgConnectOptions::new_without_pgpass()),
            Arc::default(),
            "read",
        )
    }

    /// Fails without a limit on concurrent statements.
    #[tokio::test]
    async fn those_who_ask_while_others_are_answered_share_the_next_statement() {
        let (read_batcher, pool) = (Arc::<ReadBatcher<Even>>::default(), pool());
        let mut reconciliation = Vec::new();
        for id in GATED..GATED + 100 {
            let (read_batcher, pool) = (Arc::clone(&read_batcher), pool.clone());
            reconciliation.push(tokio::spawn(async move { read_batcher.find(&pool, id).await }));
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        }
        assert_eq!(AT_GATE.load(Ordering::Relaxed), MAX_RUNNING);
        GATE.add_permits(MAX_RUNNING);
        for (id, found) in (GATED..).zip(join_all(reconciliation).await) {
            assert_eq!(found.unwrap().unwrap(), (id % 2 == 0).then_some(Even(id)));
        }
        let statements = MAX_RUNNING + (100 - MAX_RUNNING).div_ceil(MAX_IDS);
        assert_eq!(AT_GATE.load(Ordering::Relaxed), statements);
        assert_eq!(read_batcher.lock().running, 0);
    }

    #[tokio::test]
    async fn each_caller_gets_its_row_and_all_callers_get_a_shared_failure() {
        let (read_batcher, pool) = (Arc::<ReadBatcher<Even>>::default(), pool());
        let found = join_all((100..300).map(|id| read_batcher.find(&pool, id))).await;
        for (id, found) in (100..).zip(found) {
            assert_eq!(found.unwrap(), (id % 2 == 0).then_some(Even(id)));
        }
        let failed = join_all([UNLUCKY, 14].map(|id| read_batcher.find(&pool, id))).await;
        for failed in failed {
            assert_eq!(failed.unwrap_err().kind(), StoreErrorKind::Unavailable);
        }
        assert_eq!(read_batcher.find(&pool, 14).await.unwrap(), Some(Even(14)));
    }

    /// Fails if the panic ends the reading task: the error is then `Unavailable`.
    #[tokio::test]
    async fn a_panic_fails_its_callers_and_later_reads_are_answered() {
        let (read_batcher, pool) = (Arc::<ReadBatcher<Even>>::default(), pool());
        let failed = read_batcher.find(&pool, DEFECTIVE).await.unwrap_err();
        assert_eq!(failed.kind(), StoreErrorKind::Internal);
        assert_eq!(failed.to_string(), "a command panicked: a defect of the adapter");
        assert_eq!(read_batcher.find(&pool, 4).await.unwrap(), Some(Even(4)));
    }

    #[tokio::test]
    async fn a_dropped_caller_cancels_no_other_answer() {
        let (read_batcher, pool) = (Arc::<ReadBatcher<Even>>::default(), pool());
        let left = read_batcher.find(&pool, 2);
        drop(tokio::time::timeout(std::time::Duration::ZERO, left).await);
        assert_eq!(read_batcher.find(&pool, 4).await.unwrap(), Some(Even(4)));
    }
}
