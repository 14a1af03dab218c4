//! Races with payments: one of the two commands wins, and no money is lost.
//!
//! Seven of these cases fail if an event's row is read but not locked. Others fail if an earlier attempt is not
//! abandoned, if a hold lasts a microsecond longer for the sweep than for buyers, if late money is refused, or if a
//! refund is recorded twice.

use std::time::Duration;

use tiketi_core::decide::{
    BeginConfirm, BeginConfirmRefused, BeginRefundRefused, CancelRefused, Envelope, HoldRefused,
    RecordRefund, RecordRefundRefused, RefundOutcome, StartPaymentRefused,
};
use tiketi_core::{
    BuyerId, CommandError, Currency, Money, Payment, PaymentState, Reservation, ReservationState, SeatState,
    Timestamp,
};

use crate::hall::Hall;
use crate::race::{applied, at_once, both_at_once, repeated_at_once, told};

use crate::shop::{Outcome, TestShop};

const MICROSECOND: Duration = Duration::from_micros(1);
/// How many times each race is run.
const ROUNDS: usize = 10;

/// Which of the two commands comes first at the end of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    Confirm,
    Sweep,
    Neither,
}

/// Prepares a payment; returns it with its reservation and the end of the hold.
async fn prepared(shop: &TestShop, hall: &Hall, seat: usize) -> (Reservation, Payment, Timestamp) {
    let held = shop.held(hall, shop.buyer(), &[seat]).await;
    let payment = shop.prepared(&held).await;
    let held = shop.now_of(&held).await;
    let end = held.held_until().unwrap();
    (held, payment, end)
}

/// Sends a confirm at one time and a sweep at another, in this order, and returns the outcome of the confirm.
async fn meet(
    shop: &TestShop,
    confirm: Envelope<BeginConfirm>,
    sweep_at: Timestamp,
    first: First,
) -> Outcome<BeginConfirm> {
    let sweep = || {
        let store = shop.store();
        async move { store.expire_due(sweep_at, 100).await.unwrap().done }
    };
    match first {
        First::Confirm => {
            let confirmed = shop.execute(confirm).await;
            sweep().await;
            confirmed
        }
        First::Sweep => {
            sweep().await;
            shop.execute(confirm).await
        }
        First::Neither => {
            let other = shop.clone();
            let before = tokio::spawn(sweep());
            let confirmed = tokio::spawn(async move { other.execute(confirm).await });
            let after = tokio::spawn(sweep());
            let confirmed = confirmed.await.unwrap();
            for sweep in [before, after] {
                sweep.await.unwrap();
            }
            confirmed
        }
    }
}

/// Asserts that either the confirm or the end of the hold took effect, and not both.
async fn assert_one_won(shop: &TestShop, held: &Reservation, confirmed: &Outcome<BeginConfirm>) {
    let row = shop.now_of(held).await;
    match confirmed {
        Ok(applied) => {
            assert!(matches!(row.state, ReservationState::Paying { .. }), "{row:?}");
            let payment = applied.payment.clone().unwrap();
            let sold = shop.apply(shop.paid(&payment)).await.reservation;
            assert!(matches!(sold.state, ReservationState::Confirmed { .. }), "{sold:?}");
        }
        Err(CommandError::Refused(why)) => {
            let over = BeginConfirmRefused::NotReady { state: PaymentState::Abandoned };
            assert!(*why == over || *why == BeginConfirmRefused::ReservationNotPending, "{why:?}");
            assert!(matches!(row.state, ReservationState::Expired { .. }), "{row:?}");
        }
        Err(other) => panic!("a race is no failure: {other:?}"),
    }
}

/// Fails if a sweep can end a hold in its last microsecond, or if a confirm is accepted after it.
pub async fn the_microsecond_decides_between_a_confirm_and_the_sweep(shop: TestShop) {
    for first in [First::Confirm, First::Sweep, First::Neither] {
        let hall = shop.hall().await;
        for seat in 0..ROUNDS {
            let (held, payment, end) = prepared(&shop, &hall, seat).await;
            let (at, in_time) = match seat % 3 {
                0 => (end.before(MICROSECOND), true),
                1 => (end, false),
                _ => (end.after(MICROSECOND), false),
            };
            shop.go_to(at);
            let confirmed = meet(&shop, shop.envelope(shop.begin_confirm(&payment)), at, first).await;
            assert_eq!(confirmed.is_ok(), in_time, "{first:?} {seat}: {confirmed:?}");
            assert_one_won(&shop, &held, &confirmed).await;
        }
    }
}

