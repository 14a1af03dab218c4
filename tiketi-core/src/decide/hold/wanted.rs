//! The content of a hold: whether it is valid, and what it adds at which price.

use std::collections::HashSet;
use std::sync::Arc;

use crate::decide::hold::held_before::HeldBefore;
use crate::decide::hold::{Hold, HoldRefused, Shortage};
use crate::decide::scope::Scope;
use crate::decide::stock::StockBucket;
use crate::id::TicketTypeId;
use crate::limits::{MAX_LINES_PER_COMMAND, MAX_QUANTITY};
use crate::reservation::{ItemLine, Reservation, SeatLine};
use crate::seat::SeatState;
use crate::terms::Terms;
use crate::ticket_type::{TicketKind, TicketType};
use crate::time::Timestamp;

/// Refuses a content that is never valid, before any row is read.
pub(super) fn check_form(ask: &Hold) -> Result<(), HoldRefused> {
    let asked = ask.seats.len() + ask.items.len();
    if asked == 0 {
        return Err(HoldRefused::NothingAsked);
    }
    if asked > MAX_LINES_PER_COMMAND {
        return Err(HoldRefused::TooManyLines { asked, limit: MAX_LINES_PER_COMMAND });
    }
    let seats = repeated(ask.seats.iter().copied());
    if !seats.is_empty() {
        return Err(HoldRefused::DuplicateSeats { seats });
    }
    let ticket_types = repeated(ask.items.iter().map(|(ticket_type, _)| *ticket_type));
    if !ticket_types.is_empty() {
        return Err(HoldRefused::DuplicateTicketTypes { ticket_types });
    }
    let beyond = |quantity: u32| quantity == 0 || quantity > MAX_QUANTITY;
    let ticket_types = ids_where(&ask.items, |(_, quantity)| beyond(*quantity));
    if !ticket_types.is_empty() {
        return Err(HoldRefused::QuantityOutOfRange { ticket_types, limit: MAX_QUANTITY });
    }
    Ok(())
}

fn repeated<T: Copy + Eq + std::hash::Hash>(ids: impl ExactSizeIterator<Item = T>) -> Vec<T> {
    if ids.len() < 2 {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    ids.filter(|id| !seen.insert(*id)).collect()
}

fn ids_where(
    items: &[(TicketTypeId, u32)],
    wrong: impl Fn(&(TicketTypeId, u32)) -> bool,
) -> Vec<TicketTypeId> {
    items.iter().filter(|item| wrong(item)).map(|(ticket_type, _)| *ticket_type).collect()
}

/// What a hold adds, with prices, and the stock counter that each seat comes from.
pub(super) struct Wanted {
    pub(super) seats: Vec<(SeatLine, StockBucket)>,
    pub(super) items: Vec<ItemLine>,
    /// From when the hold cap counts, if the buyer had one of the seats before.
    pub(super) held_since: Option<Timestamp>,
}

impl Wanted {
    pub(super) fn of(
        scope: &dyn Scope,
        ask: &Hold,
        pending: Option<&Reservation>,
        terms: &Terms,
        now: Timestamp,
    ) -> Result<Self, HoldRefused> {
        let mut before = HeldBefore::new(ask.buyer, pending, terms, now);
        let seats = wanted_seats(scope, ask, pending, &mut before, now)?;
        let items = wanted_items(scope, ask)?;
        Ok(Self { seats, items, held_since: before.since()? })
    }

    pub(super) fn tickets(&self) -> u32 {
        let seats = u32::try_from(self.seats.len()).unwrap_or(u32::MAX);
        self.items.iter().fold(seats, |sum, line| sum.saturating_add(line.quantity))
    }
}

fn wanted_seats(
    scope: &dyn Scope,
    ask: &Hold,
    pending: Option<&Reservation>,
    before: &mut HeldBefore,
    now: Timestamp,
) -> Result<Vec<(SeatLine, StockBucket)>, HoldRefused> {
    let own = pending.map(|reservation| reservation.id);
    let (mut unknown, mut taken) = (Vec::new(), Vec::new());
    let mut lines = Vec::with_capacity(ask.seats.len());
    for id in &ask.seats {
        let Some((seat, ticket_type)) =
            scope.seat(*id).and_then(|seat| Some((seat, scope.ticket_type(seat.ticket_type)?)))
        else {
            unknown.push(*id);
            continue;
        };
        if own.is_some() && seat.state.owner() == own {
            continue;
        }
        if !seat.is_available_at(now) {
            taken.push(*id);
            continue;
        }
        before.add(scope, seat);
        let from =
            if seat.state == SeatState::Available { StockBucket::Available } else { StockBucket::Held };
        let label = Arc::clone(&seat.place.label);
        lines.push((
            SeatLine { seat: *id, ticket_type: ticket_type.id, label, price: ticket_type.price },
            from,
        ));
    }
    if !unknown.is_empty() {
        return Err(HoldRefused::UnknownSeats { seats: unknown });
    }
    if !taken.is_empty() {
        return Err(HoldRefused::SeatsTaken { seats: taken });
    }
    Ok(lines)
}

fn wanted_items(scope: &dyn Scope, ask: &Hold) -> Result<Vec<ItemLine>, HoldRefused> {
    let ticket_types = ids_where(&ask.items, |(id, _)| scope.ticket_type(*id).is_none());
    if !ticket_types.is_empty() {
        return Err(HoldRefused::UnknownTicketTypes { ticket_types });
    }
    let found = || ask.items.iter().filter_map(|(id, quantity)| Some((scope.ticket_type(*id)?, *quantity)));
    let seated = |ticket_type: &TicketType| matches!(ticket_type.kind, TicketKind::Seated { .. });
    let ticket_types: Vec<_> =
        found().filter(|(found, _)| seated(found)).map(|(found, _)| found.id).collect();
    if !ticket_types.is_empty() {
        return Err(HoldRefused::SoldBySeat { ticket_types });
    }
    let shortage = |found: &TicketType, asked: u32| {
        let available = found.stock.available();
        (asked > available).then_some(Shortage { ticket_type: found.id, asked, available })
    };
    let shortages: Vec<_> = found().filter_map(|(found, asked)| shortage(found, asked)).collect();
    if !shortages.is_empty() {
        return Err(HoldRefused::NotEnoughLeft { shortages });
    }
    let line = |(found, quantity): (&TicketType, u32)| ItemLine {
        ticket_type: found.id,
        name: Arc::from(found.name.as_str()),
        quantity,
        unit_price: found.price,
    };
    Ok(found().map(line).collect())
}
