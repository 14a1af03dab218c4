//! Valid rows have no violation, and each corruption of them has exactly one.

mod money;
mod rows;

use std::time::Duration;

use uuid::Uuid;

use crate::audit::{AuditedRow, EventAudit, SnapshotParts, Violation, audit};
use crate::decide::Command;
use crate::decide::fixture::{ADA, BEN, Show, at};
use crate::decide::{Cancel, RecordRefund, RefundOutcome, Scope, Snapshot, expire};
use crate::id::{PaymentId, ReservationId};
use crate::payment::Payment;
use crate::reservation::Reservation;
use crate::seat::{Seat, SeatState};
use crate::ticket_type::Stock;

/// An event in which Ada owns seats 0 and 1, and Ben holds seat 2 and has prepared a payment.
struct AuditFixture {
    show: Show,
    sold: ReservationId,
    paid: PaymentId,
    held: ReservationId,
    ready: PaymentId,
}

fn sold() -> AuditFixture {
    let mut show = Show::open();
    let sold = show.held(at(1), ADA, &[0, 1]);
    let paid = show.paid(at(2), sold, ADA);
    let held = show.held(at(3), BEN, &[2]);
    let ready = show.prepared(at(4), held, BEN);
    assert_eq!(audit(&show.snapshot), []);
    AuditFixture { show, sold, paid, held, ready }
}

impl AuditFixture {
    fn reservation(&mut self, id: ReservationId, edit: impl FnOnce(&mut Reservation)) {
        let mut row = self.show.reservation(id).clone();
        edit(&mut row);
        self.show.snapshot.put_reservation(row);
    }

    fn payment(&mut self, id: PaymentId, edit: impl FnOnce(&mut Payment)) {
        let mut row = self.show.payment(id).clone();
        edit(&mut row);
        self.show.snapshot.put_payment(row);
    }

    fn seat(&mut self, place: usize, edit: impl FnOnce(&mut Seat)) {
        let mut row = self.show.snapshot.seat(self.show.seats[place]).unwrap().clone();
        edit(&mut row);
        self.show.snapshot.put_seat(row);
    }

    fn own(&mut self, place: usize, state: SeatState) {
        self.seat(place, |seat| seat.state = state);
    }

    /// Adjusts the stock of the seats, for a corruption that concerns other rows.
    fn count(&mut self, edit: impl FnOnce(&mut Stock)) {
        let mut row = self.show.snapshot.ticket_type(self.show.stalls).unwrap().clone();
        edit(&mut row.stock);
        self.show.snapshot.put_ticket_type(row);
    }

    #[track_caller]
    fn finds(&self, expected: &Violation) {
        assert_eq!(audit(&self.show.snapshot), std::slice::from_ref(expected));
        assert_eq!(audit_in_parts(&self.show.snapshot, 1), std::slice::from_ref(expected), "row by row");
    }
}

fn audit_in_parts(snapshot: &Snapshot, rows: usize) -> Vec<Violation> {
    let (parts, mut found) = (SnapshotParts::of(snapshot), Vec::new());
    let mut audit = EventAudit::new(parts.event(), &mut found);
    for part in parts.parts(rows) {
        assert!(part.rows.len() <= rows, "{part:?}");
        audit.check(&part, &mut found);
    }
    audit.finish(&mut found);
    found
}

fn unknown_reservation() -> ReservationId {
    ReservationId::from_uuid(Uuid::from_u128(0xDEAD))
}

#[test]
fn rows_of_every_state_the_rules_lead_to_are_sound() {
    let mut it = sold();
    let second = it.show.held(at(5), ADA, &[3]);
    it.show.accept(&it.show.refund(it.paid).at(at(5), it.show.key()));
    assert_eq!(audit(&it.show.snapshot), []);
    let refund = it.show.payment(it.paid).refunds[0].id;
    it.show.accept(&RecordRefund::new(it.paid, refund, RefundOutcome::Done).at(at(6), it.show.key()));
    assert_eq!(audit(&it.show.snapshot), []);
    it.show.confirming(at(7), second, ADA);
    assert_eq!(audit(&it.show.snapshot), []);
    it.show.accept(&Cancel::by_buyer(it.held, BEN).at(at(8), it.show.key()));
    assert_eq!(audit(&it.show.snapshot), []);
}

#[test]
fn a_hold_that_lapsed_is_sound_before_and_after_it_is_tidied() {
    let mut it = sold();
    let late = at(4).after(Duration::from_hours(2));
    let due = it.show.reservation(it.held).clone();
    assert!(due.is_due_at(late));
    let change = expire(&it.show.snapshot, &due, late).unwrap().unwrap();
    it.show.snapshot.apply(&change).unwrap();
    assert_eq!(audit(&it.show.snapshot), []);
}

#[test]
fn a_violation_says_in_a_sentence_what_is_wrong_and_where() {
    let it = sold();
    let wrong = Violation::VersionMissing { row: AuditedRow::Seat(it.show.seats[0]) };
    assert_eq!(wrong.to_string(), format!("seat {} has version 0", it.show.seats[0]));
}
