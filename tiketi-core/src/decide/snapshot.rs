//! An in-memory copy of one event's rows, on which commands are decided one after another.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use crate::decide::announce::any_left;
use crate::decide::change::Change;
use crate::decide::scope::Scope;
use crate::decide::table::{AnyOrder, InOrder, RowIndex, Table};
use crate::error::StoreError;
use crate::event::Event;
use crate::fact::FactKinds;
use crate::id::{BuyerId, PaymentId, ReservationId, SeatId, TicketTypeId};
use crate::payment::Payment;
use crate::reservation::Reservation;
use crate::seat::Seat;
use crate::ticket_type::TicketType;
use crate::time::Timestamp;

type Rows<K, V> = HashMap<K, V, RandomState>;

/// Rows of one event, all of them or some, which applied changes keep up to date.
///
/// The in-memory store has one snapshot for each event. A database adapter fills one with the rows it locked, decides
/// its commands one after another on it, and writes what they changed.
#[derive(Debug, Clone)]
pub struct Snapshot {
    event: Event,
    serial: u64,
    map_version: u64,
    wanted_facts: FactKinds,
    ticket_types: Rows<TicketTypeId, TicketType>,
    seats: Table<Seat, AnyOrder<SeatId>>,
    reservations: Table<Reservation, InOrder<ReservationId>>,
    payments: Table<Payment, InOrder<PaymentId>>,
    buyers: Table<OfBuyer, AnyOrder<BuyerId>>,
    ends: BTreeSet<(Timestamp, ReservationId)>,
}

/// Indexes of a buyer's reservations: those that count against the per-buyer limit, all, and the latest with its serial.
#[derive(Debug, Clone, Default)]
struct OfBuyer {
    live: SmallVec<[RowIndex; 4]>,
    all: SmallVec<[RowIndex; 4]>,
    latest: Option<(u64, RowIndex)>,
}

impl Snapshot {
    /// Makes a snapshot that has only the event.
    pub fn new(event: Event) -> Self {
        Self {
            event,
            serial: 0,
            map_version: 0,
            wanted_facts: FactKinds::all(),
            ticket_types: Rows::default(),
            seats: Table::default(),
            reservations: Table::default(),
            payments: Table::default(),
            buyers: Table::default(),
            ends: BTreeSet::new(),
        }
    }

    /// Replaces the event's own row.
    pub fn set_event(&mut self, event: Event) {
        self.event = event;
    }

    /// Sets the serial for the next new reservation.
    pub fn set_serial(&mut self, serial: u64) {
        self.serial = serial;
    }

    /// Sets the map version, for a snapshot without all seats.
    pub fn set_map_version(&mut self, map_version: u64) {
        self.map_version = map_version;
    }

    /// Sets the kinds of facts that rules have to make; at first all.
    pub fn set_wanted_facts(&mut self, wanted: FactKinds) {
        self.wanted_facts = wanted;
    }

    /// Inserts or replaces a ticket type.
    pub fn put_ticket_type(&mut self, ticket_type: TicketType) {
        self.ticket_types.insert(ticket_type.id, ticket_type);
    }

    /// Removes a ticket type.
    pub fn remove_ticket_type(&mut self, id: TicketTypeId) {
        self.ticket_types.remove(&id);
    }

    /// Inserts or replaces a seat.
    pub fn put_seat(&mut self, seat: Seat) {
        self.map_version = self.map_version.max(seat.map_version);
        self.seats.put(seat.id, seat);
    }

    /// Inserts or replaces a reservation.
    pub fn put_reservation(&mut self, reservation: Reservation) {
        let (id, buyer, is_live) = (reservation.id, reservation.buyer, reservation.is_live());
        let serial = reservation.number.serial();
        let until = reservation.held_until();
        let (place, before) = self.reservations.put(id, reservation);
        let (is_new, was_live) = (before.is_none(), before.as_ref().is_some_and(Reservation::is_live));
        if let Some(until) = before.as_ref().and_then(Reservation::held_until) {
            self.ends.remove(&(until, id));
        }
        if let Some(until) = until {
            self.ends.insert((until, id));
        }
        if (is_new || was_live != is_live)
            && let Some(of_buyer) = self.buyers.get_or_default(buyer)
        {
            if is_new {
                of_buyer.all.push(place);
                if of_buyer.latest.is_none_or(|(latest, _)| latest < serial) {
                    of_buyer.latest = Some((serial, place));
                }
            }
            if is_live {
                of_buyer.live.push(place);
            } else {
                of_buyer.live.retain(|known| *known != place);
            }
        }
    }

    /// Inserts or replaces a payment.
    pub fn put_payment(&mut self, payment: Payment) {
        self.payments.put(payment.id, payment);
    }

