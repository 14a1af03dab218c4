//! Violations of payments and refunds.

use super::*;
use crate::audit::money::check_listed;
use crate::decide::Command;
use crate::decide::fixture::won;
use crate::decide::{BeginConfirm, EndPayment};
use crate::id::RefundId;
use crate::payment::{
    Deposit, Note, PaymentState, Reconciliation, Refund, RefundState, RefundTickets, ReturnedTickets, Settles,
};
use crate::reservation::{CancelReason, ReservationState};

fn refund(minor: i64, state: RefundState) -> Refund {
    let id = RefundId::from_uuid(Uuid::from_u128(0xBACC));
    Refund { id, amount: won(minor), reason: "rain".into(), tickets: RefundTickets::Kept, state }
}

fn queue_refund(row: &mut Payment, minor: i64) {
    row.refunds.push(refund(minor, RefundState::Queued { since: at(9), account: None }));
    row.reconciliation = Some(reconciliation());
}

fn reconciliation() -> Reconciliation {
    Reconciliation { since: at(9), next: at(9), tries: 0, last_inconclusive: None, deposit: None }
}

/// Ends Ada's reservation correctly, except for its payment.
fn end_the_sold(it: &mut AuditFixture, reason: CancelReason) {
    it.own(0, SeatState::Available);
    it.own(1, SeatState::Available);
    it.count(|stock| stock.sold -= 2);
    it.reservation(it.sold, |row| row.state = ReservationState::Cancelled { reason, at: at(9) });
}

#[test]
fn a_named_payment_that_does_not_exist_or_is_for_another_is_found() {
    let mut it = sold();
    let payment = PaymentId::from_uuid(Uuid::from_u128(0xDEAD));
    it.payment(it.ready, |row| row.state = PaymentState::Abandoned);
    it.reservation(it.held, |row| row.payment = Some(payment));
    it.finds(&Violation::PaymentUnknown { reservation: it.held, payment });
    it.reservation(it.held, |row| row.payment = None);
    let payment = it.paid;
    assert_eq!(audit(&it.show.snapshot), []);
    it.reservation(it.held, |row| row.payment = Some(payment));
    it.finds(&Violation::PaymentUnknown { reservation: it.held, payment });
}

#[test]
fn a_payment_for_nothing_or_for_anothers_is_found() {
    let mut it = sold();
    let expected = Violation::PaidForNothing { payment: it.ready, reservation: it.held };
    it.payment(it.ready, |row| row.buyer = ADA);
    it.finds(&expected);
    let mut it = sold();
    let reservation = unknown_reservation();
    it.reservation(it.held, |row| row.payment = None);
    it.payment(it.ready, |row| row.reservation = reservation);
    it.finds(&Violation::PaidForNothing { payment: it.ready, reservation });
}

#[test]
fn what_is_sold_and_not_paid_is_found() {
    let mut it = sold();
    let reservation = it.sold;
    it.payment(it.paid, |row| {
        row.state = PaymentState::Declined { code: "NO".into(), at: at(2) };
        row.captured = None;
    });
    it.finds(&Violation::SoldUnpaid { reservation });
    it.reservation(it.sold, |row| row.payment = None);
    it.finds(&Violation::SoldUnpaid { reservation });
}

#[test]
fn what_is_sold_for_another_amount_is_found() {
    let mut it = sold();
    it.payment(it.paid, |row| (row.amount, row.captured) = (won(199), Some(won(199))));
    let (reservation, payment) = (it.sold, it.paid);
    it.finds(&Violation::WrongAmount { reservation, payment, total: won(200), amount: won(199) });
}

#[test]
fn what_is_paid_twice_is_found() {
    let mut it = sold();
    let first = it.paid;
    let mut again = it.show.payment(first).clone();
    again.id = PaymentId::from_uuid(Uuid::from_u128(0xDEAD));
    let (reservation, second) = (it.sold, again.id);
    it.show.snapshot.put_payment(again);
    it.finds(&Violation::PaidTwice { reservation, first, second });
    it.payment(second, |row| queue_refund(row, 200));
    assert_eq!(audit(&it.show.snapshot), [], "its money is on its way back");
}

#[test]
fn money_kept_for_what_was_given_back_is_found_unless_a_refund_is_queued() {
    let mut it = sold();
    end_the_sold(&mut it, CancelReason::ByOrganiser);
    it.finds(&Violation::MoneyWithoutTickets { payment: it.paid, kept: won(200) });
    it.payment(it.paid, |row| queue_refund(row, 200));
    assert_eq!(audit(&it.show.snapshot), []);
}

