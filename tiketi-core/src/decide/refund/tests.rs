use super::*;
use crate::audit::audit;
use crate::decide::Envelope;
use crate::decide::fixture::{ADA, BEN, Show, at, won};
use crate::decide::{CaptureOutcome, RecordOutcome};
use crate::gateway::Captured;
use crate::id::ReservationId;
use crate::refund_account::RefundAccount;
use crate::reservation::{CancelReason, ReservationState};
use crate::terms::RefundedSeats;

fn ends(show: &Show, payment: PaymentId, outcome: RefundOutcome) -> Envelope<RecordRefund> {
    let refund = show.payment(payment).refunds.last().unwrap().id;
    RecordRefund::new(payment, refund, outcome).at(at(50), show.key())
}

fn sold(show: &mut Show) -> (ReservationId, PaymentId) {
    let held = show.held(at(0), ADA, &[0]);
    (held, show.paid(at(1), held, ADA))
}

#[test]
fn a_refund_is_more_than_nothing_and_at_most_what_is_left() {
    let mut show = Show::open();
    let (_, payment) = sold(&mut show);
    let euro = Money::new(1, "EUR".parse().unwrap());
    for amount in [won(0), won(-1), won(101), euro] {
        let ask = show.refund(payment).only(amount).at(at(2), show.key());
        assert_eq!(show.refuse(&ask), BeginRefundRefused::AmountOutOfRange { refundable: won(100) });
    }
    show.accept(&show.refund(payment).only(won(1)).at(at(2), show.key()));
    show.accept(&ends(&show, payment, RefundOutcome::Done));
    let ask = show.refund(payment).only(won(100)).at(at(3), show.key());
    assert_eq!(show.refuse(&ask), BeginRefundRefused::AmountOutOfRange { refundable: won(99) });
}

#[test]
fn a_partial_refund_takes_nothing_from_the_buyer() {
    let mut show = Show::open();
    let (held, payment) = sold(&mut show);
    show.accept(&show.refund(payment).only(won(40)).at(at(2), show.key()));
    show.accept(&ends(&show, payment, RefundOutcome::Done));
    assert_eq!(show.payment(payment).state, PaymentState::PartlyRefunded { at: at(50) });
    assert!(matches!(show.reservation(held).state, ReservationState::Confirmed { .. }));
    assert!(!show.is_free(0, at(60)));
}

/// Defect 2 of the first Tiketi: a refund left the reservation confirmed and its seats sold.
#[test]
fn defect_2_the_last_of_the_money_ends_the_reservation() {
    let mut show = Show::open();
    let (held, payment) = sold(&mut show);
    show.accept(&show.refund(payment).only(won(40)).at(at(2), show.key()));
    show.accept(&ends(&show, payment, RefundOutcome::Done));
    show.accept(&show.refund(payment).at(at(3), show.key()));
    assert!(!show.is_free(0, at(4)), "not before the provider has said so");
    show.accept(&ends(&show, payment, RefundOutcome::Done));
    assert_eq!(show.payment(payment).state, PaymentState::Refunded { at: at(50) });
    let state = ReservationState::Cancelled { reason: CancelReason::Refunded, at: at(50) };
    assert_eq!(show.reservation(held).state, state);
    assert!(show.is_free(0, at(50)));
}

#[test]
fn seats_whose_money_went_back_stay_off_sale_if_the_terms_say_so() {
    let mut show = Show::open();
    let ask = show.hold(ADA, &[0]).item(show.standing, 2).at(at(0), show.key());
    let held = show.accept(&ask).reservation;
    let payment = show.paid(at(1), held, ADA);
    show.accept(&show.refund(payment).at(at(2), show.key()));
    let terms = Terms { refunded_seats: RefundedSeats::Blocked, ..Terms::default() };
    show.accept(&ends(&show, payment, RefundOutcome::Done).map(|end| end.under(terms)));
    assert!(matches!(show.reservation(held).state, ReservationState::Cancelled { .. }));
    assert!(!show.is_free(0, at(51)), "a person puts it back");
    assert_eq!(show.available(show.standing), 5);
    assert_eq!(audit(&show.snapshot), []);
}

