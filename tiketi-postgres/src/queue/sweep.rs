//! Jobs over many events, each with its own time limit.

use std::sync::Arc;
use std::time::Duration;

use tiketi_core::{EventId, StoreError, StoreErrorKind, store::Swept};
use tiketi_sql::closed;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::queue::permits::Permits;

/// Most events that a job works on concurrently; with more locked events than this, a round takes longer.
const AT_ONCE: usize = 64;
/// How often a job checks whether an unfinished event is locked by another session.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After how many checks an event that is not locked is given up; a busy database may just be slow.
const LOOKS: usize = 10;

/// Works on events concurrently, and skips those that fail, or that are locked and not done within a second.
///
/// The work runs in separate tasks: skipped work is not stopped, and completes once the event is free.
pub(crate) async fn each<T, F>(
    permits: &Arc<Permits>,
    works: impl IntoIterator<Item = (EventId, F)>,
) -> Swept<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    let mut works = works.into_iter();
    let mut running = JoinSet::new();
    let mut swept = Swept::default();
    loop {
        while running.len() < AT_ONCE
            && let Some((event, work)) = works.next()
        {
            let permits = Arc::clone(permits);
            running.spawn(async move { (event, in_time(&permits, event, work).await) });
        }
        match running.join_next().await {
            Some(Ok((_, Ok(done)))) => swept.done.push(done),
            Some(Ok((event, Err(error)))) => swept.skipped.push((event, error)),
            // Only the end of the runtime stops them.
            Some(Err(_)) => {}
            None => return swept,
        }
    }
}

async fn in_time<T, F>(permits: &Permits, event: EventId, work: F) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    let mut work = tokio::spawn(work);
    for _ in 0..LOOKS {
        match timeout(LOOK_EVERY, &mut work).await {
            Ok(done) => return done.unwrap_or_else(|_| Err(closed())),
            Err(_) if permits.is_locked(event) => break,
            Err(_) => {}
        }
    }
    Err(StoreError::new(StoreErrorKind::Contention, "the event was not free in time"))
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::Instant;
    use uuid::Uuid;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn events_that_fail_or_hang_keep_no_other_back() {
        let event = |number: usize| EventId::from_uuid(Uuid::from_u128(number as u128));
        let (permits, began) = (Arc::new(Permits::new()), Instant::now());
        (1..AT_ONCE).for_each(|number| permits.note_locked(event(number)));
        let works = (0..2 * AT_ONCE).map(|number| {
            let work = async move {
                match number {
                    0 => Err(StoreError::corrupt("it contradicts itself")),
                    1..AT_ONCE => pending().await,
                    number => Ok(number),
                }
            };
            (event(number), work)
        });
        let mut swept = each(&permits, works).await;
        swept.done.sort_unstable();
        assert_eq!(swept.done, (AT_ONCE..2 * AT_ONCE).collect::<Vec<_>>());
        assert_eq!(swept.skipped.len(), AT_ONCE);
        assert_eq!(began.elapsed(), LOOK_EVERY);
    }

    #[tokio::test(start_paused = true)]
    async fn an_event_that_is_slow_and_not_locked_is_waited_for() {
        let event = EventId::from_uuid(Uuid::nil());
        let slow = async {
            tokio::time::sleep(3 * LOOK_EVERY).await;
            Ok(())
        };
        let swept = each(&Arc::new(Permits::new()), [(event, slow)]).await;
        assert_eq!((swept.done.len(), swept.skipped.len()), (1, 0));
    }
}
