//! One event, kept current by its change stream.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::http::HeaderValue;
use tiketi_core::box_office::{CHECK_EVERY, Changes};
use tiketi_core::broadcast::{Arrivals, EventRoom};
use tiketi_core::waiting_room::Serving;
use tiketi_core::{BoxOffice, EventId, StoreError, Timestamp};
use tokio::sync::{Mutex, Notify, watch};

use crate::event_detail::EventDetail;
use crate::event_layout::EventLayout;
use crate::event_states::EventStates;
use crate::picture::Picture;
use crate::seat_map::{Counters, EventMap};

/// How often the store is asked at most for changes that are known to be missing: 100 milliseconds.
const MISSING_CHECK_EVERY: Duration = Duration::from_millis(100);

/// The picture of one event in this process, fed by the change stream.
///
/// It needs no task: a reader takes in what was received before it looks, so a commit of this process is in the picture once the
/// commit is answered. A reader that finds the last check of the store older than [`CHECK_EVERY`] makes one; those that come
/// meanwhile wait for it. While the event is followed, a task does both (`live::follow`).
pub(crate) struct LiveEvent {
    event: EventId,
    office: BoxOffice,
    feed: Mutex<Feed>,
    arrivals: Arrivals<EventRoom>,
    current: RwLock<Option<Arc<Picture>>>,
    /// When the latest check began that the store answered, in microseconds.
    confirmed_at: AtomicI64,
    /// That moment as answers say it; every answer does, so it is written once a check.
    as_of: RwLock<HeaderValue>,
    /// Grows with each edit that a handler of this process made.
    edits: AtomicU64,
    /// The edits that the latest check included.
    seen_edits: AtomicU64,
    is_over: AtomicBool,
    revision: watch::Sender<u64>,
    /// The seat map as JSON.
    pub(crate) map: EventMap,
    /// The compact seat states.
    pub(crate) states: EventStates,
    /// The layout.
    pub(crate) layout: EventLayout,
    /// The details.
    pub(crate) detail: EventDetail,
    /// How many follow the event.
    pub(super) followers: AtomicUsize,
    /// Whether the task of the followers runs.
    pub(super) has_task: AtomicBool,
    /// Wakes that task.
    pub(super) nudge: Notify,
}

/// The stream, and the picture made of it.
struct Feed {
    changes: Changes,
    picture: Option<Picture>,
    /// Whether the picture changed since it was published.
    is_new: bool,
}

impl LiveEvent {
    /// Begins to listen to an event; reads nothing yet.
    pub(super) fn new(office: &BoxOffice, event: EventId, counters: Arc<Counters>) -> Self {
        let changes = office.changes(event);
        let arrivals = changes.arrivals();
        let feed = Feed { changes, picture: None, is_new: false };
        Self {
            event,
            office: office.clone(),
            feed: Mutex::new(feed),
            arrivals,
            current: RwLock::default(),
            confirmed_at: AtomicI64::new(i64::MIN),
            as_of: RwLock::new(HeaderValue::from_static("")),
            edits: AtomicU64::new(0),
            seen_edits: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
            revision: watch::Sender::new(0),
            map: EventMap::new(counters),
            states: EventStates::default(),
            layout: EventLayout::default(),
            detail: EventDetail::default(),
            followers: AtomicUsize::new(0),
            has_task: AtomicBool::new(false),
            nudge: Notify::new(),
        }
    }

    /// Returns the event.
    pub(crate) const fn event(&self) -> EventId {
        self.event
    }

    /// Returns the picture, with everything that this process has received.
    ///
    /// While another reader reads the store, it is the picture before that; [`LiveEvent::changed`] tells of the one after.
    /// Returns `None` before the first [`LiveEvent::refresh`].
    pub(crate) fn picture(&self) -> Option<Arc<Picture>> {
        if self.arrivals.has_any()
            && let Ok(mut feed) = self.feed.try_lock()
        {
            feed.take_in();
            self.publish(&mut feed);
        }
        self.published()
    }

    /// Waits until the picture is newer than a revision, and returns its revision.
    ///
    /// Only the task of a follower takes in what is received without a reader: hold a [`super::Following`].
    pub(crate) async fn changed(&self, revision: u64) -> u64 {
        let mut newest = self.revision.subscribe();
        // The sender is a part of this event, so it is there.
        newest.wait_for(|newest| *newest > revision).await.map_or(revision, |newest| *newest)
    }

    /// Returns the picture, at most [`CHECK_EVERY`] behind the store; `None` if the event does not exist any more.
    ///
    /// If changes are known to be missing, there is a check at once, but at most one each [`MISSING_CHECK_EVERY`]: a client
    /// has a later map version, from another server, and may claim any; a message overtook another one; or other servers
    /// told only the map's version.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store was asked, and did not answer.
    pub(crate) async fn refresh(&self, client_has: u64) -> Result<Option<Arc<Picture>>, StoreError> {
        let mut feed = self.feed.lock().await;
        feed.take_in();
        let now = self.office.now();
        let known = feed.picture.as_ref().map_or(0, |picture| picture.seats.version());
        let is_missing = client_has > known || feed.changes.has_gap();
        let is_behind = is_missing && now.since(self.confirmed_at()) >= MISSING_CHECK_EVERY;
        let is_current = self.is_confirmed_at(now) && !self.has_new_edits() && !is_behind;
        if !is_current || feed.changes.is_behind() {
            self.check(&mut feed).await?;
        }
        self.publish(&mut feed);
        drop(feed);
        if self.is_over() { Ok(None) } else { Ok(self.picture()) }
    }

