//! One state of the sale: the shop's rows, the provider's books, and the minute.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tiketi_core::catalog::NewEvent;
use tiketi_core::clock::CountedIds;
use tiketi_core::decide::{SalesCommand, Scope, Snapshot, execute, expire};
use tiketi_core::event::EventState;
use tiketi_core::id::{BuyerId, CommandKey, LayoutId, PaymentId, ReservationId, SeatId};
use tiketi_core::seat_layout::StoredLayout;
use tiketi_core::{
    Currency, Event, EventDetails, EventInput, IdSource, Money, Payment, Reservation, Row, SaleWindow,
    SeatLayout, Section, Terms, Timestamp,
};
use uuid::Uuid;

use crate::provider::Account;
use crate::rows::Rows;

/// The number of buyers.
pub const BUYERS: usize = 2;
/// The number of seats.
pub const SEATS: usize = 2;
/// Price of each seat, in won.
pub(crate) const PRICE: i64 = 100;
const OPENS: &str = "2026-03-01T10:00:00Z";

/// A state of the sale.
#[derive(Debug, Clone)]
pub struct Sale {
    pub(crate) rows: Snapshot,
    /// The provider's account of each payment.
    pub(crate) accounts: BTreeMap<PaymentId, Account>,
    /// Whole minutes since the sale opened.
    pub(crate) minute: u8,
    /// What the step that led here did wrong, if a transition is forbidden.
    pub(crate) wrong: Option<&'static str>,
}

/// Everything lasts one minute; the hold cap and the payment window are two.
pub(crate) fn terms() -> Arc<Terms> {
    let minute = Duration::from_mins(1);
    let terms = Terms::default()
        .hold_ttl(minute)
        .hold_cap(2 * minute)
        .payment_window(2 * minute)
        .not_found_grace(minute)
        .not_found_grace_past_cap(minute)
        .trouble_after(minute);
    Arc::new(terms)
}

pub(crate) fn won(minor: i64) -> Money {
    Money::new(minor, Currency::KRW)
}

pub(crate) fn buyer(at: usize) -> BuyerId {
    BuyerId::from_uuid(Uuid::from_u128(0xB0 + at as u128))
}

/// Makes the number of an id from its kind, its buyer, and how many of its kind the buyer has.
fn numbered(kind: u128, of: usize, known: usize) -> u128 {
    kind + 0x100 * of as u128 + known as u128
}

pub(crate) fn moment(minute: u8) -> Timestamp {
    let opens: Timestamp = OPENS.parse().unwrap();
    opens.after(Duration::from_mins(u64::from(minute)))
}

impl Sale {
    /// Makes the sale in which nothing has happened.
    pub fn open() -> Self {
        let ids = CountedIds::seeded(7);
        let mut new = new_event(&ids);
        new.event.state = EventState::Published;
        let mut rows = Snapshot::new(new.event);
        new.ticket_types.into_iter().for_each(|ticket_type| rows.put_ticket_type(ticket_type));
        new.seats.into_iter().for_each(|seat| rows.put_seat(seat));
        Self { rows, accounts: BTreeMap::new(), minute: 0, wrong: None }
    }

    pub(crate) fn now(&self) -> Timestamp {
        moment(self.minute)
    }

    pub(crate) fn event(&self) -> &Event {
        self.rows.event()
    }

    pub(crate) fn seat(&self, at: usize) -> SeatId {
        self.rows.seats()[at].id
    }

    pub(crate) fn payment(&self, id: PaymentId) -> &Payment {
        self.rows.payment(id).unwrap()
    }

    pub(crate) fn reservations_of(&self, of: usize) -> impl Iterator<Item = &Reservation> {
        self.rows.reservations_of(buyer(of))
    }

    /// Returns the id of a buyer's next reservation.
    ///
    /// Ids are counted for each buyer, so that histories which differ only in who came first have the same rows.
    pub(crate) fn next_reservation(&self, of: usize) -> ReservationId {
        ReservationId::from_uuid(Uuid::from_u128(numbered(0x1000, of, self.reservations_of(of).count())))
    }

    pub(crate) fn next_payment(&self, of: usize) -> PaymentId {
        let known = self.rows.payments().filter(|payment| payment.buyer == buyer(of)).count();
        PaymentId::from_uuid(Uuid::from_u128(numbered(0x2000, of, known)))
    }

    /// Executes a command as a store does; returns whether it was applied.
    ///
    /// Each command has a new key, as if the key of the one before had been deleted.
    pub(crate) fn execute<C: SalesCommand>(&mut self, command: C) -> bool {
        let key = CommandKey::from_uuid(Uuid::nil());
        let envelope = command.at(self.now(), key);
        match execute(&mut Rows(&mut self.rows), &envelope) {
            Ok(_) => true,
            Err(error) => {
                assert!(error.refusal().is_some(), "a rule found its own rows corrupt: {envelope:?}");
                false
            }
        }
    }

    /// Ends what is due, as the sweeper does; returns whether anything was.
    pub(crate) fn sweep(&mut self) -> bool {
        sweep(&mut self.rows, moment(self.minute))
    }
}

/// Ends each reservation that is due.
pub(crate) fn sweep(rows: &mut Snapshot, now: Timestamp) -> bool {
    let mut any = false;
    while let Some(due) = rows.first_due(now) {
        let change = expire(rows, due, now).expect("the rows agree").expect("it is due");
        rows.apply(&change).expect("all rows are there");
        any = true;
    }
    any
}

fn new_event(ids: &CountedIds) -> NewEvent {
    let row = Row::numbered("A", u32::try_from(SEATS).unwrap());
    let plan = SeatLayout::new("Harbour Hall", "Studio").section(Section::new("Stalls", won(PRICE)).row(row));
    let layout = LayoutId::from_uuid(ids.next());
    let stored = StoredLayout { id: layout, layout: plan, created_at: moment(0) };
    let day = Duration::from_hours(24);
    let sale = SaleWindow::new(moment(0), moment(0).after(day)).unwrap();
    let details = EventDetails::new("Evening of Lanterns", moment(0).after(2 * day), sale);
    let input = EventInput::new(details, Currency::KRW).seated(layout);
    NewEvent::assemble(&input, Some(&stored), ids, moment(0)).unwrap()
}
