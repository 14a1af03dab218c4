use proptest::prelude::*;

use super::*;
use crate::audit::audit;
use crate::decide::Envelope;
use crate::decide::begin_confirm::BeginConfirm;
use crate::decide::cancel::{Cancel, CancelRefused};
use crate::decide::extend::ExtendHold;
use crate::decide::fixture::{ADA, BEN, Show, at, won};
use crate::decide::schedule_reconciliation::{ReconcileStep, ScheduleReconciliation};
use crate::money::Money;
use crate::payment::{RefundState, StuckReason};
use crate::reservation::ReservationState;
use crate::terms::LatePayment;
use crate::time::Timestamp;

fn paid(show: &Show, now: Timestamp, payment: PaymentId, amount: Money) -> Envelope<RecordOutcome> {
    let outcome = CaptureOutcome::Paid(Captured::kept(payment.to_string(), "taken", amount));
    RecordOutcome::new(payment, outcome)
        .paid_by(show.payment(payment).buyer, Terms::default())
        .at(now, show.key())
}

fn declined(show: &Show, now: Timestamp, payment: PaymentId) -> Envelope<RecordOutcome> {
    RecordOutcome::new(payment, CaptureOutcome::Declined { code: "NO".into() }).at(now, show.key())
}

#[test]
fn exactly_the_money_asked_for_sells() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    show.accept(&paid(&show, at(2), payment, won(100)));
    assert_eq!(show.reservation(held).state, ReservationState::Confirmed { at: at(2) });
    assert_eq!(show.payment(payment).provider_key.as_deref(), Some("taken"));
    assert_eq!(show.payment(payment).captured_at, Some(at(2)));
}

#[test]
fn another_amount_sells_nothing_and_goes_back_while_the_hold_goes_on() {
    for captured in [won(99), won(101), Money::new(100, "EUR".parse().unwrap())] {
        let mut show = Show::open();
        let held = show.held(at(0), ADA, &[0]);
        let payment = show.confirming(at(1), held, ADA);
        show.accept(&paid(&show, at(2), payment, captured));
        let reason = StuckReason::AmountMismatch { captured };
        assert_eq!(show.payment(payment).state, PaymentState::Stuck { reason, at: at(2) });
        assert_eq!(show.reservation(held).held_until(), Some(at(601)));
        assert_eq!(show.payment(payment).queued_refund().unwrap().amount, captured);
        assert!(!show.payment(payment).needs_attention(), "it is on its way back");
        assert_eq!(audit(&show.snapshot), []);
        show.paid(at(3), held, ADA);
        assert_eq!(audit(&show.snapshot), []);
    }
}

#[test]
fn money_for_another_order_sells_nothing_and_needs_attention() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    let strange = CaptureOutcome::Paid(Captured::kept("somebody-elses", "taken", won(100)));
    show.accept(&RecordOutcome::new(payment, strange).at(at(2), show.key()));
    let row = show.payment(payment);
    assert!(row.needs_attention() && row.captured.is_none() && row.reconciliation.is_none(), "{row:?}");
    assert_eq!(show.reservation(held).held_until(), Some(at(601)));
    assert_eq!(audit(&show.snapshot), []);
}

#[test]
fn an_outcome_is_recorded_once() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    show.accept(&paid(&show, at(2), payment, won(100)));
    // A late answer of the provider does not make a paid payment unpaid.
    let state = PaymentState::Paid { at: at(2) };
    let late = declined(&show, at(3), payment);
    assert_eq!(show.refuse(&late), RecordOutcomeRefused::NotConfirming { state });
}

#[test]
fn money_that_moved_in_the_browser_buys_what_is_still_held() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let first = show.prepared(at(1), held, ADA);
    let second = show.prepared(at(2), held, ADA);
    show.accept(&paid(&show, at(3), first, won(100)));
    assert_eq!(show.reservation(held).state, ReservationState::Confirmed { at: at(3) });
    assert_eq!(show.reservation(held).payment, Some(first));
    assert_eq!(show.payment(second).state, PaymentState::Abandoned);
    // The other attempt is captured as well: one capture pays, the other is refunded.
    show.accept(&paid(&show, at(4), second, won(100)));
    assert_eq!(show.payment(second).queued_refund().unwrap().amount, won(100));
    assert_eq!(show.reservation(held).payment, Some(first));
    assert_eq!(audit(&show.snapshot), []);
}

