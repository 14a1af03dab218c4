//! Facts: each that matters reaches the receiver at least once, those of a reservation in order.

use std::collections::{BTreeMap, BTreeSet};

use tiketi_core::fact::FactId;
use tiketi_core::{Fact, FactBody, Reservation, ReservationId, ReservationState};

use crate::history::History;
use crate::story::Short;

/// What the receiver has.
#[derive(Debug, Default)]
pub(crate) struct Received {
    ids: BTreeSet<FactId>,
    latest: BTreeMap<ReservationId, FactId>,
    confirmed: BTreeSet<ReservationId>,
    ended: BTreeSet<ReservationId>,
}

impl History {
    /// Takes a fact in, and returns whether it is new.
    pub(crate) fn receive(&mut self, fact: &Fact) -> bool {
        if !self.received.ids.insert(fact.id) {
            return false;
        }
        let Some(reservation) = fact.body.reservation() else { return true };
        let latest = self.received.latest.entry(reservation).or_insert(fact.id);
        if fact.id < *latest {
            let name = Short(reservation.as_uuid());
            self.broken.get_or_insert(format!("facts of reservation {name} came out of order"));
        }
        *latest = fact.id;
        match &fact.body {
            FactBody::ReservationConfirmed { .. } => {
                self.received.confirmed.insert(reservation);
            }
            FactBody::ReservationExpired { .. } | FactBody::ReservationCancelled { .. } => {
                self.received.ended.insert(reservation);
            }
            _ => {}
        }
        true
    }

    /// Checks that the receiver knows how each reservation ended.
    ///
    /// # Errors
    ///
    /// What must not happen, in words.
    pub(crate) fn check_received(&self) -> Result<(), String> {
        for reservation in self.reservations.values() {
            let name = Short(reservation.id.as_uuid());
            let is_known = match reservation.state {
                ReservationState::Confirmed { .. } => self.received.confirmed.contains(&reservation.id),
                ReservationState::Expired { .. } | ReservationState::Cancelled { .. } => {
                    self.received.ended.contains(&reservation.id) && self.knows_sale(reservation)
                }
                ReservationState::Held { .. } | ReservationState::Paying { .. } => true,
            };
            if !is_known {
                return Err(format!("no fact told that reservation {name} is {:?}", reservation.state));
            }
        }
        Ok(())
    }

    fn knows_sale(&self, reservation: &Reservation) -> bool {
        reservation.confirmed_at.is_none() || self.received.confirmed.contains(&reservation.id)
    }
}
