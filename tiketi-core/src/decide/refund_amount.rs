//! What a refund returns: how much money, and which tickets.

use crate::cancellation_policy::{AgreedCancellation, CancellationTier};
use crate::decide::fingerprint::Fingerprint;
use crate::decide::scope::Scope;
use crate::event::{Event, EventState};
use crate::id::{SeatId, TicketTypeId};
use crate::money::{Money, MoneyError};
use crate::payment::{Payment, Refund, RefundTickets, ReturnedItem, ReturnedTickets};
use crate::reservation::{ItemLine, Reservation, ReservationState};
use crate::terms::Terms;
use crate::time::Timestamp;

/// What to refund, and what happens to the tickets.
///
/// For a buyer, the amount must equal what the [`crate::CancellationPolicy`] gives. Staff can choose it, and the shop
/// keeps the rest of the price; without an amount, staff refund the whole price.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefundWanted {
    /// Everything that the payment bought; if it bought nothing, all that is owed.
    Everything {
        /// The amount to refund.
        amount: Option<Money>,
    },
    /// Only these tickets.
    Tickets {
        /// The seats.
        seats: Vec<SeatId>,
        /// The general-admission units, by ticket type. Of several prices, the highest are returned first.
        items: Vec<(TicketTypeId, u32)>,
        /// The amount to refund.
        amount: Option<Money>,
    },
    /// No tickets: the buyer keeps all of them, and staff waive the amount, for the refund's reason.
    Waiver {
        /// The amount to refund.
        amount: Money,
    },
}

impl RefundWanted {
    /// Asks to return everything, for what the policy gives; for staff, for the price.
    pub const fn everything() -> Self {
        Self::Everything { amount: None }
    }

    /// Asks to return these tickets, for what the policy gives; for staff, for their price.
    pub const fn tickets(seats: Vec<SeatId>, items: Vec<(TicketTypeId, u32)>) -> Self {
        Self::Tickets { seats, items, amount: None }
    }

    /// Asks to refund only money; the buyer keeps the tickets.
    pub const fn waiver(amount: Money) -> Self {
        Self::Waiver { amount }
    }

    /// Asks for the content of a refused refund again.
    pub fn again(refused: &Refund) -> Self {
        match &refused.tickets {
            RefundTickets::None | RefundTickets::Unstated => Self::everything().of(refused.amount),
            RefundTickets::Kept => Self::waiver(refused.amount),
            RefundTickets::Returned(returned) => {
                let items = returned.items.iter().map(|item| (item.ticket_type, item.quantity)).collect();
                Self::tickets(returned.seats.clone(), items).of(refused.amount)
            }
        }
    }

    /// Sets the amount to refund.
    #[must_use]
    pub fn of(mut self, wanted: Money) -> Self {
        match &mut self {
            Self::Everything { amount } | Self::Tickets { amount, .. } => *amount = Some(wanted),
            Self::Waiver { amount } => *amount = wanted,
        }
        self
    }
}

impl RefundWanted {
    /// Returns whether a refund is for the same.
    ///
    /// What `Everything` was at that time is not known any more.
    pub(super) fn is_of(&self, refund: &Refund) -> bool {
        match (self, &refund.tickets) {
            (Self::Waiver { amount }, RefundTickets::Kept | RefundTickets::None) => *amount == refund.amount,
            (Self::Everything { amount }, RefundTickets::Returned(_) | RefundTickets::None) => {
                amount.is_none_or(|amount| amount == refund.amount)
            }
            (Self::Tickets { seats, items, amount }, RefundTickets::Returned(returned)) => {
                let units = |ticket_type| -> u64 {
                    let of = returned.items.iter().filter(|item| item.ticket_type == ticket_type);
                    of.map(|item| u64::from(item.quantity)).sum()
                };
                let same_units = items.iter().all(|(id, quantity)| units(*id) == u64::from(*quantity));
                let no_more =
                    returned.items.iter().all(|item| items.iter().any(|(id, _)| *id == item.ticket_type));
                amount.is_none_or(|amount| amount == refund.amount)
                    && *seats == returned.seats
                    && same_units
                    && no_more
            }
            _ => false,
        }
    }

    /// Adds the content to the fingerprint of a command.
    pub(super) fn add_to(&self, fingerprint: &mut Fingerprint) {
        let amount = match self {
            Self::Everything { amount } => {
                fingerprint.text("everything");
                *amount
            }
            Self::Tickets { seats, items, amount } => {
                fingerprint.text("tickets").number(seats.len() as u64);
                for seat in seats {
                    fingerprint.id(seat.as_uuid());
                }
                for (ticket_type, quantity) in items {
                    fingerprint.id(ticket_type.as_uuid()).number(u64::from(*quantity));
                }
                *amount
            }
            Self::Waiver { amount } => {
                fingerprint.text("waiver");
                Some(*amount)
            }
        };
        if let Some(amount) = amount {
            fingerprint.text(&amount.minor().to_string()).text(amount.currency().code());
        }
    }
}

/// The buyer can no longer give tickets back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("tickets can no longer be given back")]
#[non_exhaustive]
pub struct CancellationClosed {
    /// Since when; `None` if they could never be given back.
    pub since: Option<Timestamp>,
}

/// What a buyer would be refunded for everything that a reservation owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CancellationQuote {
    /// The amount refunded.
    pub refund: Money,
    /// The part of the price that the shop keeps.
    pub kept: Money,
    /// The first moment at which less may be refunded; `None` if the event is cancelled.
    pub until: Option<Timestamp>,
    /// The first moment at which nothing is refunded; `None` if the event is cancelled.
    pub closes_at: Option<Timestamp>,
}