/// Makes a reservation of seat 0 and one standing ticket, whose attempt was declined and whose hold has expired.
fn expired(show: &mut Show) -> (crate::id::ReservationId, PaymentId) {
    let ask = show.hold(ADA, &[0]).item(show.standing, 1).at(at(0), show.key());
    let held = show.accept(&ask).reservation;
    let payment = show.confirming(at(1), held, ADA);
    show.accept(&declined(show, at(2), payment));
    show.expire(at(601), held);
    (held, payment)
}

#[test]
fn late_money_takes_the_same_seats_again_if_all_are_free() {
    let mut show = Show::open();
    let (late, payment) = expired(&mut show);
    show.accept(&paid(&show, at(700), payment, won(130)));
    assert_eq!(show.reservation(late).state, ReservationState::Confirmed { at: at(700) });
    assert!(show.reservation(late).cancellation.is_some(), "by which policy it can be cancelled was agreed");
    assert_eq!(show.available(show.standing), 4);
    assert!(!show.is_free(0, at(701)));
    assert_eq!(audit(&show.snapshot), []);
}

/// Fails if the reservation still names the later attempt, which no one paid.
#[test]
fn late_money_of_an_earlier_attempt_is_what_pays_for_the_seats() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let first = show.confirming(at(1), held, ADA);
    show.accept(&declined(&show, at(2), first));
    show.prepared(at(3), held, ADA);
    show.expire(at(601), held);
    show.accept(&paid(&show, at(700), first, won(100)));
    assert_eq!(show.reservation(held).state, ReservationState::Confirmed { at: at(700) });
    assert_eq!(show.reservation(held).payment, Some(first));
    assert_eq!(audit(&show.snapshot), []);
}

/// Fails for each condition of `may_take_again` that is removed.
#[test]
fn late_money_goes_back_unless_everything_allows_the_same_seats() {
    let spoil: [fn(&mut Show, &mut Envelope<RecordOutcome>); 7] = [
        |show, _| {
            show.held(at(602), BEN, &[0]);
        },
        |show, _| {
            let ask = show.hold(BEN, &[]).item(show.standing, 5).at(at(602), show.key());
            show.accept(&ask);
        },
        |show, _| {
            show.held(at(602), ADA, &[1, 2, 3, 4, 5]);
        },
        |show, _| show.call_off(at(602)),
        |_, late| late.now = at(86_400),
        |_, late| Arc::make_mut(&mut late.command.terms).late_payment = LatePayment::Refund,
        |_, late| late.command.buyer = None,
    ];
    for (at_fault, spoil) in spoil.into_iter().enumerate() {
        let mut show = Show::open();
        let (reservation, payment) = expired(&mut show);
        let mut late = paid(&show, at(700), payment, won(130));
        Arc::make_mut(&mut late.command.terms).max_seats_per_buyer = 6;
        spoil(&mut show, &mut late);
        show.accept(&late);
        let refund = show.payment(payment).queued_refund();
        assert_eq!(refund.map(|refund| refund.amount), Some(won(130)), "{at_fault}");
        assert!(matches!(show.reservation(reservation).state, ReservationState::Expired { .. }));
        assert_eq!(audit(&show.snapshot), []);
    }
}

#[test]
fn money_for_a_cancelled_event_is_refunded_and_the_seats_are_free() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    show.call_off(at(2));
    show.accept(&paid(&show, at(3), payment, won(100)));
    assert!(matches!(show.reservation(held).state, ReservationState::Cancelled { .. }));
    assert!(show.payment(payment).queued_refund().is_some() && show.is_free(0, at(4)));
    assert_eq!(audit(&show.snapshot), []);
}

