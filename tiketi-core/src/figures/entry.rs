//! What one reservation with its payments adds to the figures.

use std::collections::BTreeMap;

use crate::figures::calendar::{Calendar, quarter_of};
use crate::figures::day::Day;
use crate::id::{EventId, ReservationId, SeatId, TicketTypeId};
use crate::money::{Currency, Money};
use crate::payment::{Payment, PaymentState, RefundState, RefundTickets, ReturnedTickets};
use crate::reservation::{CancelReason, Reservation, ReservationState};
use crate::time::Timestamp;

/// How many tickets of each ticket type.
pub type Tickets = BTreeMap<TicketTypeId, u32>;

/// The rows of one reservation that are counted, as they are at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "rows: each store reads every field")]
pub struct FigureSource {
    /// The reservation.
    pub reservation: Reservation,
    /// All payment attempts of it.
    pub payments: Vec<Payment>,
    /// The ticket type of each seat that a refund took back.
    pub returned_seats: Vec<(SeatId, TicketTypeId)>,
}

/// What a reservation adds to the figures, at one version of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Counted {
    /// The reservation.
    pub reservation: ReservationId,
    /// Its event.
    pub event: EventId,
    /// The sum of the versions of its rows, which grows with each change of any of them.
    pub version: u64,
    /// What it adds.
    pub entries: Vec<Entry>,
}

/// One thing that happened to a reservation, and when by the organiser's calendar.
///
/// The day is saved, not derived again: a later release may know other rules of a time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a part of a row: each store reads and writes every field")]
pub struct Entry {
    /// The day.
    pub day: Day,
    /// The quarter of an hour, from the beginning of the day.
    pub quarter: u8,
    /// What happened.
    pub what: What,
}

/// What can happen to a reservation that is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a complete set, which each store reads and writes")]
pub enum What {
    /// It was made.
    Started,
    /// It was confirmed with these tickets.
    Confirmed(Tickets),
    /// Its hold ended.
    Expired,
    /// It was cancelled.
    Cancelled(CancelReason),
    /// These tickets, which were sold, came back.
    Returned(Tickets),
    /// A payment was prepared, by this method.
    Attempted(String, Currency),
    /// Money was captured, by this method.
    Captured(String, Money),
    /// A payment was declined, by this method.
    Declined(String, Currency),
    /// Money went back, by this method.
    Refunded(String, Money),
}

impl FigureSource {
    /// Returns what the reservation adds to the figures, on the days of a calendar.
    pub fn counted(&self, calendar: &dyn Calendar) -> Counted {
        let Reservation { id, event, version, .. } = self.reservation;
        let mut entries = Entries { calendar, entries: Vec::new() };
        self.of_reservation(&mut entries);
        for payment in &self.payments {
            of_payment(payment, &mut entries);
        }
        let version = self.payments.iter().fold(version, |sum, payment| sum.saturating_add(payment.version));
        Counted { reservation: id, event, version, entries: entries.entries }
    }

    fn of_reservation(&self, entries: &mut Entries<'_>) {
        let reservation = &self.reservation;
        entries.add(reservation.created_at, What::Started);
        let kept = tickets_of(reservation);
        if let Some(confirmed_at) = reservation.confirmed_at {
            let partly = self.returned_before_the_end();
            let mut sold = kept.clone();
            for (_, tickets) in &partly {
                add_tickets(&mut sold, tickets);
            }
            entries.add(confirmed_at, What::Confirmed(sold));
            for (at, tickets) in partly {
                entries.add(at, What::Returned(tickets));
            }
        }
        match reservation.state {
            ReservationState::Expired { at } => entries.add(at, What::Expired),
            ReservationState::Cancelled { reason, at } => {
                if reservation.confirmed_at.is_some() {
                    entries.add(at, What::Returned(kept));
                }
                entries.add(at, What::Cancelled(reason));
            }
            ReservationState::Held { .. }
            | ReservationState::Paying { .. }
            | ReservationState::Confirmed { .. } => {}
        }
    }

    /// Returns the tickets that refunds took back while the buyer kept others, with the moments.
    ///
    /// The refund that took the last tickets ended the reservation at its moment; a reservation keeps the lines that it
    /// ended with, so these are counted with its end.
    fn returned_before_the_end(&self) -> Vec<(Timestamp, Tickets)> {
        let refunds = self.payments.iter().flat_map(|payment| &payment.refunds);
        let mut returned: Vec<_> = refunds
            .filter_map(|refund| match (&refund.tickets, &refund.state) {
                (RefundTickets::Returned(tickets), RefundState::Done { at }) => {
                    Some((*at, self.tickets_back(tickets)))
                }
                _ => None,
            })
            .collect();
        returned.sort_by_key(|(at, _)| *at);
        if let ReservationState::Cancelled { at, .. } = self.reservation.state
            && returned.last().is_some_and(|(last, _)| *last == at)
        {
            returned.pop();
        }
        returned
    }

    fn tickets_back(&self, returned: &ReturnedTickets) -> Tickets {
        let mut tickets = Tickets::new();
        for seat in &returned.seats {
            if let Some((_, ticket_type)) = self.returned_seats.iter().find(|(known, _)| known == seat) {
                add_ticket(&mut tickets, *ticket_type, 1);
            }
        }
        for item in &returned.items {
            add_ticket(&mut tickets, item.ticket_type, item.quantity);
        }
        tickets
    }
}

fn of_payment(payment: &Payment, entries: &mut Entries<'_>) {
    let method = || payment.method.clone();
    entries.add(payment.created_at, What::Attempted(method(), payment.amount.currency()));
    if let (Some(captured), Some(at)) = (payment.captured, payment.captured_at) {
        entries.add(at, What::Captured(method(), captured));
    }
    if let PaymentState::Declined { at, .. } = payment.state {
        entries.add(at, What::Declined(method(), payment.amount.currency()));
    }
    for refund in &payment.refunds {
        if let RefundState::Done { at } = refund.state {
            entries.add(at, What::Refunded(method(), refund.amount));
        }
    }
}

/// Collects entries, and finds the day of each.
struct Entries<'c> {
    calendar: &'c dyn Calendar,
    entries: Vec<Entry>,
}

impl Entries<'_> {
    fn add(&mut self, at: Timestamp, what: What) {
        let (day, quarter) = (self.calendar.day_of(at), quarter_of(self.calendar, at));
        self.entries.push(Entry { day, quarter, what });
    }
}

/// Returns the tickets of a reservation by their type.
fn tickets_of(reservation: &Reservation) -> Tickets {
    let mut tickets = Tickets::new();
    for line in &reservation.seats {
        add_ticket(&mut tickets, line.ticket_type, 1);
    }
    for line in &reservation.items {
        add_ticket(&mut tickets, line.ticket_type, line.quantity);
    }
    tickets
}

fn add_ticket(tickets: &mut Tickets, ticket_type: TicketTypeId, quantity: u32) {
    let sum = tickets.entry(ticket_type).or_default();
    *sum = sum.saturating_add(quantity);
}

fn add_tickets(sum: &mut Tickets, tickets: &Tickets) {
    for (ticket_type, quantity) in tickets {
        add_ticket(sum, *ticket_type, *quantity);
    }
}