/// Returns what a buyer would be refunded now for a whole confirmed reservation.
///
/// `payment` is the one that paid for it. A refund in progress is not considered.
///
/// # Errors
///
/// [`CancellationClosed`] if nothing can be given back any more, or if the reservation is not confirmed.
pub fn quote_cancellation(
    event: &Event,
    reservation: &Reservation,
    payment: Option<&Payment>,
    now: Timestamp,
) -> Result<CancellationQuote, CancellationClosed> {
    let closed = CancellationClosed { since: None };
    if !matches!(reservation.state, ReservationState::Confirmed { .. }) {
        return Err(closed);
    }
    let rate = Rate::at(event, reservation, now)?;
    let returned = all_of(reservation);
    let granted = rate.of(&returned, reservation).map_err(|_| closed)?;
    let left = payment.map_or(Ok(granted), Payment::refundable).map_err(|_| closed)?;
    let refund = at_most(granted, left);
    let kept = reservation.total.minus(refund).map_err(|_| closed)?;
    let agreed = agreed(event, reservation);
    let (until, closes_at) = match rate {
        Rate::Whole => (None, None),
        Rate::Tier(_) => (
            agreed.tier_at(now, event.details.starts_at).map(|(_, until)| until),
            agreed.closes_at(event.details.starts_at),
        ),
    };
    Ok(CancellationQuote { refund, kept, until, closes_at })
}

/// Refuses a buyer after the end of the policy.
pub(super) fn check_open(
    event: &Event,
    reservation: &Reservation,
    now: Timestamp,
) -> Result<(), CancellationClosed> {
    Rate::at(event, reservation, now).map(|_| ())
}

/// The part of a ticket's price that is refunded.
pub(super) enum Rate {
    /// The whole price: the event is cancelled.
    Whole,
    /// What the policy gives.
    Tier(CancellationTier),
}

impl Rate {
    pub(super) fn at(
        event: &Event,
        reservation: &Reservation,
        now: Timestamp,
    ) -> Result<Self, CancellationClosed> {
        if matches!(event.state, EventState::Cancelled { .. }) {
            return Ok(Self::Whole);
        }
        let (agreed, starts_at) = (agreed(event, reservation), event.details.starts_at);
        match agreed.tier_at(now, starts_at) {
            Some((tier, _)) => Ok(Self::Tier(tier)),
            None => Err(CancellationClosed { since: agreed.closes_at(starts_at) }),
        }
    }

    /// Adds up the refund ticket by ticket, so that returning tickets one by one or together gives the same.
    pub(super) fn of(
        &self,
        returned: &ReturnedTickets,
        reservation: &Reservation,
    ) -> Result<Money, MoneyError> {
        let Self::Tier(tier) = self else { return Ok(returned.price) };
        let mut kept = Money::zero(returned.price.currency());
        for line in reservation.seats.iter().filter(|line| returned.seats.contains(&line.seat)) {
            kept = kept.plus(tier.kept_of(line.price))?;
        }
        for item in &returned.items {
            kept = kept.plus(tier.kept_of(item.unit_price).times(item.quantity)?)?;
        }
        returned.price.minus(kept)
    }
}

/// Returns the policy of a confirmed reservation; without one of its own, the event's present policy.
fn agreed(event: &Event, reservation: &Reservation) -> AgreedCancellation {
    let own = reservation.cancellation.as_deref();
    own.copied().unwrap_or_else(|| event.agreed_cancellation(&Terms::default()))
}

pub(super) fn at_most(amount: Money, most: Money) -> Money {
    if amount.minor() > most.minor() { most } else { amount }
}

/// Returns the confirmed reservation that a payment paid for, if any.
pub(super) fn bought_by<'s>(scope: &'s dyn Scope, payment: &Payment) -> Option<&'s Reservation> {
    let reservation = scope.reservation(payment.reservation)?;
    let confirmed = matches!(reservation.state, ReservationState::Confirmed { .. });
    (confirmed && reservation.payment == Some(payment.id)).then_some(reservation)
}

/// Returns what is owed for everything that a reservation owns.
///
/// This is its price, at most what is left of its payment.
pub(super) fn owed_for_all(payment: &Payment, reservation: &Reservation) -> Result<Money, MoneyError> {
    Ok(at_most(reservation.total, payment.refundable()?))
}

/// Returns what is owed of a payment that owns no tickets: the rest, except what the shop keeps.
pub(super) fn owed_for_nothing(payment: &Payment) -> Result<Money, MoneyError> {
    let kept = payment.kept_for_returned()?;
    if kept.minor() <= 0 { payment.refundable() } else { payment.refundable()?.minus(kept) }
}

/// Returns everything that a reservation owns.
pub(super) fn all_of(reservation: &Reservation) -> ReturnedTickets {
    ReturnedTickets {
        seats: reservation.seats.iter().map(|line| line.seat).collect(),
        items: reservation.items.iter().map(|line| units_of(line, line.quantity)).collect(),
        price: reservation.total,
    }
}

pub(super) fn units_of(line: &ItemLine, quantity: u32) -> ReturnedItem {
    ReturnedItem { ticket_type: line.ticket_type, unit_price: line.unit_price, quantity }
}

#[cfg(test)]
mod tests;
