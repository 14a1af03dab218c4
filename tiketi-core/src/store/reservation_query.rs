//! Lists of reservations for staff.

use crate::id::{BuyerId, EventId};
use crate::reservation::{Reservation, ReservationStateKind};
use crate::time::Timestamp;

/// Selects reservations for a list, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReservationQuery {
    /// Only those of this event; `None` for all.
    pub event: Option<EventId>,
    /// Only those of this buyer; `None` for all.
    pub buyer: Option<BuyerId>,
    /// Only those in one of these states.
    pub states: Vec<ReservationStateKind>,
    /// Only those that were held first at this moment or later.
    pub from: Option<Timestamp>,
    /// Only those that are older than this one.
    pub before: ReservationKey,
    /// Most reservations.
    pub limit: u32,
}

/// The place of a reservation in a list: when it was held first, and its serial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "the key of a page, which hosts write and read")]
pub struct ReservationKey {
    /// When its first seat or unit was held.
    pub created_at: Timestamp,
    /// The serial of its number.
    pub serial: u64,
}

impl ReservationKey {
    /// After every reservation.
    pub const END: Self = Self { created_at: Timestamp::FAR_FUTURE, serial: u64::MAX };

    /// Before every reservation of a moment or later.
    pub const fn at(created_at: Timestamp) -> Self {
        Self { created_at, serial: 0 }
    }

    /// Returns the place of a reservation.
    pub const fn of(reservation: &Reservation) -> Self {
        Self { created_at: reservation.created_at, serial: reservation.number.serial() }
    }
}

impl ReservationQuery {
    /// Selects the newest reservations, at most `limit`.
    pub fn newest(limit: u32) -> Self {
        let states = ReservationStateKind::ALL.to_vec();
        Self { event: None, buyer: None, states, from: None, before: ReservationKey::END, limit }
    }

    /// Returns whether it selects a reservation, whatever the limit is.
    pub fn selects(&self, reservation: &Reservation) -> bool {
        self.event.is_none_or(|event| event == reservation.event)
            && self.buyer.is_none_or(|buyer| buyer == reservation.buyer)
            && self.states.contains(&ReservationStateKind::of(reservation.state))
            && self.from.is_none_or(|from| from <= reservation.created_at)
            && ReservationKey::of(reservation) < self.before
    }
}
