//! A small event on sale, for the unit tests of the rules.

use std::time::Duration;

use uuid::Uuid;

use crate::catalog::{EventInput, NewEvent, TicketTypeInput};
use crate::clock::{CountedIds, IdSource};
use crate::decide::{
    BeginConfirm, BeginRefund, CaptureOutcome, Change, Command, Effect, Envelope, Hold, RecordOutcome, Scope,
    Snapshot, StartPayment, Verdict, expire, run,
};
use crate::error::CommandError;
use crate::event::{Event, EventDetails, EventState, EventStep};
use crate::gateway::Captured;
use crate::id::{BuyerId, CommandKey, LayoutId, PaymentId, RefundId, ReservationId, SeatId, TicketTypeId};
use crate::money::{Currency, Money};
use crate::payment::Payment;
use crate::reservation::Reservation;
use crate::seat_layout::{Row, SeatLayout, Section, StoredLayout};
use crate::terms::Terms;
use crate::time::{SaleWindow, Timestamp};

pub(crate) const ADA: BuyerId = BuyerId::from_uuid(Uuid::from_u128(0xADA));
pub(crate) const BEN: BuyerId = BuyerId::from_uuid(Uuid::from_u128(0xBE));

/// Seconds since the sale opened; it stays open for a day.
pub(crate) fn at(seconds: u64) -> Timestamp {
    "2026-03-01T10:00:00Z".parse::<Timestamp>().unwrap().after(Duration::from_secs(seconds))
}

pub(crate) fn won(minor: i64) -> Money {
    Money::new(minor, Currency::KRW)
}

/// Six seats at 100 won, five units at 30 won, five free units; the per-buyer limit is eight.
pub(crate) struct Show {
    pub(crate) snapshot: Snapshot,
    pub(crate) seats: Vec<SeatId>,
    pub(crate) stalls: TicketTypeId,
    pub(crate) standing: TicketTypeId,
    pub(crate) free: TicketTypeId,
    ids: CountedIds,
}

impl Show {
    pub(crate) fn open() -> Self {
        Self::priced(100)
    }

    pub(crate) fn priced(seat_price: i64) -> Self {
        let ids = CountedIds::seeded(7);
        let mut new = new_event(&ids, won(seat_price));
        new.event.state = EventState::Published;
        let seats = new.seats.iter().map(|seat| seat.id).collect();
        let types: Vec<_> = new.ticket_types.iter().map(|ticket_type| ticket_type.id).collect();
        let mut snapshot = Snapshot::new(new.event);
        new.ticket_types.into_iter().for_each(|ticket_type| snapshot.put_ticket_type(ticket_type));
        new.seats.into_iter().for_each(|seat| snapshot.put_seat(seat));
        Self { snapshot, seats, stalls: types[0], standing: types[1], free: types[2], ids }
    }

    pub(crate) fn key(&self) -> CommandKey {
        CommandKey::from_uuid(self.ids.next())
    }

    /// Makes a hold of seats by their position in the row.
    pub(crate) fn hold(&self, buyer: BuyerId, seats: &[usize]) -> Hold {
        let id = ReservationId::from_uuid(self.ids.next());
        let event = self.snapshot.event().id;
        Hold::new(event, buyer, id, Terms::default()).seats(seats.iter().map(|at| self.seats[*at]))
    }

    /// Decides a command and applies its change.
    pub(crate) fn accept<C: Command>(&mut self, command: &Envelope<C>) -> Effect {
        let serial = self.snapshot.reservations().len() as u64 + 1;
        self.snapshot.set_serial(serial);
        match run(command, &self.snapshot, None) {
            Ok(Verdict::Apply(change, record)) => {
                self.snapshot.apply(&change).unwrap();
                record.effect
            }
            other => panic!("{command:?} came to {other:?}"),
        }
    }

    /// Decides a command, and applies nothing.
    pub(crate) fn decide<C: Command>(
        &self,
        Envelope { key: _, now, command }: &Envelope<C>,
    ) -> Result<Change, CommandError<C::Refused>> {
        command.decide(&self.snapshot, *now)
    }

    /// Decides a command that must be refused.
    pub(crate) fn refuse<C: Command>(&self, command: &Envelope<C>) -> C::Refused {
        self.decide(command).err().and_then(CommandError::refusal).expect("the command should be refused")
    }

