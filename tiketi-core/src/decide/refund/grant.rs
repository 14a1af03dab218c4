//! How much money a refund gives back, and for which tickets.

use crate::decide::refund::{BeginRefund, BeginRefundRefused};
use crate::decide::refund_amount::{
    Rate, RefundWanted, all_of, at_most, bought_by, owed_for_nothing, units_of,
};
use crate::decide::scope::Scope;
use crate::error::CommandError;
use crate::id::{SeatId, TicketTypeId};
use crate::money::Money;
use crate::payment::{Payment, RefundTickets, ReturnedItem, ReturnedTickets};
use crate::reservation::{ItemLine, Reservation};
use crate::time::Timestamp;

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
    now: Timestamp,
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
        Some(_) => Rate::at(event, reservation, now)
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
