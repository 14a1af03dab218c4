//! What a refund returns: how much money, and which tickets.

use crate::cancellation_policy::{AgreedCancellation, CancellationTier};
use crate::decide::cancel::{end_refunded, take_seats};
use crate::decide::change_builder::{ChangeBuilder, StockBucket};
use crate::decide::fingerprint::Fingerprint;
use crate::decide::refund::{BeginRefund, BeginRefundRefused};
use crate::decide::scope::Scope;
use crate::error::{CommandError, StoreError};
use crate::event::{Event, EventState};
use crate::id::{SeatId, TicketTypeId};
use crate::limits::{RefundedSeats, Terms};
use crate::money::{Money, MoneyError};
use crate::payment::{Payment, Refund, RefundTickets, ReturnedItem, ReturnedTickets};
use crate::reservation::{ItemLine, Reservation, ReservationState, SeatLine};
use crate::time::Timestamp;

/// What to refund, and what happens to the tickets.
///
/// For a buyer, the amount must equal what the [`crate::CancellationPolicy`] gives. Staff can choose it, and the shop
/// keeps the rest of the price; without an amount, staff refund the whole price.
#[derive(Debug, Clone, PartialEq, Eq)]
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
pub struct CancellationClosed {
    /// Since when; `None` if they could never be given back.
    pub since: Option<Timestamp>,
}

/// What a buyer would be refunded for everything that a reservation owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
enum Rate {
    /// The whole price: the event is cancelled.
    Whole,
    /// What the policy gives.
    Tier(CancellationTier),
}