#[test]
fn a_reservation_paid_by_nothing_is_found() {
    let mut it = sold();
    it.show.accept(&BeginConfirm::new(it.ready, BEN).at(at(5), it.show.key()));
    assert_eq!(audit(&it.show.snapshot), []);
    it.payment(it.ready, |row| {
        row.state = PaymentState::Declined { code: "NO".into(), at: at(6) };
        row.reconciliation = None;
    });
    it.finds(&Violation::PayingByNothing { reservation: it.held });
}

#[test]
fn a_payment_under_way_that_nothing_waits_for_is_found() {
    let mut it = sold();
    it.payment(it.ready, |row| {
        row.state = PaymentState::Confirming { since: at(5) };
        row.reconciliation = Some(reconciliation());
    });
    it.finds(&Violation::ConfirmingForNothing { payment: it.ready, reservation: it.held });
}

#[test]
fn a_payment_ready_for_nothing_is_found() {
    let mut it = sold();
    it.reservation(it.held, |row| row.payment = None);
    it.finds(&Violation::ReadyForNothing { payment: it.ready, reservation: it.held });
}

#[test]
fn states_that_contradict_each_other_are_found() {
    let mut it = sold();
    it.payment(it.ready, |row| row.state = PaymentState::Abandoned);
    it.finds(&Violation::PaymentDisagrees { reservation: it.held, payment: it.ready });
}

#[test]
fn what_was_taken_and_does_not_fit_the_state_is_found() {
    let mut it = sold();
    it.payment(it.paid, |row| row.captured = Some(won(199)));
    it.finds(&Violation::CapturedDisagrees { payment: it.paid });
    it.payment(it.paid, |row| row.captured = None);
    it.finds(&Violation::CapturedDisagrees { payment: it.paid });
}

#[test]
fn an_unknown_outcome_without_reconciliation_is_found() {
    let mut it = sold();
    it.show.accept(&BeginConfirm::new(it.ready, BEN).at(at(5), it.show.key()));
    it.payment(it.ready, |row| row.reconciliation = None);
    it.finds(&Violation::NoReconciliation { payment: it.ready });
    let mut it = sold();
    it.payment(it.paid, |row| row.reconciliation = Some(reconciliation()));
    it.finds(&Violation::AskedForNothing { payment: it.paid });
}

#[test]
fn a_deposit_that_left_again_is_a_person_s_to_see_and_no_violation() {
    let mut it = sold();
    let deposit = Some(Deposit { account: None, due: at(9) });
    it.payment(it.paid, |row| row.reconciliation = Some(Reconciliation { deposit, ..reconciliation() }));
    assert!(it.show.payment(it.paid).needs_attention());
    assert_eq!(audit(&it.show.snapshot), []);
}

#[test]
fn two_refunds_of_one_id_are_found() {
    let mut it = sold();
    it.payment(it.paid, |row| {
        queue_refund(row, 50);
        queue_refund(row, 60);
    });
    it.finds(&Violation::RefundIdTwice { payment: it.paid });
}

#[test]
fn money_kept_after_a_refusal_is_a_person_s_to_see_and_no_violation() {
    let mut it = sold();
    end_the_sold(&mut it, CancelReason::ByOrganiser);
    let refused = RefundState::Refused { code: "NO".into(), at: at(9) };
    it.payment(it.paid, |row| row.refunds.push(refund(200, refused)));
    assert!(it.show.payment(it.paid).needs_attention());
    assert_eq!(audit(&it.show.snapshot), []);
}

#[test]
fn refunds_that_do_not_add_up_to_the_refunded_amount_are_found() {
    let mut it = sold();
    it.payment(it.paid, |row| row.refunds.push(refund(50, RefundState::Done { at: at(9) })));
    it.finds(&Violation::RefundsMiscounted { payment: it.paid, refunded: won(0), counted: 50 });
}

#[test]
fn refunds_beyond_the_capture_are_found() {
    let mut it = sold();
    it.payment(it.paid, |row| queue_refund(row, 201));
    it.finds(&Violation::Overrefunded { payment: it.paid, amount: won(200) });
}

#[test]
fn a_state_that_does_not_fit_what_went_back_is_found() {
    let mut it = sold();
    it.payment(it.paid, |row| {
        row.refunded = won(50);
        row.refunds.push(refund(50, RefundState::Done { at: at(9) }));
    });
    it.finds(&Violation::RefundDisagrees { payment: it.paid, refunded: won(50), amount: won(200) });
    it.payment(it.paid, |row| row.state = PaymentState::PartlyRefunded { at: at(9) });
    assert_eq!(audit(&it.show.snapshot), []);
}