    /// Returns all seats, in the order in which they were inserted.
    pub fn seats(&self) -> &[Seat] {
        self.seats.rows()
    }

    /// Returns all reservations, in the order in which they were inserted.
    pub fn reservations(&self) -> impl ExactSizeIterator<Item = &Reservation> {
        self.reservations.rows().iter()
    }

    /// Returns a buyer's reservations, ended ones included, in the order of insertion.
    pub fn reservations_of(&self, buyer: BuyerId) -> impl Iterator<Item = &Reservation> {
        let places = self.buyers.get(&buyer).into_iter().flat_map(|of_buyer| &of_buyer.all);
        places.filter_map(|place| self.reservations.at(*place))
    }

    /// Returns all payments, in the order in which they were inserted.
    pub fn payments(&self) -> impl ExactSizeIterator<Item = &Payment> {
        self.payments.rows().iter()
    }

    /// Returns the held reservation that is due first, if any is due at `now`.
    pub fn first_due(&self, now: Timestamp) -> Option<&Reservation> {
        let (until, id) = self.ends.first()?;
        if *until <= now { self.reservations.get(id) } else { None }
    }

    /// Returns when the first held reservation will be due.
    pub fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(until, _)| *until)
    }

    /// Returns whether any of the event's tickets is available.
    pub fn has_any_left(&self) -> bool {
        any_left(self.ticket_types.values())
    }

    /// Applies a change that was decided on this snapshot.
    ///
    /// # Errors
    ///
    /// [`crate::StoreErrorKind::Corrupt`] if the change names a seat or ticket type that is not in the snapshot.
    pub fn apply(&mut self, change: &Change) -> Result<(), StoreError> {
        let stranger =
            |what: String| StoreError::corrupt(format!("a change names {what}, which was not loaded"));
        if let Some(map_version) = change.map_version {
            self.map_version = map_version;
        }
        for changed in &change.seats {
            let seat = self.seats.get_mut(&changed.seat);
            let seat = seat.ok_or_else(|| stranger(format!("{:?}", changed.seat)))?;
            seat.state = changed.state.clone();
            seat.version = changed.version;
            seat.former.clone_from(&changed.former);
            seat.map_version = self.map_version;
        }
        for (id, stock) in &change.stock {
            let ticket_type = self.ticket_types.get_mut(id).ok_or_else(|| stranger(format!("{id:?}")))?;
            ticket_type.stock = *stock;
        }
        for reservation in &change.reservations {
            self.put_reservation(reservation.clone());
        }
        for payment in &change.payments {
            self.put_payment(payment.clone());
        }
        Ok(())
    }
}

impl Scope for Snapshot {
    fn event(&self) -> &Event {
        &self.event
    }

    fn map_version(&self) -> u64 {
        self.map_version
    }

    fn serial(&self) -> u64 {
        self.serial
    }

    fn ticket_type(&self, id: TicketTypeId) -> Option<&TicketType> {
        self.ticket_types.get(&id)
    }

    fn ticket_types(&self) -> Box<dyn Iterator<Item = &TicketType> + '_> {
        Box::new(self.ticket_types.values())
    }

    fn seat(&self, id: SeatId) -> Option<&Seat> {
        self.seats.get(&id)
    }

    fn reservation(&self, id: ReservationId) -> Option<&Reservation> {
        self.reservations.get(&id)
    }

    fn payment(&self, id: PaymentId) -> Option<&Payment> {
        self.payments.get(&id)
    }

    fn wanted_facts(&self) -> FactKinds {
        self.wanted_facts
    }

    fn latest_reservation(&self, buyer: BuyerId) -> Option<&Reservation> {
        let (_, place) = self.buyers.get(&buyer)?.latest?;
        self.reservations.at(place)
    }

    fn live_reservations(&self, buyer: BuyerId) -> Vec<&Reservation> {
        let places = self.buyers.get(&buyer).into_iter().flat_map(|of_buyer| &of_buyer.live);
        places.filter_map(|place| self.reservations.at(*place)).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::decide::fixture::{ADA, BEN, Show, at};

    /// Fails with a hold that is due before its end, and with one that is not due at its end.
    #[test]
    fn the_hold_that_ends_first_is_due_from_its_end_on() {
        let mut show = Show::open();
        show.held(at(10), BEN, &[1]);
        let first = show.held(at(0), ADA, &[0]);
        assert_eq!(show.snapshot.next_end(), Some(at(300)));
        assert_eq!(show.snapshot.first_due(at(299)), None);
        assert_eq!(show.snapshot.first_due(at(300)).map(|due| due.id), Some(first));
    }
}