#[test]
fn one_refund_at_a_time_is_queued_and_each_ends_once() {
    let mut show = Show::open();
    let (_, payment) = sold(&mut show);
    let first = show.refund(payment).only(won(10)).at(at(2), show.key());
    show.accept(&first);
    let refund = first.command.refund;
    let ask = show.refund(payment).at(at(3), show.key());
    assert_eq!(show.refuse(&ask), BeginRefundRefused::RefundInProgress { refund });
    show.accept(&ends(&show, payment, RefundOutcome::Done));
    assert_eq!(show.refuse(&ends(&show, payment, RefundOutcome::Done)), RecordRefundRefused::NotQueued);
    assert_eq!(show.payment(payment).refunded, won(10));
}

/// Fails if the account is compared once the refund is no longer queued, when it is not known any more.
#[test]
fn a_queued_refund_is_repeated_only_to_the_same_account() {
    let mut show = Show::open();
    let (_, payment) = sold(&mut show);
    let account = |number| RefundAccount::new("88", number, "Kim").unwrap();
    let first = show.refund(payment).to_account(account("1101")).at(at(2), show.key());
    let refund = show.accept(&first).payment.and(Some(first.command.refund)).unwrap();
    show.accept(&Envelope { key: show.key(), ..first.clone() });
    let other = first.clone().map(|ask| ask.to_account(account("1102")));
    assert_eq!(show.refuse(&other), BeginRefundRefused::RefundIdTaken { refund });
    show.accept(&ends(&show, payment, RefundOutcome::Done));
    show.accept(&Envelope { key: show.key(), ..other });
    assert_eq!(show.payment(payment).refunded, won(100));
}

#[test]
fn a_refused_refund_gives_nothing_back_and_may_be_tried_again() {
    let mut show = Show::open();
    let (held, payment) = sold(&mut show);
    show.accept(&show.refund(payment).at(at(2), show.key()));
    show.accept(&ends(&show, payment, RefundOutcome::Refused { code: "TOO_LATE".into() }));
    assert_eq!(show.payment(payment).refunded, won(0));
    assert!(matches!(show.reservation(held).state, ReservationState::Confirmed { .. }));
    show.accept(&show.refund(payment).at(at(3), show.key()));
}

/// Ada paid twice for one seat: the first attempt bought nothing, and its refund was refused.
fn paid_for_nothing(show: &mut Show) -> PaymentId {
    let held = show.held(at(0), ADA, &[0]);
    let first = show.confirming(at(1), held, ADA);
    let declined = CaptureOutcome::Declined { code: "NO".into() };
    show.accept(&RecordOutcome::new(first, declined).at(at(2), show.key()));
    show.paid(at(3), held, ADA);
    let late = CaptureOutcome::Paid(Captured::kept(first.to_string(), "taken", won(100)));
    show.accept(&RecordOutcome::new(first, late).at(at(4), show.key()));
    show.accept(&ends(show, first, RefundOutcome::Refused { code: "TOO_LATE".into() }));
    first
}

/// Fails with staff held to what is owed, and with buyers not.
#[test]
fn staff_choose_how_much_of_money_that_bought_nothing_goes_back() {
    let mut show = Show::open();
    let first = paid_for_nothing(&mut show);
    let part = show.refund(first).wanting(RefundWanted::everything().of(won(40)));
    let theirs = part.clone().by_buyer(ADA).at(at(5), show.key());
    assert!(matches!(show.refuse(&theirs), BeginRefundRefused::AmountNotGranted { .. }));
    show.accept(&part.at(at(5), show.key()));
    assert_eq!(show.payment(first).queued_refund().unwrap().amount, won(40));
}

/// A case that a random sequence found: after a refused refund, a partial refund was done, and the rest stayed with
/// the shop although the buyer had no tickets.
#[test]
fn a_part_of_money_that_bought_nothing_takes_the_rest_with_it() {
    let mut show = Show::open();
    let first = paid_for_nothing(&mut show);
    assert!(show.payment(first).needs_attention());
    show.accept(&show.refund(first).only(won(40)).at(at(5), show.key()));
    show.accept(&ends(&show, first, RefundOutcome::Done));
    let rest = show.payment(first).queued_refund().unwrap();
    assert_eq!(rest.amount, won(60));
    assert_eq!(audit(&show.snapshot), []);
    show.accept(&ends(&show, first, RefundOutcome::Done));
    assert_eq!(show.payment(first).state, PaymentState::Refunded { at: at(50) });
}