#[test]
fn an_unknown_order_is_final_after_its_grace() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    let word = |now| RecordOutcome::new(payment, CaptureOutcome::NotFound).at(now, show.key());
    let (early, late) = (word(at(600)), word(at(601)));
    assert_eq!(show.refuse(&early), RecordOutcomeRefused::TooSoon { until: at(601) });
    show.accept(&late);
    assert!(matches!(show.payment(payment).state, PaymentState::Declined { .. }));
}

/// Fails if the provider is asked no more: a buyer who pays there later would pay for nothing.
#[test]
fn an_unknown_order_is_asked_about_until_it_is_closed_at_the_provider() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    show.accept(&RecordOutcome::new(payment, CaptureOutcome::NotFound).at(at(601), show.key()));
    assert_eq!(show.payment(payment).reconciliation.as_ref().map(|asked| asked.next), Some(at(601)));
    assert!(show.payment(payment).is_ended_unanswered() && !show.payment(payment).needs_attention());
    assert_eq!(audit(&show.snapshot), []);
    show.accept(&ScheduleReconciliation::new(payment, ReconcileStep::GiveUp).at(at(602), show.key()));
    assert_eq!(show.payment(payment).reconciliation, None);
}

#[test]
fn what_was_refunded_at_the_provider_ends_the_reservation() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.paid(at(1), held, ADA);
    let word = |refunded| {
        let kept = Captured::kept(payment.to_string(), "taken", won(100));
        CaptureOutcome::Paid(Captured { refunded: won(refunded), ..kept })
    };
    let known = RecordOutcome::new(payment, word(0)).at(at(2), show.key());
    assert!(matches!(show.refuse(&known), RecordOutcomeRefused::NotConfirming { .. }));
    show.accept(&RecordOutcome::new(payment, word(40)).at(at(2), show.key()));
    assert_eq!(show.payment(payment).refunded, won(40));
    assert!(matches!(show.reservation(held).state, ReservationState::Confirmed { .. }));
    // The refunded amount that the provider reports may include the queued refund.
    show.accept(&show.refund(payment).at(at(3), show.key()));
    show.accept(&RecordOutcome::new(payment, word(100)).at(at(4), show.key()));
    assert!(show.payment(payment).refunds.iter().all(|row| matches!(row.state, RefundState::Done { .. })));
    let amounts: Vec<_> = show.payment(payment).refunds.iter().map(|row| row.amount).collect();
    assert_eq!(amounts, [won(40), won(60)], "nothing was given back by hand the second time");
    assert!(matches!(show.reservation(held).state, ReservationState::Cancelled { .. }));
    assert_eq!(audit(&show.snapshot), []);
}

#[test]
fn money_that_took_an_hour_still_buys_the_seats() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    show.accept(&paid(&show, at(3_600), payment, won(100)));
    assert_eq!(show.reservation(held).state, ReservationState::Confirmed { at: at(3_600) });
}

#[test]
fn a_decline_after_the_hold_s_end_leaves_the_seats_to_the_next() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    assert!(!show.is_free(0, at(3_600)));
    show.accept(&declined(&show, at(3_600), payment));
    assert!(show.reservation(held).is_due_at(at(3_600)));
    show.held(at(3_600), BEN, &[0]);
}

#[test]
fn a_reservation_being_paid_for_cannot_be_cancelled() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    show.confirming(at(1), held, ADA);
    let ask = Cancel::by_organiser(held).at(at(2), show.key());
    assert_eq!(show.refuse(&ask), CancelRefused::PaymentInProgress);
}

