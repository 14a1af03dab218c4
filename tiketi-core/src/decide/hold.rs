//! Holds seats, units or both: all of them or none.

mod held_before;
mod wanted;

use std::sync::Arc;

use crate::decide::change::{Change, Effect};
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::command::{Command, ReadSet, Subject, fingerprint_of};
use crate::decide::extend::renewed_until;
use crate::decide::hold::wanted::{Wanted, check_form};
use crate::decide::new_id::is_new_reservation;
use crate::decide::scope::Scope;
use crate::decide::stock::StockBucket;
use crate::error::{CommandError, StoreError};
use crate::event::EventState;
use crate::hold_time::HoldTime;
use crate::id::{BuyerId, EventId, ReservationId, SeatId, TicketTypeId};
use crate::metadata::Metadata;
use crate::money::Money;
use crate::reservation::{ItemLine, Reservation, ReservationNumber, ReservationState};
use crate::seat::SeatStep;
use crate::terms::Terms;
use crate::text::TextError;
use crate::time::Timestamp;
use crate::waiting_room::Admitted;

/// Holds seats and general-admission units of one event for one buyer.
///
/// If the buyer has a held reservation of the event, the tickets are added to it; seats that it has already do not
/// change and are not an error. Adding extends the whole hold, up to its cap, and abandons a prepared payment, whose
/// amount would no longer match.
///
/// The cap counts from when the buyer had a seat first: a seat that the buyer gave back, or whose hold ended, less than
/// [`Terms::hold_ttl`] ago has not been given up. Any other buyer can hold it at once.
///
/// Whatever seats a buyer holds, and however often, all holds together last at most [`Terms::hold_allowance`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Hold {
    /// The event.
    pub event: EventId,
    /// The buyer.
    pub buyer: BuyerId,
    /// The id for the reservation, if a new one is made.
    pub reservation: ReservationId,
    /// The seats.
    pub seats: Vec<SeatId>,
    /// The general-admission units, one entry for each ticket type.
    pub items: Vec<(TicketTypeId, u32)>,
    /// The host's own data for the reservation; `None` keeps what a held reservation has.
    pub metadata: Option<Metadata>,
    /// The shop's terms; the event's own override them.
    pub terms: Arc<Terms>,
    /// The buyer's admission from the waiting room, if they have a pass; it is not part of the content.
    pub admitted: Option<Admitted>,
}

impl Hold {
    /// Makes an empty command.
    pub fn new(
        event: EventId,
        buyer: BuyerId,
        reservation: ReservationId,
        terms: impl Into<Arc<Terms>>,
    ) -> Self {
        Self {
            event,
            buyer,
            reservation,
            seats: Vec::new(),
            items: Vec::new(),
            metadata: None,
            terms: terms.into(),
            admitted: None,
        }
    }

    /// Adds seats.
    #[must_use]
    pub fn seats(mut self, seats: impl IntoIterator<Item = SeatId>) -> Self {
        self.seats.extend(seats);
        self
    }

    /// Adds the buyer's admission from the waiting room.
    #[must_use]
    pub fn admitted(mut self, admitted: Admitted) -> Self {
        self.admitted = Some(admitted);
        self
    }

    /// Adds `quantity` units of a general-admission ticket type.
    #[must_use]
    pub fn item(mut self, ticket_type: TicketTypeId, quantity: u32) -> Self {
        self.items.push((ticket_type, quantity));
        self
    }

    /// Sets the host's own data for the reservation, and replaces what a held reservation has.
    #[must_use]
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = Some(metadata);
        self
    }
}