impl Rate {
    fn at(event: &Event, reservation: &Reservation, now: Timestamp) -> Result<Self, CancellationClosed> {
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
    fn of(&self, returned: &ReturnedTickets, reservation: &Reservation) -> Result<Money, MoneyError> {
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
    reservation.cancellation.unwrap_or_else(|| AgreedCancellation::at(event, Terms::default()))
}

/// What a refund was found to return.
pub(super) struct Granted {
    pub(super) amount: Money,
    pub(super) tickets: RefundTickets,
}

/// Decides the amount of a refund and its tickets.
pub(super) fn grant(
    scope: &dyn Scope,
    ask: &BeginRefund,
    payment: &Payment,
) -> Result<Granted, CommandError<BeginRefundRefused>> {
    let refused = CommandError::Refused;
    if ask.buyer.is_some() && matches!(ask.wanted, RefundWanted::Waiver { .. }) {
        return Err(refused(BeginRefundRefused::StaffOnly));
    }
    let Some(reservation) = bought_by(scope, payment) else { return grant_money(ask, payment) };
    let refundable = payment.refundable()?;
    let (returned, amount) = match &ask.wanted {
        RefundWanted::Waiver { .. } if ask.reason.trim().is_empty() => {
            return Err(refused(BeginRefundRefused::ReasonMissing));
        }
        RefundWanted::Waiver { amount } => {
            let amount = in_range(*amount, 1, refundable).map_err(refused)?;
            return Ok(Granted { amount, tickets: RefundTickets::Kept });
        }
        RefundWanted::Everything { amount } => (all_of(reservation), amount),
        RefundWanted::Tickets { seats, items, amount } => {
            (named(reservation, seats, items).map_err(refused)?, amount)
        }
    };
    let event = scope.event();
    let rate = match ask.buyer {
        Some(_) => Rate::at(event, reservation, ask.now)
            .map_err(|closed| refused(BeginRefundRefused::CancellationClosed { since: closed.since }))?,
        None => Rate::Whole,
    };
    let granted = at_most(rate.of(&returned, reservation)?, refundable);
    let amount = match (amount, ask.buyer) {
        (None, _) => granted,
        (Some(amount), Some(_)) if *amount == granted => granted,
        (Some(_), Some(_)) => return Err(refused(BeginRefundRefused::AmountNotGranted { granted })),
        (Some(amount), None) => in_range(*amount, 0, refundable).map_err(refused)?,
    };
    Ok(Granted { amount, tickets: RefundTickets::Returned(returned) })
}

/// Decides the refund of a payment that owns no tickets, or none any more.
fn grant_money(ask: &BeginRefund, payment: &Payment) -> Result<Granted, CommandError<BeginRefundRefused>> {
    let refused = CommandError::Refused;
    let nothing = || refused(BeginRefundRefused::NothingToRefund { state: payment.state.clone() });
    let (refundable, owed) = (payment.refundable()?, owed_for_nothing(payment)?);
    let amount = match &ask.wanted {
        _ if refundable.minor() <= 0 => return Err(nothing()),
        RefundWanted::Tickets { seats, items, .. } => {
            let ticket_types = items.iter().map(|(ticket_type, _)| *ticket_type).collect();
            let seats = seats.clone();
            return Err(refused(BeginRefundRefused::TicketsNotOwned { seats, ticket_types }));
        }
        RefundWanted::Everything { amount: None } => owed,
        RefundWanted::Everything { amount: Some(amount) } if ask.buyer.is_some() => {
            if *amount != owed {
                return Err(refused(BeginRefundRefused::AmountNotGranted { granted: owed }));
            }
            owed
        }
        RefundWanted::Everything { amount: Some(amount) } | RefundWanted::Waiver { amount } => {
            in_range(*amount, 1, refundable).map_err(refused)?
        }
    };
    if amount.minor() <= 0 {
        return Err(nothing());
    }
    Ok(Granted { amount, tickets: RefundTickets::None })
}

fn in_range(amount: Money, least: i64, refundable: Money) -> Result<Money, BeginRefundRefused> {
    let fits =
        amount.currency() == refundable.currency() && (least..=refundable.minor()).contains(&amount.minor());
    if fits { Ok(amount) } else { Err(BeginRefundRefused::AmountOutOfRange { refundable }) }
}

fn at_most(amount: Money, most: Money) -> Money {
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

fn units_of(line: &ItemLine, quantity: u32) -> ReturnedItem {
    ReturnedItem { ticket_type: line.ticket_type, unit_price: line.unit_price, quantity }
}

/// Finds the named tickets in a reservation, and their price.
fn named(
    reservation: &Reservation,
    seats: &[SeatId],
    items: &[(TicketTypeId, u32)],
) -> Result<ReturnedTickets, BeginRefundRefused> {
    if seats.is_empty() && items.is_empty() {
        return Err(BeginRefundRefused::NothingAsked);
    }
    let mut price = Money::zero(reservation.total.currency());
    let mut left = reservation.seats.clone();
    let (mut found, mut foreign_seats) = (Vec::new(), Vec::new());
    for seat in seats {
        match left.iter().position(|line| line.seat == *seat) {
            Some(at) => {
                price = sum(price, left.remove(at).price);
                found.push(*seat);
            }
            None => foreign_seats.push(*seat),
        }
    }
    let mut lines: Vec<ItemLine> = reservation.items.clone();
    lines.sort_by_key(|line| std::cmp::Reverse(line.unit_price.minor()));
    let (mut units, mut foreign_types) = (Vec::new(), Vec::new());
    for (ticket_type, quantity) in items {
        match take_units(&mut lines, *ticket_type, *quantity) {
            Some(taken) => units.extend(taken),
            None => foreign_types.push(*ticket_type),
        }
    }
    if !foreign_seats.is_empty() || !foreign_types.is_empty() {
        let (seats, ticket_types) = (foreign_seats, foreign_types);
        return Err(BeginRefundRefused::TicketsNotOwned { seats, ticket_types });
    }
    for item in &units {
        let line = item.unit_price.minor().saturating_mul(i64::from(item.quantity));
        price = sum(price, Money::new(line, price.currency()));
    }
    Ok(ReturnedTickets { seats: found, items: units, price })
}

/// Adds prices; their sum cannot exceed a total that was computed before.
fn sum(price: Money, more: Money) -> Money {
    Money::new(price.minor().saturating_add(more.minor()), price.currency())
}

/// Takes units of one ticket type from lines.
///
/// It returns `None` if there are too few, or if the quantity is zero.
fn take_units(lines: &mut [ItemLine], ticket_type: TicketTypeId, quantity: u32) -> Option<Vec<ReturnedItem>> {
    let (mut wanted, mut taken) = (quantity, Vec::new());
    for line in lines.iter_mut().filter(|line| line.ticket_type == ticket_type) {
        let some = wanted.min(line.quantity);
        if some > 0 {
            taken.push(units_of(line, some));
            line.quantity -= some;
            wanted -= some;
        }
    }
    (quantity > 0 && wanted == 0).then_some(taken)
}

/// Takes tickets from a confirmed reservation; it ends with the last of them.
pub(super) fn take_back(
    change: &mut ChangeBuilder<'_>,
    reservation: &Reservation,
    returned: &ReturnedTickets,
    seats: RefundedSeats,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (gone, stays) = split(reservation, returned)?;
    if stays.tickets() == 0 {
        return end_refunded(change, reservation, seats, now);
    }
    take_seats(change, reservation.id, &gone, seats)?;
    change.items(&gone_items(reservation, returned), StockBucket::Sold, StockBucket::Available)?;
    change.reservation(stays);
    Ok(())
}

/// Splits a reservation into the returned seats and the rest.
fn split(
    reservation: &Reservation,
    returned: &ReturnedTickets,
) -> Result<(Vec<SeatLine>, Reservation), StoreError> {
    let unsound =
        || StoreError::corrupt(format!("a refund takes back what {:?} does not own", reservation.id));
    let mut stays = reservation.clone();
    let goes = |line: &SeatLine| returned.seats.contains(&line.seat);
    let gone: Vec<SeatLine> = reservation.seats.iter().filter(|line| goes(line)).cloned().collect();
    stays.seats.retain(|line| !goes(line));
    if gone.len() != returned.seats.len() {
        return Err(unsound());
    }
    for item in &returned.items {
        let same =
            |line: &&mut ItemLine| line.ticket_type == item.ticket_type && line.unit_price == item.unit_price;
        let line = stays.items.iter_mut().find(same).ok_or_else(unsound)?;
        line.quantity = line.quantity.checked_sub(item.quantity).ok_or_else(unsound)?;
    }
    stays.items.retain(|line| line.quantity > 0);
    stays.total = stays.total.minus(returned.price)?;
    Ok((gone, stays))
}

/// Returns the returned units as lines.
fn gone_items(reservation: &Reservation, returned: &ReturnedTickets) -> Vec<ItemLine> {
    let line = |item: &ReturnedItem| {
        let same =
            |line: &&ItemLine| line.ticket_type == item.ticket_type && line.unit_price == item.unit_price;
        let known = reservation.items.iter().find(same)?;
        Some(ItemLine { quantity: item.quantity, ..known.clone() })
    };
    returned.items.iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests;
