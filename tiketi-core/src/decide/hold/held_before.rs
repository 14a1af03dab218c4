//! Seats that a buyer holds again: the hold cap counts from when they had them first.

use crate::decide::hold::HoldRefused;
use crate::decide::scope::Scope;
use crate::id::{BuyerId, SeatId};
use crate::reservation::Reservation;
use crate::seat::{FormerHold, Seat, SeatState};
use crate::terms::Terms;
use crate::time::Timestamp;

/// Collects the former holds of the seats that a buyer wants.
pub(super) struct HeldBefore {
    buyer: BuyerId,
    terms: Terms,
    now: Timestamp,
    /// A hold must be able to last until after this moment: now, or the end of the hold that the seats are added to.
    must_outlast: Timestamp,
    since: Option<Timestamp>,
    refused: Vec<SeatId>,
    again_at: Timestamp,
}

impl HeldBefore {
    pub(super) fn new(buyer: BuyerId, pending: Option<&Reservation>, terms: &Terms, now: Timestamp) -> Self {
        let ends = pending.and_then(Reservation::held_until);
        Self {
            buyer,
            terms: *terms,
            now,
            // A seat may not keep the end of a hold that its own cap is before.
            must_outlast: ends.map_or(now, |until| until.before(std::time::Duration::from_micros(1))),
            since: None,
            refused: Vec::new(),
            again_at: now,
        }
    }

    /// Adds a seat that is available.
    pub(super) fn add(&mut self, scope: &dyn Scope, seat: &Seat) {
        let Some(former) = former(scope, seat).filter(|former| former.buyer == self.buyer) else { return };
        let given_up_at = former.until.after(self.terms.hold_ttl);
        if given_up_at <= self.now {
            return;
        }
        if former.since.after(self.terms.hold_cap) <= self.must_outlast {
            self.refused.push(seat.id);
            self.again_at = self.again_at.max(given_up_at);
        } else {
            self.since = Some(self.since.map_or(former.since, |since| since.min(former.since)));
        }
    }

    /// Returns from when the cap counts; `None` if the buyer had none of the seats a moment ago.
    pub(super) fn since(self) -> Result<Option<Timestamp>, HoldRefused> {
        if self.refused.is_empty() {
            Ok(self.since)
        } else {
            Err(HoldRefused::HeldTooLong { seats: self.refused, again_at: self.again_at })
        }
    }
}

/// Returns the hold that a seat had before; that of a hold whose end was not recorded yet counts too.
fn former(scope: &dyn Scope, seat: &Seat) -> Option<FormerHold> {
    match &seat.state {
        SeatState::Available => seat.former.as_deref().copied(),
        SeatState::Held { reservation, until } => {
            let Reservation { buyer, held_since, .. } = *scope.reservation(*reservation)?;
            Some(FormerHold { buyer, since: held_since, until: *until })
        }
        SeatState::Sold { .. } | SeatState::Blocked { .. } => None,
    }
}