/// Why a hold is refused; each variant names all obstacles of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HoldRefused {
    /// The event does not exist, or is a draft.
    #[error("there is no such event")]
    EventNotFound,
    /// The event was cancelled.
    #[error("the event was cancelled")]
    EventCancelled,
    /// The sale has not opened.
    #[error("the sale opens at {opens_at}")]
    SaleNotOpen {
        /// When it opens.
        opens_at: Timestamp,
    },
    /// The sale has closed.
    #[error("the sale closed at {closed_at}")]
    SaleClosed {
        /// When it closed.
        closed_at: Timestamp,
    },
    /// The event has a waiting room, and the buyer has no admission pass, or one that is forged or has ended, or that
    /// is another buyer's or another event's.
    #[error("the waiting room has not admitted you")]
    NotAdmitted,
    /// The command names neither a seat nor a quantity.
    #[error("nothing was asked for: name at least one seat or ticket type")]
    NothingAsked,
    /// The command names more seats and ticket types than allowed.
    #[error("{asked} seats and ticket types in one request is more than the limit of {limit}")]
    TooManyLines {
        /// The number of seats and ticket types.
        asked: usize,
        /// The limit.
        limit: usize,
    },
    /// Some seats were named more than once.
    #[error("{} seats were named more than once", seats.len())]
    DuplicateSeats {
        /// These seats.
        seats: Vec<SeatId>,
    },
    /// Some ticket types were named more than once.
    #[error("{} ticket types were named more than once", ticket_types.len())]
    DuplicateTicketTypes {
        /// These ticket types.
        ticket_types: Vec<TicketTypeId>,
    },
    /// Some seats do not exist, or belong to another event.
    #[error("{} seats are not seats of this event", seats.len())]
    UnknownSeats {
        /// These seats.
        seats: Vec<SeatId>,
    },
    /// Some ticket types do not exist, or belong to another event.
    #[error("{} ticket types are not of this event", ticket_types.len())]
    UnknownTicketTypes {
        /// These ticket types.
        ticket_types: Vec<TicketTypeId>,
    },
    /// Some ticket types are sold by seat, not by quantity.
    #[error("{} ticket types are sold by seat: choose seats instead", ticket_types.len())]
    SoldBySeat {
        /// These ticket types.
        ticket_types: Vec<TicketTypeId>,
    },
    /// A quantity is zero or above the limit.
    #[error("a quantity must be from 1 to {limit}")]
    QuantityOutOfRange {
        /// These ticket types.
        ticket_types: Vec<TicketTypeId>,
        /// The limit.
        limit: u32,
    },
    /// Some seats are held, sold or blocked.
    #[error("{} of the seats are taken", seats.len())]
    SeatsTaken {
        /// All of these seats.
        seats: Vec<SeatId>,
    },
    /// The buyer has held some seats up to the hold cap, and gave them back a moment ago.
    #[error("{} of the seats were held for too long; others may hold them until {again_at}", seats.len())]
    HeldTooLong {
        /// These seats.
        seats: Vec<SeatId>,
        /// From when the buyer can hold all of them again, if they are free.
        again_at: Timestamp,
    },
    /// The buyer has held tickets of the event for the whole [`Terms::hold_allowance`] without paying.
    #[error("you have held tickets of this event for too long: try again from {again_at}")]
    HoldTimeUsedUp {
        /// From when the buyer can hold again, for [`Terms::hold_ttl`].
        again_at: Timestamp,
    },
    /// Some ticket types have fewer units left than the command asks for.
    #[error("{} ticket types have too few tickets left", shortages.len())]
    NotEnoughLeft {
        /// All of these ticket types.
        shortages: Vec<Shortage>,
    },
    /// The buyer would have more tickets of the event than the per-buyer limit.
    #[error("a buyer may have at most {limit} tickets of this event")]
    LimitReached {
        /// The limit.
        limit: u32,
        /// The number of tickets that the buyer has.
        owned: u32,
        /// The number of tickets that the command asks for.
        asked: u32,
    },
    /// Another reservation has the id; its key was deleted.
    #[error("there is a reservation with that id")]
    ReservationIdTaken {
        /// The reservation.
        reservation: ReservationId,
    },
    /// The buyer's reservation is being paid, so nothing can be added to it.
    #[error("a payment for your reservation is in progress")]
    PaymentInProgress {
        /// The reservation.
        reservation: ReservationId,
    },
}

/// A ticket type with fewer units left than the command asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shortage {
    /// The ticket type.
    pub ticket_type: TicketTypeId,
    /// The units asked for.
    pub asked: u32,
    /// The units left.
    pub available: u32,
}

impl Shortage {
    /// Makes the shortage of a ticket type.
    pub const fn new(ticket_type: TicketTypeId, asked: u32, available: u32) -> Self {
        Self { ticket_type, asked, available }
    }
}

impl Command for Hold {
    type Refused = HoldRefused;