/// `since` is the time of the confirm; the hold began at 0 and has its cap at 900 s.
#[test]
fn past_the_cap_an_unknown_order_counts_once_the_request_is_over() {
    for (prepared_at, since, believed_at) in
        [(1, 1, 601), (100, 500, 900), (200, 790, 910), (290, 889, 1_009)]
    {
        let mut show = Show::open();
        let held = show.held(at(0), ADA, &[0]);
        let payment = show.prepared(at(prepared_at), held, ADA);
        show.accept(&BeginConfirm::new(payment, ADA).at(at(since), show.key()));
        let word = |now| RecordOutcome::new(payment, CaptureOutcome::NotFound).at(now, show.key());
        let (early, late) = (word(at(believed_at - 1)), word(at(believed_at)));
        assert_eq!(show.refuse(&early), RecordOutcomeRefused::TooSoon { until: at(believed_at) });
        show.accept(&late);
        assert_eq!(audit(&show.snapshot), []);
    }
}

/// A step of a buyer who never pays, at a random moment.
#[derive(Debug, Clone, Copy)]
enum Trick {
    Extend,
    Prepare,
    Confirm,
}

fn tricks() -> impl Strategy<Value = Vec<(u64, Trick)>> {
    let trick = prop_oneof![6 => Just(Trick::Extend), 1 => Just(Trick::Prepare), 1 => Just(Trick::Confirm)];
    prop::collection::vec((1..290_u64, trick), 1..40)
}

/// Records that the provider knows no such order, at each moment when it is due to be asked.
fn hear_not_found(show: &mut Show, payment: PaymentId, now: Timestamp) {
    while let Some(reconciliation) =
        show.payment(payment).reconciliation.clone().filter(|reconciliation| reconciliation.next <= now)
    {
        let claim = ReconcileStep::Claim { tries: reconciliation.tries };
        show.accept(&ScheduleReconciliation::new(payment, claim).at(reconciliation.next, show.key()));
        let word = RecordOutcome::new(payment, CaptureOutcome::NotFound).at(reconciliation.next, show.key());
        match show.decide(&word) {
            Ok(_) => drop(show.accept(&word)),
            Err(_) => drop(
                show.accept(
                    &ScheduleReconciliation::new(payment, ReconcileStep::NotKnown)
                        .at(reconciliation.next, show.key()),
                ),
            ),
        }
    }
}

proptest! {
    /// Fails if the grace past the cap is as long as the grace before it.
    #[test]
    fn no_trick_without_money_keeps_a_seat_beyond_the_stated_bound(tricks in tricks()) {
        let terms = Terms::default();
        let mut show = Show::open();
        let held = show.held(at(0), ADA, &[0]);
        let bound = at(0).after(terms.hold_cap + terms.payment_window + terms.not_found_grace_past_cap);
        let (mut now, mut payments) = (0, Vec::new());
        for (pause, trick) in tricks {
            now += pause;
            for payment in payments.clone() {
                hear_not_found(&mut show, payment, at(now));
            }
            match trick {
                Trick::Extend => {
                    let extend = ExtendHold::new(held, ADA, terms).at(at(now), show.key());
                    try_to(&mut show, &extend);
                }
                Trick::Prepare => {
                    let prepare = show.prepare(held, ADA).at(at(now), show.key());
                    if show.decide(&prepare).is_ok() {
                        payments.push(prepare.command.payment);
                    }
                    try_to(&mut show, &prepare);
                }
                Trick::Confirm => {
                    if let Some(payment) = payments.last() {
                        let confirm = BeginConfirm::new(*payment, ADA).at(at(now), show.key());
                        try_to(&mut show, &confirm);
                    }
                }
            }
        }
        let end = bound.max(at(now));
        for payment in payments {
            hear_not_found(&mut show, payment, end);
        }
        prop_assert!(show.is_free(0, end));
    }

    /// Fails if there is no grace past the cap.
    #[test]
    fn nothing_is_given_up_while_our_own_request_may_be_on_its_way(since in 891..1_490_u64, waited in 0..120_u64) {
        let mut show = Show::open();
        let held = show.held(at(0), ADA, &[0]);
        for now in [299, 598] {
            show.accept(&ExtendHold::new(held, ADA, Terms::default()).at(at(now), show.key()));
        }
        let payment = show.prepared(at(890), held, ADA);
        show.accept(&BeginConfirm::new(payment, ADA).at(at(since), show.key()));
        let word = RecordOutcome::new(payment, CaptureOutcome::NotFound).at(at(since + waited), show.key());
        let refused = show.refuse(&word);
        prop_assert!(matches!(refused, RecordOutcomeRefused::TooSoon { .. }), "{refused:?}");
    }
}

