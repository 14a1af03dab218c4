use super::*;
use crate::decide::fixture::{ADA, Show, at};

fn claim(show: &Show, now: Timestamp, payment: PaymentId, tries: u32) -> AskLater {
    AskLater::new(now, show.key(), payment, AskStep::Claim { tries })
}

fn confirming() -> (Show, PaymentId) {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.confirming(at(0), held, ADA);
    (show, payment)
}

fn next(show: &Show, payment: PaymentId) -> Option<Timestamp> {
    show.payment(payment).asking.as_ref().map(|asking| asking.next)
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
    assert_eq!(show.refuse(&other), AskLaterRefused::ClaimedElsewhere);
    // Nor does one that read the row long ago, and comes back when it is due again.
    assert_eq!(show.refuse(&claim(&show, at(600), payment, 0)), AskLaterRefused::ClaimedElsewhere);
    // Nor does one ask before it is time, having read the row a moment ago.
    assert_eq!(show.refuse(&claim(&show, at(61), payment, 1)), AskLaterRefused::ClaimedElsewhere);
}

#[test]
fn a_wait_counts_no_try_and_a_doubt_moves_nothing() {
    let (mut show, payment) = confirming();
    let wait = AskStep::Wait { until: at(90) };
    show.accept(&AskLater::new(at(60), show.key(), payment, wait));
    assert_eq!(next(&show, payment), Some(at(90)));
    let doubt = AskStep::Doubt { said: "timeout".into() };
    show.accept(&AskLater::new(at(60), show.key(), payment, doubt));
    let asking = show.payment(payment).asking.clone().unwrap();
    assert_eq!((asking.tries, asking.next, asking.doubt.as_deref()), (0, at(90), Some("timeout")));
}

#[test]
fn nothing_that_may_still_take_money_is_given_up() {
    let (show, payment) = confirming();
    let give_up = AskLater::new(at(60), show.key(), payment, AskStep::GiveUp);
    assert_eq!(show.refuse(&give_up), AskLaterRefused::StillOpen);
}

#[test]
fn what_is_known_is_not_asked_for() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.paid(at(1), held, ADA);
    assert_eq!(show.refuse(&claim(&show, at(60), payment, 0)), AskLaterRefused::NothingAwaited);
}

fn waits(show: &Show, now: Timestamp, payment: PaymentId, due: Option<Timestamp>) -> AskLater {
    AskLater::new(now, show.key(), payment, AskStep::Deposit(DepositAsked { account: None, due }))
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

#[test]
fn no_deposit_is_waited_for_once_the_event_is_called_off() {
    let (mut show, payment) = confirming();
    show.call_off(at(5));
    show.accept(&waits(&show, at(6), payment, None));
    assert_eq!(show.payment(payment).awaited_deposit().unwrap().due, at(6));
}

#[test]
fn nothing_is_waited_for_of_an_attempt_that_is_over() {
    let mut show = Show::open();
    let held = show.held(at(0), ADA, &[0]);
    let payment = show.prepared(at(0), held, ADA);
    assert_eq!(show.refuse(&waits(&show, at(1), payment, None)), AskLaterRefused::NothingAwaited);
}