    fn name(&self) -> &'static str {
        "hold"
    }

    fn subject(&self) -> Subject {
        Subject::Event(self.event)
    }

    fn fingerprint(&self) -> u128 {
        let mut fingerprint = fingerprint_of(self.name(), self.event.as_uuid());
        fingerprint.id(self.buyer.as_uuid()).number(self.seats.len() as u64);
        for seat in &self.seats {
            fingerprint.id(seat.as_uuid());
        }
        for (ticket_type, quantity) in &self.items {
            fingerprint.id(ticket_type.as_uuid()).number(u64::from(*quantity));
        }
        if let Some(metadata) = &self.metadata {
            fingerprint.text(metadata.as_json());
        }
        fingerprint.finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        // Metadata is valid since it was made.
        let Self {
            event: _,
            buyer: _,
            reservation: _,
            seats: _,
            items: _,
            metadata: _,
            terms: _,
            admitted: _,
        } = self;
        Ok(())
    }

    fn read_set(&self) -> ReadSet<'_> {
        ReadSet {
            seats: &self.seats,
            buyer: Some(self.buyer),
            new_reservation: Some(self.reservation),
            ..ReadSet::default()
        }
    }

    fn subject_unknown(&self) -> HoldRefused {
        HoldRefused::EventNotFound
    }

    fn decide(&self, scope: &dyn Scope, now: Timestamp) -> Result<Change, CommandError<HoldRefused>> {
        hold(scope, self, now)
    }
}

/// Decides a hold.
fn hold(scope: &dyn Scope, ask: &Hold, now: Timestamp) -> Result<Change, CommandError<HoldRefused>> {
    check_sale(scope, now).map_err(CommandError::Refused)?;
    check_admission(scope, ask, now).map_err(CommandError::Refused)?;
    check_form(ask).map_err(CommandError::Refused)?;
    let live = scope.live_reservations(ask.buyer);
    let pending = pending(&live, now).map_err(CommandError::Refused)?;
    if pending.is_none() && !is_new_reservation(scope, ask.reservation) {
        let refused = HoldRefused::ReservationIdTaken { reservation: ask.reservation };
        return Err(CommandError::Refused(refused));
    }
    let terms = scope.event().details.terms.over(&ask.terms);
    let hold_time = hold_time(scope, ask.buyer, pending, &terms, now).map_err(CommandError::Refused)?;
    let wanted = Wanted::of(scope, ask, pending, &terms, now).map_err(CommandError::Refused)?;
    let owned = live.iter().fold(0_u32, |sum, reservation| sum.saturating_add(reservation.tickets()));
    check_limit(owned, wanted.tickets(), terms.max_seats_per_buyer).map_err(CommandError::Refused)?;

    let mut change = ChangeBuilder::new(scope, now);
    let before = match pending {
        Some(pending) => {
            change.abandon_attempt(pending.payment)?;
            Reservation { payment: None, ..pending.clone() }
        }
        None => new_reservation(scope, ask, hold_time, now),
    };
    let metadata = ask.metadata.clone().unwrap_or_else(|| before.metadata.clone());
    let held_since = wanted.held_since.map_or(before.held_since, |since| since.min(before.held_since));
    let after = with_lines(Reservation { held_since, metadata, ..before }, &wanted, now, &terms)?;
    let until = after.held_until().unwrap_or(now);
    if let Some(pending) = pending {
        // All seats of a reservation end at the same moment, so those held before are extended, too.
        let step = SeatStep::Extend { reservation: pending.id, until };
        change.seats(&pending.seats, &step, StockBucket::Held, StockBucket::Held)?;
    }
    let step = SeatStep::Hold { reservation: after.id, now, until };
    for (line, from) in &wanted.seats {
        change.seat(line.seat, &step, *from, StockBucket::Held)?;
    }
    change.items(&wanted.items, StockBucket::Available, StockBucket::Held)?;
    let effect = Effect { reservation: after.id, payment: None };
    change.reservation(after);
    Ok(change.about(effect))
}