/// Fails if a hold is both paid for and ended by servers whose clocks differ by a microsecond.
pub async fn a_confirm_at_the_last_microsecond_and_a_sweep_after_it_agree(shop: TestShop) {
    for first in [First::Confirm, First::Sweep, First::Neither] {
        let hall = shop.hall().await;
        for seat in 0..ROUNDS {
            let (held, payment, end) = prepared(&shop, &hall, seat).await;
            shop.go_to(end.before(MICROSECOND));
            let confirm = shop.envelope(shop.begin_confirm(&payment));
            let confirmed = meet(&shop, confirm, end, first).await;
            shop.go_to(end);
            assert!(first != First::Confirm || confirmed.is_ok(), "{confirmed:?}");
            assert!(first != First::Sweep || confirmed.is_err(), "{confirmed:?}");
            assert_one_won(&shop, &held, &confirmed).await;
        }
    }
}

/// Fails if one confirm sent many times is begun more than once.
pub async fn one_confirm_sent_by_16_callers_begins_once(shop: TestShop) {
    let hall = shop.hall().await;
    for seat in 0..ROUNDS {
        let (_, payment, _) = prepared(&shop, &hall, seat).await;
        let command = shop.begin_confirm(&payment);
        assert_eq!(applied(repeated_at_once(&shop, command, 16).await), 1);
        let keys = (0..4).map(|_| shop.begin_confirm(&payment)).collect();
        let (won, refused) = told::<BeginConfirmRefused>(at_once(&shop, keys).await);
        assert_eq!((won, refused.len()), (0, 4));
    }
}

/// Fails if two attempts of one reservation can both be confirmed.
pub async fn of_attempts_begun_and_confirmed_at_once_one_asks_for_the_money(shop: TestShop) {
    let hall = shop.hall().await;
    for seat in 0..ROUNDS {
        let held = shop.held(&hall, shop.buyer(), &[seat]).await;
        let starts = (0..3).map(|_| shop.start_payment(&held)).collect::<Vec<_>>();
        let begun: Vec<_> = at_once(&shop, starts).await.into_iter().map(|begun| begun.unwrap()).collect();
        let confirms = begun.iter().map(|begun| shop.begin_confirm(begun.payment.as_ref().unwrap()));
        let (won, refused) = told(at_once(&shop, confirms.collect()).await);
        let given_up = BeginConfirmRefused::NotReady { state: PaymentState::Abandoned };
        assert_eq!((won, refused), (1, vec![given_up.clone(), given_up]));
    }
}

/// Fails if an attempt is replaced while it is being confirmed.
pub async fn an_attempt_confirmed_and_replaced_at_once_is_one_of_them(shop: TestShop) {
    let hall = shop.hall().await;
    for seat in 0..ROUNDS {
        let (held, payment, _) = prepared(&shop, &hall, seat).await;
        let (confirm, again) = (shop.begin_confirm(&payment), shop.start_payment(&held));
        match both_at_once(&shop, confirm, again).await {
            (Ok(_), Err(CommandError::Refused(StartPaymentRefused::NotPending)))
            | (Err(CommandError::Refused(BeginConfirmRefused::NotReady { .. })), Ok(_)) => {}
            other => panic!("one is confirmed, or another is begun: {other:?}"),
        }
    }
}

/// Fails if a reservation is cancelled while it is being paid for.
pub async fn a_reservation_confirmed_and_cancelled_at_once_is_one_of_them(shop: TestShop) {
    let hall = shop.hall().await;
    for seat in 0..ROUNDS {
        let (held, payment, _) = prepared(&shop, &hall, seat).await;
        let (confirm, cancel) = (shop.begin_confirm(&payment), shop.cancel(&held));
        match both_at_once(&shop, confirm, cancel).await {
            (Ok(_), Err(CommandError::Refused(CancelRefused::PaymentInProgress))) => {
                shop.apply(shop.paid(&payment)).await;
                let refused = CancelRefused::Paid { payment: payment.id };
                shop.refuse(shop.cancel(&held), refused).await;
            }
            (Err(CommandError::Refused(BeginConfirmRefused::NotReady { .. })), Ok(_)) => {
                assert_eq!(shop.seat_state(&hall, seat).await, SeatState::Available);
            }
            other => panic!("it is confirmed or given up: {other:?}"),
        }
    }
}

/// Fails if seats are added to a reservation while its old price is being paid.
pub async fn a_reservation_confirmed_and_added_to_at_once_is_one_of_them(shop: TestShop) {
    let hall = shop.hall().await;
    for seat in 0..ROUNDS {
        let (held, payment, _) = prepared(&shop, &hall, seat).await;
        let (confirm, more) =
            (shop.begin_confirm(&payment), shop.hold_seats(&hall, held.buyer, &[ROUNDS + seat]));
        match both_at_once(&shop, confirm, more).await {
            (Ok(confirming), Err(CommandError::Refused(HoldRefused::PaymentInProgress { .. }))) => {
                assert_eq!(confirming.reservation.total, payment.amount);
            }
            (Err(CommandError::Refused(BeginConfirmRefused::NotReady { .. })), Ok(held)) => {
                assert_ne!(held.reservation.total, payment.amount);
            }
            other => panic!("it is confirmed or added to: {other:?}"),
        }
    }
}

