//! Storage of figures.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::figures::{
    CountProgress, Counted, Day, DayRange, FigureCount, FigureKey, FigureSource, Tally, TallyDetail,
};
use crate::id::{EventId, ReservationId};
use crate::notifier::SubscriberName;
use crate::time::Timestamp;

/// Saves tallies of what was sold; see [`crate::figures`].
///
/// It is a part of the store of sales: it reads the rows of reservations and payments, and the facts that wait.
///
/// # Contract
///
/// - A read MUST cost as much as what it asks for, by index, and never as much as what was ever sold.
/// - Tallies and entries MUST be those of one commit: a reader MUST NOT see a part of a call of
///   [`FiguresStore::replace_figures`].
#[async_trait]
pub trait FiguresStore: Debug + Send + Sync + 'static {
    /// Returns the two latest counts, the newest first.
    async fn figure_counts(&self) -> Result<Vec<FigureCount>, StoreError>;

    /// Begins a count with the next number, and returns whether it did.
    ///
    /// # Contract
    ///
    /// It MUST be begun only if its number is that of the newest count plus one, or 1 if there is none. Of several calls
    /// with one number, exactly one MUST return `true`. Once it has returned, [`FiguresStore::replace_figures`] MUST
    /// refuse earlier counts.
    async fn begin_figures(&self, count: &FigureCount) -> Result<bool, StoreError>;

    /// Records how far a count is.
    ///
    /// # Contract
    ///
    /// Progress MUST NOT go back: neither from complete, nor to an earlier id.
    async fn figures_progressed(&self, number: u64, progress: CountProgress) -> Result<(), StoreError>;

    /// Returns the rows of these reservations, in any order; those that do not exist are left out.
    ///
    /// # Contract
    ///
    /// The rows of one reservation MUST be those of one moment between two commits.
    async fn figure_sources(&self, ids: &[ReservationId]) -> Result<Vec<FigureSource>, StoreError>;

    /// Returns the rows of at most `limit` reservations after `after`, by id.
    ///
    /// # Contract
    ///
    /// As [`FiguresStore::figure_sources`]; a page that is not full is the last one.
    async fn figure_sources_after(
        &self,
        after: Option<ReservationId>,
        limit: usize,
    ) -> Result<Vec<FigureSource>, StoreError>;

    /// Replaces what was counted for reservations, and returns whether it did.
    ///
    /// # Contract
    ///
    /// It MUST write what [`crate::figures::replace`] returns for the entries that are stored for them, all in one commit,
    /// and return `false`, writing nothing, if `number` is not that of the newest count. Calls MUST NOT lose each other's
    /// sums.
    async fn replace_figures(&self, number: u64, counted: Vec<Counted>) -> Result<bool, StoreError>;

    /// Returns tallies of the newest complete count.
    ///
    /// # Contract
    ///
    /// Tallies that have nothing MAY be left out. [`FigureRows::uncounted_since`] MUST be read no later than the tallies.
    async fn figures(&self, query: &FigureQuery) -> Result<FigureRows, StoreError>;

    /// Deletes at most about `limit` rows of counts that are neither read nor filled, and returns how many.
    async fn forget_figures(&self, limit: u32) -> Result<u64, StoreError>;
}

/// Which tallies are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "each store reads every field")]
pub struct FigureQuery {
    /// The subscriber that counts.
    pub subscriber: SubscriberName,
    /// Tallies of days.
    pub days: Vec<(Option<EventId>, DayRange)>,
    /// Tallies of all days together.
    pub totals: Vec<Option<EventId>>,
    /// The events that sold the most tickets on a day, at most so many.
    pub busiest: Option<(Day, u32)>,
    /// Which parts of the tallies; the others are empty.
    pub detail: TallyDetail,
}

/// The tallies that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "each store makes it")]
pub struct FigureRows {
    /// The two latest counts, the newest first.
    pub counts: Vec<FigureCount>,
    /// The moment of the oldest fact that waits for the subscriber; `None` also if there is no count.
    pub uncounted_since: Option<Timestamp>,
    /// The tallies of days and totals, in any order.
    pub tallies: Vec<(FigureKey, Tally)>,
    /// The busiest events: most tickets first, then by id.
    pub busiest: Vec<(EventId, Tally)>,
}
