//! Figures: reading them, and the work that keeps them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use crate::box_office::{BoxOffice, Jobs};
use crate::clock::Clock;
use crate::error::StoreError;
use crate::fact::{Fact, FactKind};
use crate::figures::{
    Calendar, CountProgress, Day, DayRange, FigureCount, FigureKey, FigureSource, Tally, TallyDetail,
};
use crate::id::{EventId, ReservationId};
use crate::notifier::{Notifier, NotifyError, SubscriberName};
use crate::store::{FigureQuery, FiguresStore};
use crate::time::Timestamp;

/// Name of the subscriber that counts.
pub const FIGURES_SUBSCRIBER: &str = "figures";
/// The facts after which a reservation is counted again.
///
/// A hold is none of them, so that it stays fast: a reservation is first counted when its payment is prepared, or when it
/// is confirmed or ends.
pub(super) const COUNTED_FACTS: [FactKind; 5] = [
    FactKind::ReservationConfirmed,
    FactKind::ReservationExpired,
    FactKind::ReservationCancelled,
    FactKind::TicketsReturned,
    FactKind::PaymentUpdated,
];
/// Most reservations counted in one commit, so that sales do not wait for long.
const SLICE: usize = 128;
/// Most rows of an old count deleted in one commit.
const FORGOTTEN_AT_ONCE: u32 = 1_000;

/// Where figures are kept, and the calendar of their days.
#[derive(Debug, Clone)]
pub(super) struct FigureKeeper {
    pub(super) store: Arc<dyn FiguresStore>,
    pub(super) calendar: Arc<dyn Calendar>,
    pub(super) clock: Arc<dyn Clock>,
    /// Whether this process has compared the count with its subscriber.
    pub(super) compared: Arc<AtomicBool>,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The shop keeps no figures; see [`crate::BoxOfficeBuilder::figures`].
    #[error("this shop keeps no figures")]
    NotKept,
    /// The first count is not complete yet; the jobs are at it.
    #[error("the figures are being counted for the first time")]
    NotCounted,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which figures a report has.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ReportRequest {
    /// Tallies of each day of a range, of an event or of the whole shop.
    pub days: Vec<(Option<EventId>, DayRange)>,
    /// Tallies without an end, of an event or of the whole shop.
    pub totals: Vec<Option<EventId>>,
    /// The events that sold the most tickets on a day, at most so many.
    pub busiest: Option<(Day, u32)>,
    /// Which parts of the tallies; the others are empty.
    pub detail: TallyDetail,
}

impl ReportRequest {
    /// Asks for each day of a range, of an event or of the whole shop.
    #[must_use]
    pub fn days(mut self, event: Option<EventId>, range: DayRange) -> Self {
        self.days.push((event, range));
        self
    }

    /// Asks for the tally without an end of an event or of the whole shop.
    #[must_use]
    pub fn total(mut self, event: Option<EventId>) -> Self {
        self.totals.push(event);
        self
    }

    /// Asks for the events that sold the most tickets on a day.
    #[must_use]
    pub fn busiest(mut self, day: Day, limit: u32) -> Self {
        self.busiest = Some((day, limit));
        self
    }

    /// Asks for ticket types and quarters of an hour as well.
    #[must_use]
    pub const fn in_full(mut self) -> Self {
        self.detail = TallyDetail::Full;
        self
    }
}

/// Figures as they were at one moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// What was committed before this moment is counted.
    pub as_of: Timestamp,
    /// The time zone of the days.
    pub zone: String,
    /// The busiest events, most tickets first.
    pub busiest: Vec<(EventId, Tally)>,
    tallies: BTreeMap<FigureKey, Tally>,
}

impl Report {
    /// Returns the tally of a day; an empty one if nothing happened.
    pub fn day(&self, event: Option<EventId>, day: Day) -> Tally {
        self.tallies.get(&FigureKey { event, day: Some(day) }).cloned().unwrap_or_default()
    }

    /// Returns the tally without an end; an empty one if nothing happened.
    pub fn total(&self, event: Option<EventId>) -> Tally {
        self.tallies.get(&FigureKey { event, day: None }).cloned().unwrap_or_default()
    }