    /// Holds seats, and returns the reservation.
    pub(crate) fn held(&mut self, now: Timestamp, buyer: BuyerId, seats: &[usize]) -> ReservationId {
        let hold = self.hold(buyer, seats);
        self.accept(&hold.at(now, self.key())).reservation
    }

    pub(crate) fn prepare(&self, of: ReservationId, buyer: BuyerId) -> StartPayment {
        let id = PaymentId::from_uuid(self.ids.next());
        StartPayment::new(id, of, buyer, Terms::default()).through("test", "card")
    }

    pub(crate) fn prepared(&mut self, now: Timestamp, of: ReservationId, buyer: BuyerId) -> PaymentId {
        let prepare = self.prepare(of, buyer);
        let payment = prepare.payment;
        self.accept(&prepare.at(now, self.key()));
        payment
    }

    pub(crate) fn confirming(&mut self, now: Timestamp, of: ReservationId, buyer: BuyerId) -> PaymentId {
        let payment = self.prepared(now, of, buyer);
        self.accept(&BeginConfirm::new(payment, buyer).at(now, self.key()));
        payment
    }

    /// Pays for a reservation.
    pub(crate) fn paid(&mut self, now: Timestamp, of: ReservationId, buyer: BuyerId) -> PaymentId {
        let payment = self.confirming(now, of, buyer);
        let amount = self.payment(payment).amount;
        let outcome = CaptureOutcome::Paid(Captured::kept(payment.to_string(), "taken", amount));
        self.accept(
            &RecordOutcome::new(payment, outcome).paid_by(buyer, Terms::default()).at(now, self.key()),
        );
        payment
    }

    /// Cancels the event.
    pub(crate) fn call_off(&mut self, now: Timestamp) {
        let event = self.snapshot.event().clone();
        let state = event.state.apply(&EventStep::Cancel { at: now }).unwrap();
        self.snapshot.set_event(Event { state, ..event });
    }

    /// Ends a reservation that is due.
    pub(crate) fn expire(&mut self, now: Timestamp, of: ReservationId) {
        let change = expire(&self.snapshot, self.reservation(of), now).unwrap().unwrap();
        self.snapshot.apply(&change).unwrap();
    }

    pub(crate) fn refund(&self, payment: PaymentId) -> BeginRefund {
        BeginRefund::new(payment, RefundId::from_uuid(self.ids.next()), "rain")
    }

    pub(crate) fn reservation(&self, id: ReservationId) -> &Reservation {
        self.snapshot.reservation(id).unwrap()
    }

    pub(crate) fn payment(&self, id: PaymentId) -> &Payment {
        self.snapshot.payment(id).unwrap()
    }

    /// Changes the price of standing tickets from now on.
    pub(crate) fn price_standing(&mut self, price: Money) {
        let mut standing = self.snapshot.ticket_type(self.standing).unwrap().clone();
        standing.price = price;
        self.snapshot.put_ticket_type(standing);
    }

    pub(crate) fn available(&self, of: TicketTypeId) -> u32 {
        self.snapshot.ticket_type(of).unwrap().stock.available()
    }

    pub(crate) fn is_free(&self, seat: usize, now: Timestamp) -> bool {
        self.snapshot.seat(self.seats[seat]).unwrap().is_available_at(now)
    }
}

fn new_event(ids: &CountedIds, seat_price: Money) -> NewEvent {
    let plan = SeatLayout::new("Harbour Hall", "Studio")
        .section(Section::new("Stalls", seat_price).row(Row::numbered("A", 6)));
    let layout = LayoutId::from_uuid(ids.next());
    let stored = StoredLayout { id: layout, layout: plan, created_at: at(0) };
    let sale = SaleWindow::new(at(0), at(86_400)).unwrap();
    let details = EventDetails::new("Evening of Lanterns", at(200_000), sale)
        .artist("The Paper Moons")
        .venue("Harbour Hall");
    let counted =
        |name: &str, price: i64| TicketTypeInput { name: name.into(), price: won(price), capacity: 5 };
    let input = EventInput::new(details, Currency::KRW)
        .seated(layout)
        .ticket_type(counted("Standing", 30))
        .ticket_type(counted("Lap children", 0));
    NewEvent::assemble(&input, Some(&stored), ids, at(0)).unwrap()
}