#[test]
fn only_captured_money_is_refunded_and_only_to_its_payer() {
    let mut show = Show::open();
    let (_, payment) = sold(&mut show);
    let theft = show.refund(payment).by_buyer(BEN).at(at(2), show.key());
    assert_eq!(show.refuse(&theft), BeginRefundRefused::PaymentNotFound);
    show.accept(&show.refund(payment).by_buyer(ADA).at(at(2), show.key()));
    show.accept(&ends(&show, payment, RefundOutcome::Done));
    let again = show.refund(payment).at(at(60), show.key());
    let state = PaymentState::Refunded { at: at(50) };
    assert_eq!(show.refuse(&again), BeginRefundRefused::NothingToRefund { state });

    let other = show.held(at(2), BEN, &[1]);
    let asked = show.confirming(at(3), other, BEN);
    let state = PaymentState::Confirming { since: at(3) };
    assert_eq!(
        show.refuse(&show.refund(asked).at(at(4), show.key())),
        BeginRefundRefused::NothingToRefund { state }
    );
}

/// A store keeps command records for 24 hours; the payment keeps the ids of its refunds for ever.
#[test]
fn a_refund_repeated_under_a_deleted_key_is_queued_once() {
    let mut show = Show::open();
    let (_, payment) = sold(&mut show);
    let ask = show.refund(payment).only(won(40)).at(at(2), show.key());
    for outcome in [None, Some(RefundOutcome::Done)] {
        outcome.map(|outcome| show.accept(&ends(&show, payment, outcome)));
        for _ in 0..2 {
            show.accept(&ask);
        }
        assert_eq!(show.payment(payment).refunds.len(), 1);
        assert_eq!(audit(&show.snapshot), []);
    }
    assert_eq!((show.payment(payment).refunded, show.payment(payment).queued_refund()), (won(40), None));
}

#[test]
fn a_refund_id_is_never_used_for_another_refund() {
    let mut show = Show::open();
    let (_, payment) = sold(&mut show);
    let ask = show.refund(payment).only(won(40)).at(at(2), show.key());
    show.accept(&ask);
    show.accept(&ends(&show, payment, RefundOutcome::Done));
    let refused = BeginRefundRefused::RefundIdTaken { refund: ask.command.refund };
    assert_eq!(show.refuse(&ask.clone().map(|ask| ask.only(won(41)))), refused);
    let other = ask.map(|ask| BeginRefund { reason: "snow".into(), ..ask });
    assert_eq!(show.refuse(&other), refused);
}

/// A refund of a smaller amount was made elsewhere: the outcome of the queued refund is still unknown.
///
/// Fails if `record_returned` does not compare with the queued amount.
#[test]
fn a_hand_refund_smaller_than_the_queued_one_settles_nothing() {
    let mut show = Show::open();
    let (held, payment) = sold(&mut show);
    show.accept(&show.refund(payment).only(won(60)).at(at(2), show.key()));
    let before = show.payment(payment).clone();
    let kept = Captured::kept(payment.to_string(), "taken", won(100));
    let word = |refunded| CaptureOutcome::Paid(Captured { refunded: won(refunded), ..kept.clone() });
    let early = RecordOutcome::new(payment, word(40)).at(at(3), show.key());
    let refund = before.queued_refund().unwrap().id;
    assert_eq!(show.refuse(&early), crate::decide::RecordOutcomeRefused::RefundQueued { refund });
    assert_eq!(show.payment(payment), &before);
    show.accept(&ends(&show, payment, RefundOutcome::Done));
    show.accept(&RecordOutcome::new(payment, word(100)).at(at(60), show.key()));
    assert_eq!(
        show.payment(payment).refunds.iter().map(|row| row.amount).collect::<Vec<_>>(),
        [won(60), won(40)]
    );
    assert!(!show.reservation(held).is_live());
    assert_eq!(audit(&show.snapshot), []);
}