    /// Returns each day of a range, those on which nothing happened included.
    pub fn days(&self, event: Option<EventId>, range: DayRange) -> Vec<(Day, Tally)> {
        range.days().map(|day| (day, self.day(event, day))).collect()
    }

    /// Returns the sum of the days of a range.
    pub fn sum(&self, event: Option<EventId>, range: DayRange) -> Tally {
        let key = |day| FigureKey { event, day: Some(day) };
        let mut sum = Tally::default();
        for (_, tally) in self.tallies.range(key(range.first())..=key(range.last())) {
            sum.add(tally);
        }
        sum
    }
}

/// Handle for figures: what was sold, returned and paid, by day.
///
/// [`BoxOffice::reports`] makes it. A shop keeps figures if it was built with [`crate::BoxOfficeBuilder::figures`].
#[derive(Debug, Clone)]
pub struct Reports {
    pub(super) office: BoxOffice,
}

impl Reports {
    /// Returns the calendar of the days.
    ///
    /// # Errors
    ///
    /// [`ReportError::NotKept`].
    pub fn calendar(&self) -> Result<&dyn Calendar, ReportError> {
        Ok(self.office.keeper()?.calendar.as_ref())
    }

    /// Returns the current day of the calendar.
    ///
    /// # Errors
    ///
    /// [`ReportError::NotKept`].
    pub fn today(&self) -> Result<Day, ReportError> {
        Ok(self.calendar()?.day_of(self.office.now()))
    }

    /// Reads figures. It costs as much as the days that are asked for, however much was ever sold.
    ///
    /// # Errors
    ///
    /// [`ReportError`].
    pub async fn read(&self, request: ReportRequest) -> Result<Report, ReportError> {
        let keeper = self.office.keeper()?;
        let now = self.office.now();
        let ReportRequest { days, totals, busiest, detail } = request;
        let subscriber = SubscriberName::new(FIGURES_SUBSCRIBER)
            .map_err(|error| StoreError::corrupt("the name of the subscriber").caused_by(error))?;
        let rows = keeper.store.figures(&FigureQuery { subscriber, days, totals, busiest, detail }).await?;
        let (count, as_of) =
            FigureCount::as_of(&rows.counts, rows.uncounted_since, now).ok_or(ReportError::NotCounted)?;
        Ok(Report {
            as_of,
            zone: count.zone.clone(),
            busiest: rows.busiest,
            tallies: rows.tallies.into_iter().collect(),
        })
    }
}

impl BoxOffice {
    fn keeper(&self) -> Result<&FigureKeeper, ReportError> {
        self.inner.figures.as_ref().ok_or(ReportError::NotKept)
    }
}

impl Jobs {
    /// Counts some reservations that existed before the figures were begun, and returns how many.
    ///
    /// It begins a new count if there is none, or if the latest one has another time zone than the shop. Zero means that
    /// nothing is left to do. A shop without figures has nothing to do.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store fails; the next call continues.
    pub async fn count_figures_once(&self) -> Result<u64, StoreError> {
        let Some(keeper) = &self.office.inner.figures else { return Ok(0) };
        let count = self.office.count_to_fill(keeper).await?;
        match count.progress {
            CountProgress::Complete => keeper.store.forget_figures(FORGOTTEN_AT_ONCE).await,
            CountProgress::UpTo(after) => Ok(keeper.fill(&count, after).await?.max(1)),
        }
    }

    /// Counts everything again from the rows of reservations and payments.
    ///
    /// Until it is complete, reports show the figures as they were at its beginning. Work that was cut off is continued by
    /// [`Jobs::run_once`]. It returns how many reservations there were, once the new count is complete.
    ///
    /// # Errors
    ///
    /// [`ReportError::NotKept`], [`ReportError::Store`].
    pub async fn rebuild_figures(&self) -> Result<u64, ReportError> {
        let keeper = self.office.keeper()?;
        let number = self.office.count_to_fill(keeper).await?.number;
        keeper.begin(number).await?;
        let mut counted = 0;
        loop {
            let count = keeper.newest().await?;
            let CountProgress::UpTo(after) = count.progress else { break };
            counted += keeper.fill(&count, after).await?;
        }
        while keeper.store.forget_figures(FORGOTTEN_AT_ONCE).await? > 0 {}
        Ok(counted)
    }
}

