//! Following an event: a task keeps its picture current while someone is connected.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tiketi_core::box_office::GAP_PATIENCE;
use tiketi_core::{BoxOffice, Timestamp};
use tokio::time::{Instant, sleep, sleep_until};

use super::event::LiveEvent;

/// How long after a failed read the store is read again.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// Shortest time between two looks at what was received, so that a burst is taken in together.
const BURST: Duration = Duration::from_millis(1);

/// Keeps an event in memory, and its picture current without readers, until it is dropped.
#[derive(Debug)]
pub(crate) struct Following {
    live: Arc<LiveEvent>,
}

impl Following {
    /// Follows an event; the first follower starts the task.
    pub(super) fn of(live: Arc<LiveEvent>, office: &BoxOffice) -> Self {
        live.followers.fetch_add(1, Ordering::SeqCst);
        if live.claim_task() {
            tokio::spawn(run(Arc::clone(&live), office.clone()));
        }
        Self { live }
    }

    /// Returns the event.
    pub(super) const fn live(&self) -> &Arc<LiveEvent> {
        &self.live
    }
}

impl Clone for Following {
    fn clone(&self) -> Self {
        // The task runs: this follower is there.
        self.live.followers.fetch_add(1, Ordering::SeqCst);
        Self { live: Arc::clone(&self.live) }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.live.followers.fetch_sub(1, Ordering::SeqCst);
        self.live.nudge.notify_one();
    }
}

impl Deref for Following {
    type Target = LiveEvent;

    fn deref(&self) -> &LiveEvent {
        &self.live
    }
}

/// Keeps an event current as long as someone follows it.
async fn run(live: Arc<LiveEvent>, office: BoxOffice) {
    loop {
        keep_current(&live, &office).await;
        live.has_task.store(false, Ordering::SeqCst);
        // Someone may have come after the last look, and have found this task.
        if live.is_over() || !live.is_followed() || !live.claim_task() {
            return;
        }
    }
}

/// Takes in what is received and asks the store each second, until no one follows or the event is over.
async fn keep_current(live: &LiveEvent, office: &BoxOffice) {
    // When the store is read for a delta that is missing.
    let (mut patience, mut is_first) = (None, true);
    while live.is_followed() && !live.is_over() {
        let before = live.confirmed_at();
        let looked = match patience.filter(|until| *until <= Instant::now()) {
            Some(_) => live.catch_up().await,
            None => live.refresh(0).await.map(drop),
        };
        if looked.is_ok() && (std::mem::take(&mut is_first) || live.confirmed_at() != before) {
            read_serving(live, office).await;
        }
        let has_gap = live.has_gap().await;
        patience = has_gap.then(|| patience.unwrap_or_else(|| Instant::now() + GAP_PATIENCE));
        let next = next_look(live, looked.is_ok(), patience, office.now());
        sleep(BURST).await;
        live.wait_until(next).await;
    }
}

/// Returns when to look again, if nothing is received before.
fn next_look(live: &LiveEvent, is_ok: bool, patience: Option<Instant>, now: Timestamp) -> Instant {
    let pause = if is_ok { live.next_check_in(now) } else { RETRY_AFTER };
    let next = Instant::now() + pause.max(BURST);
    patience.map_or(next, |patience| next.min(patience))
}

/// Reads the waiting room's public state: joins are not broadcast, and a message may be lost.
async fn read_serving(live: &LiveEvent, office: &BoxOffice) {
    let has_room = live.picture().is_some_and(|shown| shown.view.event.details.waiting_room.requires_pass());
    if !has_room {
        return;
    }
    match office.waiting_room().serving(live.event()).await {
        Ok(Some(serving)) => live.set_serving(Box::new(serving)).await,
        Ok(None) => {}
        // The state that was read last stays; it says when that was.
        Err(error) => tracing::debug!(event = %live.event(), %error, "a waiting room cannot be read"),
    }
}

impl LiveEvent {
    /// Returns whether someone follows the event.
    pub(super) fn is_followed(&self) -> bool {
        self.followers.load(Ordering::SeqCst) > 0
    }

    /// Returns whether the caller has to run the task: no other one does.
    fn claim_task(&self) -> bool {
        !self.has_task.swap(true, Ordering::SeqCst)
    }

    /// Waits until something is received, a handler nudges, or a moment comes.
    async fn wait_until(&self, next: Instant) {
        tokio::select! {
            () = self.arrivals().any() => {}
            () = self.nudge.notified() => {}
            () = sleep_until(next) => {}
        }
    }
}
