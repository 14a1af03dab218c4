use super::*;
use crate::decide::Envelope;
use crate::decide::fixture::{ADA, Show, at};
use crate::fact::FactBody;
use crate::terms::TermsError;

fn claim(show: &Show, now: Timestamp, payment: PaymentId, tries: u32) -> Envelope<ScheduleReconciliation> {
    ScheduleReconciliation::new(payment, ReconcileStep::Claim { tries }).at(now, show.key())
}

fn confirming() -> (Show, PaymentId) {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(0), held, ADA);
    (show, payment)
}

fn next(show: &Show, payment: PaymentId) -> Option<Timestamp> {
    show.payment(payment).reconciliation.as_ref().map(|reconciliation| reconciliation.next)
}

#[test]
fn it_is_asked_again_after_1_2_5_and_then_every_10_minutes() {
    let (mut show, payment) = confirming();
    let mut due = 0;
    for (tries, minutes) in [1, 2, 5, 10, 10].into_iter().enumerate() {
        due += minutes * 60;
        assert_eq!(next(&show, payment), Some(at(due)), "after {tries} tries");
        show.accept(&claim(&show, at(due), payment, u32::try_from(tries).unwrap()));
    }
}

#[test]
fn of_two_servers_one_asks() {
    let (mut show, payment) = confirming();
    let (one, other) = (claim(&show, at(60), payment, 0), claim(&show, at(60), payment, 0));
    show.accept(&one);
    assert_eq!(show.refuse(&other), ScheduleReconciliationRefused::ClaimedElsewhere);
    // A server that read the row long ago is refused, even when the payment is due again.
    assert_eq!(
        show.refuse(&claim(&show, at(600), payment, 0)),
        ScheduleReconciliationRefused::ClaimedElsewhere
    );
    // A server that read the row a moment ago is refused before the payment is due.
    assert_eq!(
        show.refuse(&claim(&show, at(61), payment, 1)),
        ScheduleReconciliationRefused::ClaimedElsewhere
    );
}

#[test]
fn a_wait_counts_no_try_and_an_inconclusive_answer_keeps_the_time() {
    let (mut show, payment) = confirming();
    let wait = ReconcileStep::Wait { until: at(90) };
    show.accept(&ScheduleReconciliation::new(payment, wait).at(at(60), show.key()));
    assert_eq!(next(&show, payment), Some(at(90)));
    let last_inconclusive = ReconcileStep::Inconclusive { answer: "timeout".into() };
    show.accept(&ScheduleReconciliation::new(payment, last_inconclusive).at(at(60), show.key()));
    let reconciliation = show.payment(payment).reconciliation.clone().unwrap();
    assert_eq!(
        (reconciliation.tries, reconciliation.next, reconciliation.last_inconclusive.as_deref()),
        (0, at(90), Some("timeout"))
    );
}

#[test]
fn nothing_that_may_still_take_money_is_given_up() {
    let (show, payment) = confirming();
    let give_up = ScheduleReconciliation::new(payment, ReconcileStep::GiveUp).at(at(60), show.key());
    assert_eq!(show.refuse(&give_up), ScheduleReconciliationRefused::StillOpen);
}

#[test]
fn what_is_known_is_not_asked_for() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.paid(at(1), held, ADA);
    assert_eq!(show.refuse(&claim(&show, at(60), payment, 0)), ScheduleReconciliationRefused::NothingAwaited);
}

fn waits(
    show: &Show,
    now: Timestamp,
    payment: PaymentId,
    due: Option<Timestamp>,
) -> Envelope<ScheduleReconciliation> {
    ScheduleReconciliation::new(
        payment,
        ReconcileStep::Deposit(DepositAsked { due, ..DepositAsked::default() }),
    )
    .at(now, show.key())
}

#[test]
fn a_deposit_is_waited_for_until_the_earlier_of_its_day_and_the_terms() {
    let (mut show, payment) = confirming();
    let window = Terms::default().deposit_window;
    for (said, due) in
        [(Some(at(7200)), at(7200)), (Some(at(999_999)), at(0).after(window)), (None, at(0).after(window))]
    {
        show.accept(&waits(&show, at(1), payment, said));
        assert_eq!(show.payment(payment).awaited_deposit().unwrap().due, due);
    }
    assert_eq!(next(&show, payment), Some(at(60)), "it is asked no later for that");
}

/// Fails if each answer of the provider starts the time from which staff count it as slow or withdrawn.
#[test]
fn how_long_a_deposit_is_awaited_counts_from_the_first_answer() {
    let (mut show, payment) = confirming();
    let since = |show: &Show| show.payment(payment).reconciliation.as_ref().map(|known| known.since);
    for now in [1, 50] {
        show.accept(&waits(&show, at(now), payment, None));
        assert_eq!(since(&show), Some(at(0)), "told at {now}");
    }
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.paid(at(1), held, ADA);
    let since = |show: &Show| show.payment(payment).reconciliation.as_ref().map(|known| known.since);
    for now in [3, 9] {
        let gone = ReconcileStep::DepositGone(DepositAsked::default());
        show.accept(&ScheduleReconciliation::new(payment, gone).at(at(now), show.key()));
        assert_eq!(since(&show), Some(at(3)), "told at {now}");
    }
}

