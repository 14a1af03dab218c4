//! The lists of reservations in memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Bound;

use smallvec::SmallVec;

use crate::id::{BuyerId, EventId, ReservationId};
use crate::memory::rows::Rows;
use crate::reservation::{Reservation, ReservationStateKind};
use crate::store::{ReservationKey, ReservationQuery};
use crate::time::Timestamp;

/// Reservations by their place in lists, state by state, and the events in which a buyer has any.
// Keys grow with time, so these trees grow at the end of each state, which is in the CPU cache.
#[derive(Debug, Default)]
pub(super) struct ReservationLists {
    in_shop: BTreeMap<(ReservationStateKind, ReservationKey), ReservationId>,
    in_event: BTreeMap<(EventId, ReservationStateKind, ReservationKey), ReservationId>,
    by_serial: BTreeMap<u64, ReservationId>,
    event_of: BTreeMap<ReservationId, EventId>,
    events_of: Rows<BuyerId, SmallVec<[EventId; 1]>>,
}

impl ReservationLists {
    /// Adds a new reservation.
    pub(super) fn add(&mut self, new: &Reservation) {
        self.by_serial.insert(new.number.serial(), new.id);
        self.event_of.insert(new.id, new.event);
        let events = self.events_of.entry(new.buyer).or_default();
        if !events.contains(&new.event) {
            events.push(new.event);
        }
        self.list(new);
    }

    /// Moves a reservation from the lists of one state to those of another.
    pub(super) fn replace(&mut self, before: ReservationStateKind, after: &Reservation) {
        if before == ReservationStateKind::of(after.state) {
            return;
        }
        let key = ReservationKey::of(after);
        self.in_shop.remove(&(before, key));
        self.in_event.remove(&(after.event, before, key));
        self.list(after);
    }

    fn list(&mut self, reservation: &Reservation) {
        let (state, key) = (ReservationStateKind::of(reservation.state), ReservationKey::of(reservation));
        self.in_shop.insert((state, key), reservation.id);
        self.in_event.insert((reservation.event, state, key), reservation.id);
    }

    pub(super) fn event_of(&self, id: ReservationId) -> Option<EventId> {
        self.event_of.get(&id).copied()
    }

    /// Returns the ids of all reservations from a bound on, in their order.
    pub(super) fn ids(&self, from: Bound<ReservationId>) -> impl Iterator<Item = ReservationId> {
        self.event_of.range((from, Bound::Unbounded)).map(|(id, _)| *id)
    }

    /// Returns the events in which a buyer has reservations.
    pub(super) fn events_of(&self, buyer: BuyerId) -> &[EventId] {
        self.events_of.get(&buyer).map_or(&[], SmallVec::as_slice)
    }

    pub(super) fn with_serial(&self, serial: u64) -> Option<ReservationId> {
        self.by_serial.get(&serial).copied()
    }

    /// Returns the newest reservations that a query selects, in the shop or in an event; it is for queries without a buyer.
    pub(super) fn newest(&self, query: &ReservationQuery) -> Vec<ReservationId> {
        let from = query.from.unwrap_or_else(|| Timestamp::from_micros(i64::MIN));
        let from = ReservationKey::at(from);
        if from >= query.before {
            return Vec::new();
        }
        let mut found = Vec::new();
        for state in &query.states {
            let limit = query.limit as usize;
            if let Some(event) = query.event {
                let listed = self.in_event.range((event, *state, from)..(event, *state, query.before)).rev();
                found.extend(listed.take(limit).map(|((_, _, key), id)| (*key, *id)));
            } else {
                let listed = self.in_shop.range((*state, from)..(*state, query.before)).rev();
                found.extend(listed.take(limit).map(|((_, key), id)| (*key, *id)));
            }
        }
        found.sort_unstable_by_key(|(key, _)| Reverse(*key));
        found.into_iter().take(query.limit as usize).map(|(_, id)| id).collect()
    }
}