fn check_sale(scope: &dyn Scope, now: Timestamp) -> Result<(), HoldRefused> {
    let event = scope.event();
    let sale = event.details.sale;
    match event.state {
        EventState::Draft => Err(HoldRefused::EventNotFound),
        EventState::Cancelled { .. } => Err(HoldRefused::EventCancelled),
        EventState::Published if now < sale.opens_at() => {
            Err(HoldRefused::SaleNotOpen { opens_at: sale.opens_at() })
        }
        EventState::Published if now >= sale.closes_at() => {
            Err(HoldRefused::SaleClosed { closed_at: sale.closes_at() })
        }
        EventState::Published => Ok(()),
    }
}

/// Checks the admission if the event has a waiting room, so that every path of a sale requires it.
fn check_admission(scope: &dyn Scope, ask: &Hold, now: Timestamp) -> Result<(), HoldRefused> {
    let is_admitted = ask.admitted.is_some_and(|admitted| admitted.admits(ask.event, ask.buyer, now));
    if scope.event().details.waiting_room.requires_pass() && !is_admitted {
        return Err(HoldRefused::NotAdmitted);
    }
    Ok(())
}

/// Finds the buyer's reservation to which tickets can be added.
fn pending<'s>(live: &[&'s Reservation], now: Timestamp) -> Result<Option<&'s Reservation>, HoldRefused> {
    for reservation in live {
        match reservation.state {
            ReservationState::Paying { .. } => {
                return Err(HoldRefused::PaymentInProgress { reservation: reservation.id });
            }
            ReservationState::Held { until } if until > now => return Ok(Some(reservation)),
            ReservationState::Held { .. }
            | ReservationState::Confirmed { .. }
            | ReservationState::Expired { .. }
            | ReservationState::Cancelled { .. } => {}
        }
    }
    Ok(None)
}

/// Returns the hold time that the buyer has used, if enough is left for another hold.
///
/// A buyer has one pending reservation at a time, so the latest one knows of all before it.
fn hold_time(
    scope: &dyn Scope,
    buyer: BuyerId,
    pending: Option<&Reservation>,
    terms: &Terms,
    now: Timestamp,
) -> Result<HoldTime, HoldRefused> {
    if let Some(pending) = pending {
        return Ok(pending.hold_time);
    }
    let latest = scope.latest_reservation(buyer);
    let used = latest.map_or(HoldTime::unused(now), |latest| latest.hold_time.at(now, terms));
    match used.enough_at(terms) {
        again_at if again_at > now => Err(HoldRefused::HoldTimeUsedUp { again_at }),
        _ => Ok(used),
    }
}

fn check_limit(owned: u32, asked: u32, limit: u32) -> Result<(), HoldRefused> {
    if owned.saturating_add(asked) > limit {
        return Err(HoldRefused::LimitReached { limit, owned, asked });
    }
    Ok(())
}

fn new_reservation(scope: &dyn Scope, ask: &Hold, hold_time: HoldTime, now: Timestamp) -> Reservation {
    Reservation {
        id: ask.reservation,
        number: ReservationNumber::new(now, scope.serial()),
        event: ask.event,
        buyer: ask.buyer,
        seats: Vec::new(),
        items: Vec::new(),
        total: Money::zero(scope.event().currency),
        // Its lines and its cap decide how long it lasts.
        state: ReservationState::Held { until: now },
        created_at: now,
        confirmed_at: None,
        held_since: now,
        hold_time,
        payment_window_granted: false,
        payment: None,
        cancellation: None,
        metadata: Metadata::default(),
        version: 0,
    }
}

/// Adds the lines and their price, and extends the hold.
fn with_lines(
    mut reservation: Reservation,
    wanted: &Wanted,
    now: Timestamp,
    terms: &Terms,
) -> Result<Reservation, StoreError> {
    for (line, _) in &wanted.seats {
        reservation.total = reservation.total.plus(line.price)?;
        reservation.seats.push(line.clone());
    }
    for line in &wanted.items {
        reservation.total = reservation.total.plus(line.unit_price.times(line.quantity)?)?;
        let same = |known: &&mut ItemLine| {
            known.ticket_type == line.ticket_type && known.unit_price == line.unit_price
        };
        match reservation.items.iter_mut().find(same) {
            Some(known) => known.quantity = known.quantity.saturating_add(line.quantity),
            None => reservation.items.push(line.clone()),
        }
    }
    reservation.state = ReservationState::Held { until: renewed_until(&reservation, now, terms) };
    Ok(reservation)
}

#[cfg(test)]
mod tests;