impl BoxOffice {
    /// Returns the newest count, which began after its subscriber did.
    ///
    /// Changes between the beginning of a count and that of its subscriber would be in no fact. The subscriber may also
    /// be a new one, because the old one was forgotten while no server ran.
    async fn count_to_fill(&self, keeper: &FigureKeeper) -> Result<FigureCount, StoreError> {
        let newest = keeper.newest();
        if keeper.compared.load(Ordering::Relaxed) {
            return newest.await;
        }
        let of_figures = |name: &SubscriberName| name.as_str() == FIGURES_SUBSCRIBER;
        for subscriber in self.inner.subscribers.iter().filter(|known| of_figures(known.name())) {
            self.register(subscriber).await?;
        }
        let subscribers = self.inner.outbox.subscribers().await?;
        let since = subscribers.iter().find(|known| of_figures(&known.subscription.subscriber));
        let count = newest.await?;
        let count = match since {
            Some(status) if status.since > count.begun_at => keeper.begin(count.number).await?,
            Some(_) | None => count,
        };
        keeper.compared.store(true, Ordering::Relaxed);
        Ok(count)
    }
}

impl FigureKeeper {
    /// Returns the newest count; begins one if there is none in the zone of the calendar.
    async fn newest(&self) -> Result<FigureCount, StoreError> {
        let newest = self.store.figure_counts().await?.into_iter().next();
        if let Some(count) = newest.as_ref().filter(|count| count.zone == self.calendar.zone()) {
            return Ok(count.clone());
        }
        self.begin(newest.map_or(0, |count| count.number)).await
    }

    /// Begins the count after this number, unless another server did.
    async fn begin(&self, after: u64) -> Result<FigureCount, StoreError> {
        let count = FigureCount {
            number: after.saturating_add(1),
            zone: self.calendar.zone().to_owned(),
            begun_at: self.clock.now(),
            progress: CountProgress::UpTo(None),
        };
        self.store.begin_figures(&count).await?;
        let newest = self.store.figure_counts().await?.into_iter().next();
        newest.ok_or_else(|| StoreError::corrupt("a count that was begun is not there"))
    }

    /// Counts the next reservations, and returns how many there were.
    async fn fill(&self, count: &FigureCount, after: Option<ReservationId>) -> Result<u64, StoreError> {
        let sources = self.store.figure_sources_after(after, SLICE).await?;
        let last = sources.last().map(|source| source.reservation.id);
        let (found, is_last) = (sources.len() as u64, sources.len() < SLICE);
        if self.replace(count.number, sources).await? {
            let progress = if is_last { CountProgress::Complete } else { CountProgress::UpTo(last) };
            self.store.figures_progressed(count.number, progress).await?;
        }
        Ok(found)
    }

    async fn replace(&self, number: u64, sources: Vec<FigureSource>) -> Result<bool, StoreError> {
        let counted = sources.iter().map(|source| source.counted(self.calendar.as_ref())).collect();
        self.store.replace_figures(number, counted).await
    }

    /// Counts reservations as they are now, in the newest count.
    async fn count(&self, ids: &[ReservationId]) -> Result<(), StoreError> {
        loop {
            let number = self.newest().await?.number;
            let sources = self.store.figure_sources(ids).await?;
            // Otherwise another count was begun meanwhile.
            if self.replace(number, sources).await? {
                return Ok(());
            }
        }
    }
}

/// Counts the reservations that facts are about. It reads their rows, so it does not matter how often and in which order
/// facts come.
#[async_trait]
impl Notifier for FigureKeeper {
    async fn notify(&self, facts: &[Fact]) -> Result<(), NotifyError> {
        let ids: BTreeSet<ReservationId> = facts.iter().filter_map(|fact| fact.body.reservation()).collect();
        let ids: Vec<ReservationId> = ids.into_iter().collect();
        for ids in ids.chunks(SLICE) {
            self.count(ids).await.map_err(NotifyError::new)?;
        }
        Ok(())
    }
}
