//! One batch: lock the event, load what its commands look at, decide them, write the union, commit once.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tiketi_core::{EventId, StoreError, StoreErrorKind};
use tokio::time::Instant;

use crate::clock::BatchClock;
use crate::desk::Desk;
use crate::error::{lock_timed_out, panicked, shared};
use crate::job::Job;
use crate::lanes::Lanes;
use crate::load;
use crate::permits::LOCK_PATIENCE;
use crate::places::Places;
use crate::retry::pause;
use crate::session::Session;
use crate::wants::Wants;
use crate::write;

/// Most rows a busy lane keeps in memory from one batch to the next.
const MAX_KEPT: usize = 50_000;

/// Begins a batch, with the milliseconds for which it may wait for a lock.
///
/// Every statement of a batch finds its rows by a key, whatever the planner believes of their number: no table is read
/// whole, and new values meet their rows in a hash table, not each with each. So no plan is better for being made anew,
/// and each connection makes one a statement. The settings end with the transaction.
///
/// `lock_timeout` is long enough for the batches of other servers that are ahead in the queue for the event's row, and
/// short enough that an event that somebody keeps locked leaves its permit soon; see [`crate::permits`]. The other
/// time-out is explained at [`crate::session::BEGIN`]. All of it travels with `BEGIN`, in one message.
macro_rules! begin {
    ($lock_timeout:literal) => {
        concat!(
            "BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_nestloop = off; SET LOCAL jit = off; \
                SET LOCAL plan_cache_mode = force_generic_plan; \
                SET LOCAL idle_in_transaction_session_timeout = 5000; SET LOCAL lock_timeout = ",
            $lock_timeout
        )
    };
}
const BEGIN: &str = begin!("200");
/// For an event that could not be locked in that time: the queue of servers may just be long.
const BEGIN_WAITING: &str = begin!("500");

/// An event's rows as one batch left them, of use to the next one if nobody else wrote in between.
pub(crate) struct Kept {
    desk: Desk,
    turn: i64,
    places: Places,
    /// Whether no other server wrote to the event since, as far as the last batch could see.
    is_alone: bool,
}

/// Commits a batch as one; if one of its commands may be to blame for a failure, its halves, in their order.
///
/// One such command among 256 costs 16 more transactions, and is answered with its failure alone.
pub(crate) async fn settle(lanes: &Lanes, event: EventId, kept: &mut Option<Kept>, jobs: Vec<Box<dyn Job>>) {
    let mut parts = vec![jobs];
    while let Some(mut jobs) = parts.pop() {
        match attempts(lanes, event, kept, &mut jobs).await {
            Err(error) if jobs.len() > 1 && may_be_of_one(&error) => {
                let later = jobs.split_off(jobs.len() / 2);
                parts.extend([later, jobs]);
            }
            done => answer(jobs, done),
        }
    }
}

/// Tells whether a single command can have made a whole batch fail like this.
fn may_be_of_one(error: &StoreError) -> bool {
    match error.kind() {
        StoreErrorKind::Corrupt | StoreErrorKind::InvalidData | StoreErrorKind::Internal => true,
        StoreErrorKind::Unavailable
        | StoreErrorKind::Contention
        | StoreErrorKind::OutcomeUnknown
        | StoreErrorKind::ClockAhead => false,
    }
}

fn answer(jobs: impl IntoIterator<Item = Box<dyn Job>>, done: Result<(), StoreError>) {
    let done = done.map_err(Arc::new);
    for job in jobs {
        job.answer(done.as_ref().copied().map_err(shared));
    }
}

/// Runs jobs until they are committed, fail for good, have failed often enough, or have waited for a lock long enough.
///
/// No permit is kept between tries, so that an event that is locked elsewhere keeps no other one from being written.
async fn attempts(
    lanes: &Lanes,
    event: EventId,
    kept: &mut Option<Kept>,
    jobs: &mut [Box<dyn Job>],
) -> Result<(), StoreError> {
    let deadline = Instant::now() + LOCK_PATIENCE;
    let mut tried = 0;
    loop {
        let permit = lanes.permits.acquire(event, deadline).await?;
        let begin = if permit.is_waiter() { BEGIN_WAITING } else { BEGIN };
        lanes.counted.add_transaction();
        // A panic drops the session, which rolls the transaction back; the rows that were kept are dropped with it.
        let attempt = AssertUnwindSafe(attempt(lanes, begin, event, kept, jobs)).catch_unwind().await;
        let done = attempt.unwrap_or_else(|panic| Err(panicked(&*panic)));
        drop(permit);
        match done {
            Err(error) if lock_timed_out(&error) => {
                lanes.permits.note_locked(event);
                if Instant::now() >= deadline {
                    return Err(error);
                }
            }
            Err(error) if pause(tried, &error).await => tried += 1,
            done => return done,
        }
    }
}

/// Runs jobs in one transaction, and returns once they are committed.
///
/// Rows are kept only across commits: after a failure they are read again.
async fn attempt(
    lanes: &Lanes,
    begin: &'static str,
    event: EventId,
    kept: &mut Option<Kept>,
    jobs: &mut [Box<dyn Job>],
) -> Result<(), StoreError> {
    let before = kept.take();
    let mut session = lanes.writing.begin_in_task(begin).await?;
    let Kept { mut desk, turn, mut places, is_alone } =
        open(&mut session, event, before, lanes.clock_lead).await?;
    lanes.permits.note_free(event);
    let mut wants = Wants::default();
    for job in jobs.iter() {
        job.wants(&mut wants);
    }
    load::rows(&mut session, event, &mut desk, &wants).await?;
    for job in jobs {
        job.decide(&mut desk)?;
    }
    let mut turn = turn;
    if desk.changed().is_empty() {
        session.rollback().await?;
    } else {
        write::all(&mut session, event, &desk, &mut places).await?;
        session.commit().await?;
        turn += 1;
    }
    // An event that does not exist has no row to look at again, and may be created by the next batch.
    let exists = desk.snapshot().is_some();
    let is_worth_keeping = exists && desk.size() <= MAX_KEPT && !desk.changed().moves_ticket_types();
    desk.settled();
    *kept = is_worth_keeping.then_some(Kept { desk, turn, places, is_alone });
    Ok(())
}

/// Locks an event against every other server, and loads it unless what is kept of it is still true.
async fn open(
    session: &mut Session,
    event: EventId,
    kept: Option<Kept>,
    margin: Duration,
) -> Result<Kept, StoreError> {
    // Where other servers write too, the row is elsewhere each time: to look where it was would be for nothing.
    let place = kept.as_ref().filter(|kept| kept.is_alone).map(|kept| &*kept.places.event);
    let Some(locked) = load::lock(session, event, place).await? else {
        let (desk, places) = (Desk::new(None), Places::default());
        return Ok(Kept { desk, turn: 0, places, is_alone: false });
    };
    let clock = BatchClock { store_now: locked.store_now, margin };
    let is_first = kept.is_none();
    if let Some(mut kept) = kept
        && kept.turn == locked.turn
    {
        kept.places.event = locked.place;
        kept.desk.set_clock(clock);
        return Ok(Kept { is_alone: true, ..kept });
    }
    let turn = locked.turn;
    let (snapshot, places) = load::event(session, locked).await?;
    let mut desk = Desk::new(Some(snapshot));
    desk.set_clock(clock);
    Ok(Kept { desk, turn, places, is_alone: is_first })
}

#[cfg(test)]
mod tests;