/// Fails if a capture is lost when a capture and a decline are recorded concurrently, while the hold ends and other
/// buyers want the seat.
pub async fn of_two_words_about_late_money_none_is_forgotten(shop: TestShop) {
    let hall = shop.hall().await;
    for seat in 0..ROUNDS {
        let (held, payment, end) = prepared(&shop, &hall, seat).await;
        shop.apply(shop.begin_confirm(&payment)).await;
        shop.go_to(end.after(MICROSECOND));
        let words = vec![shop.declined(&payment), shop.paid(&payment)];
        let rival = shop.hold_seats(&hall, shop.buyer(), &[seat]);
        let other = shop.clone();
        let taken = tokio::spawn(async move { other.send(rival).await.is_ok() });
        at_once(&shop, words).await;
        assert_served_or_refunded(&shop, &held, &payment, taken.await.unwrap()).await;
    }
}

async fn assert_served_or_refunded(shop: &TestShop, held: &Reservation, payment: &Payment, taken: bool) {
    let (row, known) = (shop.now_of(held).await, shop.now_of_payment(payment).await);
    assert_eq!(known.captured, Some(payment.amount), "{known:?}");
    let served = matches!(row.state, ReservationState::Confirmed { .. });
    assert_eq!(served, !taken, "{row:?}");
    assert_eq!(served, known.queued_refund().is_none(), "{known:?}");
}

/// Sells a seat, and returns the payment.
async fn paid(shop: &TestShop, hall: &Hall, buyer: BuyerId, seat: usize) -> Payment {
    let held = shop.held(hall, buyer, &[seat]).await;
    shop.sold(&held).await.1
}

/// Fails if one refund is queued twice, or if two refunds of the same money are queued.
pub async fn a_refund_requested_by_many_callers_is_queued_once(shop: TestShop) {
    let hall = shop.hall().await;
    for seat in 0..ROUNDS {
        let payment = paid(&shop, &hall, shop.buyer(), seat).await;
        let refunded = if seat % 2 == 0 {
            let command = shop.refund(&payment);
            let refund = command.refund;
            assert_eq!(applied(repeated_at_once(&shop, command, 8).await), 1);
            refund
        } else {
            let commands = (0..8).map(|_| shop.refund(&payment)).collect();
            let (won, refused) = told(at_once(&shop, commands).await);
            let refund = shop.now_of_payment(&payment).await.queued_refund().unwrap().id;
            assert_eq!((won, refused), (1, vec![BeginRefundRefused::RefundInProgress { refund }; 7]));
            refund
        };
        let done = shop.refunded(&payment, refunded);
        assert_eq!(applied(repeated_at_once(&shop, done, 4).await), 1);
        let known = shop.now_of_payment(&payment).await;
        assert_eq!((known.refunds.len(), known.refunded), (1, payment.amount));
    }
}

/// Fails if two refunds are queued that together exceed the balance.
pub async fn of_two_refunds_that_exceed_the_balance_one_is_queued(shop: TestShop) {
    let hall = shop.hall().await;
    let part = Money::new(60_000, Currency::KRW);
    for seat in 0..ROUNDS {
        let payment = paid(&shop, &hall, shop.buyer(), seat).await;
        let parts = (0..2).map(|_| shop.refund(&payment).only(part)).collect();
        let (won, refused) = told(at_once(&shop, parts).await);
        let refund = shop.now_of_payment(&payment).await.queued_refund().unwrap().id;
        assert_eq!((won, refused), (1, vec![BeginRefundRefused::RefundInProgress { refund }]));
        shop.apply(shop.refunded(&payment, refund)).await;
        let refundable = Money::new(40_000, Currency::KRW);
        let refused = BeginRefundRefused::AmountOutOfRange { refundable };
        shop.refuse(shop.refund(&payment).only(part), refused).await;
    }
}

/// Fails if a refund is recorded both as done and as refused.
pub async fn of_two_words_about_a_refund_one_is_recorded(shop: TestShop) {
    let hall = shop.hall().await;
    for seat in 0..ROUNDS {
        let payment = paid(&shop, &hall, shop.buyer(), seat).await;
        let refund = shop.promised(&payment).await;
        let refused = RefundOutcome::Refused { code: "account_closed".into() };
        let refused = RecordRefund::new(payment.id, refund, refused);
        let words = vec![shop.refunded(&payment, refund), refused];
        let (won, late) = told(at_once(&shop, words).await);
        assert_eq!((won, late), (1, vec![RecordRefundRefused::NotQueued]));
        let known = shop.now_of_payment(&payment).await;
        let returned = known.refunded == payment.amount;
        assert_eq!(returned, matches!(known.state, PaymentState::Refunded { .. }), "{known:?}");
        assert_eq!(returned, shop.seat_state(&hall, seat).await == SeatState::Available);
    }
}