    /// Returns a picture at most [`CHECK_EVERY`] behind the store, which may lack what was received since another reader came.
    ///
    /// It is cheaper than [`LiveEvent::refresh`], for what seats and stock do not matter to.
    ///
    /// # Errors
    ///
    /// As [`LiveEvent::refresh`].
    pub(super) async fn recent(&self) -> Result<Option<Arc<Picture>>, StoreError> {
        let is_recent = !self.has_new_edits() && self.is_confirmed_at(self.office.now()) && !self.is_over();
        match self.published().filter(|_| is_recent) {
            Some(picture) => Ok(Some(picture)),
            None => self.refresh(0).await,
        }
    }

    fn published(&self) -> Option<Arc<Picture>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks the store what is missing, whatever was received.
    pub(super) async fn catch_up(&self) -> Result<(), StoreError> {
        self.check(&mut *self.feed.lock().await).await
    }

    /// Returns whether a delta is missing that may just be late.
    pub(super) async fn has_gap(&self) -> bool {
        self.feed.lock().await.changes.has_gap()
    }

    /// Returns when the latest check of the store began that was answered.
    pub(crate) fn confirmed_at(&self) -> Timestamp {
        Timestamp::from_micros(self.confirmed_at.load(Ordering::SeqCst))
    }

    /// Returns the value of the header that says how old an answer is: RFC 3339 in UTC.
    pub(crate) fn as_of(&self) -> HeaderValue {
        self.as_of.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns how long after `now` the store has to be asked again.
    pub(super) fn next_check_in(&self, now: Timestamp) -> Duration {
        if self.is_confirmed_at(now) {
            CHECK_EVERY.saturating_sub(now.since(self.confirmed_at()))
        } else {
            Duration::ZERO
        }
    }

    /// Returns what tells that something was received.
    pub(super) const fn arrivals(&self) -> &Arrivals<EventRoom> {
        &self.arrivals
    }

    /// Makes the next reader ask the store: an organiser changed the event in this process.
    pub(super) fn was_edited(&self) {
        self.edits.fetch_add(1, Ordering::SeqCst);
        self.nudge.notify_one();
    }

    /// Returns whether the event does not exist any more.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    /// Sets the waiting room's public state.
    pub(super) async fn set_serving(&self, serving: Box<Serving>) {
        let mut feed = self.feed.lock().await;
        if let Some(picture) = &mut feed.picture {
            let is_new = picture.set_serving(serving);
            feed.is_new |= is_new;
        }
        self.publish(&mut feed);
    }

    /// Reads what is missing; a dropped call loses nothing.
    async fn check(&self, feed: &mut Feed) -> Result<(), StoreError> {
        // Read before the store: an edit during the check causes another one.
        let (began, edits) = (self.office.now(), self.edits.load(Ordering::SeqCst));
        if feed.changes.catch_up().await? {
            feed.take_in();
            self.seen_edits.store(edits, Ordering::SeqCst);
            self.confirm(began);
        } else {
            self.is_over.store(true, Ordering::SeqCst);
            feed.is_new = true;
        }
        self.publish(feed);
        Ok(())
    }

    /// Notes that nothing before a moment is missing.
    fn confirm(&self, at: Timestamp) {
        self.confirmed_at.store(at.as_micros(), Ordering::SeqCst);
        // A timestamp has no character that a header may not have.
        if let Ok(text) = HeaderValue::from_str(&at.to_string()) {
            *self.as_of.write().unwrap_or_else(PoisonError::into_inner) = text;
        }
    }

    /// Shows readers the picture, if it is another one.
    fn publish(&self, feed: &mut Feed) {
        if !std::mem::take(&mut feed.is_new) {
            return;
        }
        let Some(picture) = &mut feed.picture else { return };
        picture.revision += 1;
        let revision = picture.revision;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(picture.clone()));
        self.revision.send_replace(revision);
    }

    fn has_new_edits(&self) -> bool {
        self.edits.load(Ordering::SeqCst) != self.seen_edits.load(Ordering::SeqCst)
    }

    /// Returns whether the latest check is less than a second old; one of the future shows that the clock was set back.
    fn is_confirmed_at(&self, now: Timestamp) -> bool {
        let at = self.confirmed_at();
        at <= now && now.since(at) < CHECK_EVERY
    }
}

impl Feed {
    /// Applies everything that was received.
    fn take_in(&mut self) {
        while let Some(numbered) = self.changes.try_next() {
            match (&mut self.picture, numbered.change) {
                (Some(picture), change) => self.is_new |= picture.apply(change),
                (none, tiketi_core::box_office::LiveChange::Snapshot(snapshot)) => {
                    *none = Some(Picture::of(snapshot));
                    self.is_new = true;
                }
                // The first change is a snapshot.
                (None, _) => {}
            }
        }
    }
}

impl fmt::Debug for LiveEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveEvent").field("event", &self.event).finish_non_exhaustive()
    }
}