/// The list is derived from the row, so only a defect of `Payment::needs_attention` can omit a payment.
///
/// It has found such a defect: `needs_attention` relied on the last note, although a refusal came after it.
#[test]
fn money_owed_after_a_refusal_that_is_on_no_list_is_found() {
    let mut it = sold();
    let refused = RefundState::Refused { code: "NO".into(), at: at(9) };
    let note = |at| Note { at, author: "Kim".into(), text: "done".into(), settles: Settles::Yes };
    it.payment(it.paid, |row| {
        row.notes.push(note(at(8)));
        row.refunds.push(refund(200, refused));
    });
    let row = it.show.payment(it.paid).clone();
    assert!(row.needs_attention());
    assert_eq!(check_listed(&row, true, false), None, "its buyer owns what it bought");
    assert_eq!(check_listed(&row, false, true), None, "it is listed");
    let found = Violation::UnlistedMoney { payment: it.paid, kept: won(200) };
    assert_eq!(check_listed(&row, false, false), Some(found));
    let mut settled = row;
    settled.notes.push(note(at(9)));
    assert!(!settled.needs_attention());
    assert_eq!(check_listed(&settled, false, false), None, "a person settled it");
}

#[test]
fn an_ended_payment_is_asked_about_and_no_violation() {
    let mut it = sold();
    it.show.accept(&BeginConfirm::new(it.ready, BEN).at(at(5), it.show.key()));
    it.show.accept(&EndPayment::new(it.ready, "Kim", "it is silent").at(at(605), it.show.key()));
    assert!(it.show.payment(it.ready).reconciliation.is_some());
    assert_eq!(audit(&it.show.snapshot), []);
    it.payment(it.ready, |row| row.state = PaymentState::Declined { code: "NO".into(), at: at(6) });
    it.finds(&Violation::AskedForNothing { payment: it.ready });
}

/// Adds a done refund of 50 won with these tickets to Ada's payment.
fn sent_back(it: &mut AuditFixture, tickets: RefundTickets, reason: &str) {
    it.payment(it.paid, |row| {
        let done = refund(50, RefundState::Done { at: at(9) });
        row.refunds.push(Refund { tickets, reason: reason.into(), ..done });
        row.refunded = won(50);
        row.state = PaymentState::PartlyRefunded { at: at(9) };
    });
}

#[test]
fn tickets_whose_money_went_back_for_no_stated_reason_are_found() {
    let returned = |price| {
        let (seats, items) = (Vec::new(), Vec::new());
        RefundTickets::Returned(ReturnedTickets { seats, items, price: won(price) })
    };
    for (tickets, reason, due) in [
        (RefundTickets::None, "rain", Some(200)),
        (RefundTickets::Kept, " ", Some(200)),
        (returned(100), "rain", Some(250)),
        (returned(50), "rain", Some(200)),
        (RefundTickets::Kept, "rain", None),
        (RefundTickets::Unstated, "", None),
    ] {
        let mut it = sold();
        sent_back(&mut it, tickets, reason);
        let (reservation, payment, kept) = (it.sold, it.paid, 150);
        let found = due.map(|due| Violation::OwnedUnpaid { reservation, payment, kept, due });
        assert_eq!(audit(&it.show.snapshot), found.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn what_the_policy_kept_of_tickets_given_back_is_no_money_for_nothing() {
    let mut it = sold();
    end_the_sold(&mut it, CancelReason::Refunded);
    let (seats, items) = (Vec::new(), Vec::new());
    let tickets = RefundTickets::Returned(ReturnedTickets { seats, items, price: won(200) });
    sent_back(&mut it, tickets, "cancelled by the buyer");
    assert_eq!(audit(&it.show.snapshot), []);
    it.payment(it.paid, |row| {
        if let RefundTickets::Returned(returned) = &mut row.refunds[0].tickets {
            returned.price = won(199);
        }
    });
    it.finds(&Violation::MoneyWithoutTickets { payment: it.paid, kept: won(150) });
}

#[test]
fn money_sent_back_by_hand_is_a_person_s_to_see_until_a_note_settles_it() {
    let mut it = sold();
    sent_back(&mut it, RefundTickets::Unstated, "refunded at the provider");
    assert!(it.show.payment(it.paid).needs_attention());
    let note = |seconds| Note {
        at: at(seconds),
        author: "Desk".into(),
        text: "A gift for the wait".into(),
        settles: Settles::Yes,
    };
    it.payment(it.paid, |row| row.notes.push(note(8)));
    assert!(it.show.payment(it.paid).needs_attention(), "the note was there before");
    it.payment(it.paid, |row| row.notes.push(note(10)));
    assert!(!it.show.payment(it.paid).needs_attention());
}