/// Applies a command unless it is refused.
fn try_to<C: Command>(show: &mut Show, command: &Envelope<C>) {
    if show.decide(command).is_ok() {
        show.accept(command);
    }
}

/// The hold may have ended or not when the money of the right order is found.
#[test]
fn money_that_turns_up_after_another_orders_is_recorded_as_a_fact() {
    for (late, sells) in [(3, true), (700, true), (90_000, false)] {
        let mut show = Show::open();
        let held = show.held(at(0), ADA, &[0]);
        let payment = show.confirming(at(1), held, ADA);
        let strange = CaptureOutcome::Paid(Captured::kept("somebody-elses", "taken", won(100)));
        show.accept(&RecordOutcome::new(payment, strange.clone()).at(at(2), show.key()));
        let again = RecordOutcome::new(payment, strange).at(at(2), show.key());
        assert!(matches!(show.refuse(&again), RecordOutcomeRefused::NotConfirming { .. }));
        if late > 601 {
            show.expire(at(601), held);
        }
        show.accept(&paid(&show, at(late), payment, won(100)));
        assert_eq!(show.payment(payment).state, PaymentState::Paid { at: at(late) });
        assert_eq!(matches!(show.reservation(held).state, ReservationState::Confirmed { .. }), sells);
        assert_eq!(show.payment(payment).queued_refund().is_some(), !sells);
        assert!(!show.payment(payment).needs_attention());
        assert_eq!(audit(&show.snapshot), []);
    }
}

#[test]
fn another_amount_after_another_orders_money_goes_back() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(1), held, ADA);
    let strange = CaptureOutcome::Paid(Captured::kept("somebody-elses", "taken", won(100)));
    show.accept(&RecordOutcome::new(payment, strange).at(at(2), show.key()));
    show.accept(&paid(&show, at(3), payment, won(99)));
    let reason = StuckReason::AmountMismatch { captured: won(99) };
    assert_eq!(show.payment(payment).state, PaymentState::Stuck { reason, at: at(3) });
    assert_eq!(show.payment(payment).queued_refund().unwrap().amount, won(99));
    assert_eq!(audit(&show.snapshot), []);
}

/// Fails without `kept_all_back` in `fits`.
#[test]
fn money_that_was_given_back_in_full_sells_nothing() {
    let word = |show: &Show, now, payment: PaymentId| {
        let kept = Captured::kept(payment.to_string(), "taken", won(100));
        let outcome = CaptureOutcome::Paid(Captured { refunded: won(100), ..kept });
        RecordOutcome::new(payment, outcome).paid_by(ADA, Terms::default()).at(now, show.key())
    };
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let first = show.confirming(at(1), held, ADA);
    show.accept(&word(&show, at(2), first));
    assert_eq!(show.payment(first).state, PaymentState::Refunded { at: at(2) });
    assert_eq!(show.reservation(held).held_until(), Some(at(601)));
    let second = show.prepared(at(3), held, ADA);
    show.accept(&word(&show, at(4), second));
    assert_eq!(show.reservation(held).held_until(), Some(at(601)), "held, and not sold");
    show.expire(at(601), held);
    let (late, third) = expired_of_ben(&mut show);
    let mut late_word = word(&show, at(1_300), third);
    late_word.command.buyer = Some(BEN);
    show.accept(&late_word);
    assert!(matches!(show.reservation(late).state, ReservationState::Expired { .. }));
    assert_eq!(audit(&show.snapshot), []);
}

fn expired_of_ben(show: &mut Show) -> (crate::id::ReservationId, PaymentId) {
    let held = show.held(at(610), BEN, &[1]);
    let payment = show.confirming(at(611), held, BEN);
    show.accept(&declined(show, at(612), payment));
    show.expire(at(1_211), held);
    (held, payment)
}