#[test]
fn no_deposit_is_waited_for_past_the_moment_the_event_begins() {
    let (mut show, payment) = confirming();
    let mut event = show.snapshot.event().clone();
    event.details.starts_at = at(5_400);
    show.snapshot.set_event(event);
    show.accept(&waits(&show, at(6), payment, Some(at(7_200))));
    assert_eq!(show.payment(payment).awaited_deposit().unwrap().due, at(5_400));
}

#[test]
fn no_deposit_is_waited_for_once_the_event_is_called_off() {
    let (mut show, payment) = confirming();
    show.call_off(at(5));
    show.accept(&waits(&show, at(6), payment, None));
    assert_eq!(show.payment(payment).awaited_deposit().unwrap().due, at(6));
}

/// Fails if one step serves for both: a late answer to the confirm then withdraws the paid deposit.
#[test]
fn an_outdated_deposit_answer_does_not_withdraw_a_paid_deposit() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.paid(at(1), held, ADA);
    assert_eq!(
        show.refuse(&waits(&show, at(2), payment, None)),
        ScheduleReconciliationRefused::NothingAwaited
    );
    let gone = ReconcileStep::DepositGone(DepositAsked::default());
    show.accept(&ScheduleReconciliation::new(payment, gone.clone()).at(at(3), show.key()));
    assert!(show.payment(payment).is_withdrawn());
    let (show, payment) = confirming();
    let refused = show.refuse(&ScheduleReconciliation::new(payment, gone).at(at(1), show.key()));
    assert_eq!(refused, ScheduleReconciliationRefused::NothingAwaited);
}

#[test]
fn nothing_is_waited_for_of_an_attempt_that_is_over() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.prepared(at(0), held, ADA);
    assert_eq!(
        show.refuse(&waits(&show, at(1), payment, None)),
        ScheduleReconciliationRefused::NothingAwaited
    );
}

#[test]
fn pauses_grow_from_the_first_to_the_longest_and_no_further() {
    let pauses = |first, longest| {
        let (ask_again_after, ask_again_at_most) = (Duration::from_secs(first), Duration::from_secs(longest));
        let terms = Terms { ask_again_after, ask_again_at_most, ..Terms::default() };
        assert_eq!(terms.validate(), Ok(()));
        [0, 1, 2, 3, u32::MAX].map(|tries| terms.pause(tries).as_secs())
    };
    assert_eq!(pauses(60, 600), [60, 120, 300, 600, 600]);
    assert_eq!(pauses(5, 600), [5, 10, 25, 600, 600]);
    assert_eq!(pauses(60, 90), [60, 90, 90, 90, 90]);
    let reversed = Terms { ask_again_at_most: Duration::from_secs(59), ..Terms::default() };
    assert_eq!(reversed.validate(), Err(TermsError::PausesReversed));
}

/// Fails with the next question left where it was.
#[test]
fn a_deposit_is_asked_about_at_its_due_time_at_the_latest() {
    let (mut show, payment) = confirming();
    show.accept(&waits(&show, at(1), payment, Some(at(100))));
    assert_eq!(next(&show, payment), Some(at(60)));
    show.accept(&claim(&show, at(60), payment, 0));
    assert_eq!(next(&show, payment), Some(at(100)), "and not two minutes later");
}

/// Fails with every step told, and with none.
#[test]
fn a_buyer_is_told_of_a_deposit_and_not_of_each_question() {
    let (mut show, payment) = confirming();
    let told = |show: &Show, ask: &Envelope<ScheduleReconciliation>| {
        let facts = show.decide(ask).unwrap().facts;
        facts.iter().any(|fact| matches!(fact, FactBody::PaymentUpdated { .. }))
    };
    let awaited = waits(&show, at(1), payment, Some(at(7_200)));
    assert!(told(&show, &awaited));
    show.accept(&awaited);
    assert!(!told(&show, &claim(&show, at(60), payment, 0)));
}

/// Fails with the next question left where it was, and with the answer not shown.
#[test]
fn an_order_that_is_not_known_is_asked_for_again_once_that_is_final() {
    let (mut show, payment) = confirming();
    let wait = ReconcileStep::Wait { until: at(5_000) };
    show.accept(&ScheduleReconciliation::new(payment, wait).at(at(60), show.key()));
    show.accept(&ScheduleReconciliation::new(payment, ReconcileStep::NotKnown).at(at(60), show.key()));
    let known = show.payment(payment).reconciliation.clone().unwrap();
    assert!(known.next < at(5_000), "{known:?}");
    assert_eq!(known.last_inconclusive.as_deref(), Some(NOT_KNOWN));
}

/// Fails with every deposit back, whether it was withdrawn or not: nothing would be asked any more.
#[test]
fn a_deposit_that_was_not_withdrawn_is_not_back() {
    let (show, payment) = confirming();
    let back = ScheduleReconciliation::new(payment, ReconcileStep::DepositBack).at(at(60), show.key());
    assert_eq!(show.refuse(&back), ScheduleReconciliationRefused::NothingAwaited);
}
