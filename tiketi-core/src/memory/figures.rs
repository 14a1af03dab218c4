//! Figures in memory.

use std::collections::BTreeMap;
use std::ops::Bound;

use async_trait::async_trait;

use crate::decide::Scope;
use crate::error::StoreError;
use crate::figures::{CountProgress, Counted, Day, FigureCount, FigureKey, FigureSource, Tally, replace};
use crate::id::{EventId, ReservationId};
use crate::memory::{Locked, MemoryStore};
use crate::payment::RefundTickets;
use crate::store::{FigureQuery, FigureRows, FiguresStore};

/// The counts, by number.
#[derive(Default)]
pub(super) struct Figures {
    counts: BTreeMap<u64, Count>,
}

struct Count {
    row: FigureCount,
    counted: BTreeMap<ReservationId, Counted>,
    tallies: BTreeMap<FigureKey, Tally>,
}

impl Figures {
    fn latest(&self) -> Vec<FigureCount> {
        self.counts.values().rev().take(2).map(|count| count.row.clone()).collect()
    }

    fn read(&self) -> Option<&Count> {
        self.counts.values().rev().find(|count| count.row.progress == CountProgress::Complete)
    }
}

impl Count {
    fn replace(&mut self, counted: Vec<Counted>) {
        let known = counted.iter().filter_map(|new| self.counted.get(&new.reservation)).cloned().collect();
        let change = replace(known, counted);
        for (key, sum) in change.sums {
            self.tallies.entry(key).or_default().add(&sum);
        }
        self.counted.extend(change.counted.into_iter().map(|counted| (counted.reservation, counted)));
    }

    fn days(&self, event: Option<EventId>, first: Day, last: Day) -> Vec<(FigureKey, Tally)> {
        let key = |day| FigureKey { event, day: Some(day) };
        let found = self.tallies.range(key(first)..=key(last));
        found.map(|(key, tally)| (*key, tally.clone())).collect()
    }

    /// Searches the events that sold anything at all: a shop in memory has few.
    fn busiest(&self, day: Day, limit: u32) -> Vec<(EventId, Tally)> {
        let of_day = |(key, tally): (&FigureKey, &Tally)| {
            let event = key.event.filter(|_| key.day == Some(day) && tally.tickets_sold > 0)?;
            Some((event, tally.clone()))
        };
        let mut found: Vec<_> = self.tallies.iter().filter_map(of_day).collect();
        found.sort_by_key(|(event, tally)| (-tally.tickets_sold, *event));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        found
    }
}

/// Returns the rows of a reservation.
fn source(state: &Locked<'_>, id: ReservationId) -> Option<FigureSource> {
    let reservation = state.reservation(id)?.clone();
    let snapshot = state.events.get(&reservation.event)?;
    let payments: Vec<_> =
        state.payments.of(id).filter_map(|payment| state.payment(payment)).cloned().collect();
    let refunds = payments.iter().flat_map(|payment| &payment.refunds);
    let seats = refunds.flat_map(|refund| match &refund.tickets {
        RefundTickets::Returned(returned) => returned.seats.as_slice(),
        RefundTickets::None | RefundTickets::Kept | RefundTickets::Unstated => &[],
    });
    let returned_seats =
        seats.filter_map(|seat| snapshot.seat(*seat)).map(|seat| (seat.id, seat.ticket_type)).collect();
    Some(FigureSource { reservation, payments, returned_seats })
}

#[async_trait]
impl FiguresStore for MemoryStore {
    async fn figure_counts(&self) -> Result<Vec<FigureCount>, StoreError> {
        Ok(self.lock().figures.latest())
    }

    async fn begin_figures(&self, count: &FigureCount) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let newest = state.figures.counts.keys().next_back().copied().unwrap_or(0);
        if newest.checked_add(1) != Some(count.number) {
            return Ok(false);
        }
        let begun = Count { row: count.clone(), counted: BTreeMap::new(), tallies: BTreeMap::new() };
        state.figures.counts.insert(count.number, begun);
        Ok(true)
    }

    async fn figures_progressed(&self, number: u64, progress: CountProgress) -> Result<(), StoreError> {
        let mut state = self.lock();
        if let Some(count) = state.figures.counts.get_mut(&number) {
            count.row.progress = match (count.row.progress, progress) {
                (CountProgress::Complete, _) | (_, CountProgress::Complete) => CountProgress::Complete,
                (CountProgress::UpTo(before), CountProgress::UpTo(now)) => {
                    CountProgress::UpTo(before.max(now))
                }
            };
        }
        Ok(())
    }

    async fn figure_sources(&self, ids: &[ReservationId]) -> Result<Vec<FigureSource>, StoreError> {
        let state = self.lock();
        Ok(ids.iter().filter_map(|id| source(&state, *id)).collect())
    }

    async fn figure_sources_after(
        &self,
        after: Option<ReservationId>,
        limit: usize,
    ) -> Result<Vec<FigureSource>, StoreError> {
        let state = self.lock();
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let ids: Vec<_> = state.reservations.ids(after).take(limit).collect();
        Ok(ids.into_iter().filter_map(|id| source(&state, id)).collect())
    }

    async fn replace_figures(&self, number: u64, counted: Vec<Counted>) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let Some(newest) = state.figures.counts.last_entry().filter(|newest| *newest.key() == number) else {
            return Ok(false);
        };
        newest.into_mut().replace(counted);
        Ok(true)
    }

    async fn figures(&self, query: &FigureQuery) -> Result<FigureRows, StoreError> {
        let state = self.lock();
        let uncounted_since = state.outbox.oldest(&query.subscriber);
        let mut rows =
            FigureRows { counts: state.figures.latest(), uncounted_since, ..FigureRows::default() };
        let Some(count) = state.figures.read() else { return Ok(rows) };
        for (event, range) in &query.days {
            rows.tallies.extend(count.days(*event, range.first(), range.last()));
        }
        for event in &query.totals {
            let key = FigureKey { event: *event, day: None };
            rows.tallies.extend(count.tallies.get(&key).map(|tally| (key, tally.clone())));
        }
        if let Some((day, limit)) = query.busiest {
            rows.busiest = count.busiest(day, limit);
        }
        let of_detail = |tally: &mut Tally| *tally = std::mem::take(tally).with(query.detail);
        rows.tallies.iter_mut().for_each(|(_, tally)| of_detail(tally));
        rows.busiest.iter_mut().for_each(|(_, tally)| of_detail(tally));
        Ok(rows)
    }

    async fn forget_figures(&self, _limit: u32) -> Result<u64, StoreError> {
        let mut state = self.lock();
        let Some(read) = state.figures.read().map(|count| count.row.number) else { return Ok(0) };
        let needed = state.figures.counts.split_off(&read);
        let forgotten = std::mem::replace(&mut state.figures.counts, needed);
        let rows = |count: &Count| count.counted.len() + count.tallies.len();
        Ok(forgotten.values().map(|count| rows(count) as u64).sum())
    }
}
