//! Refunds.

use std::time::Duration;

use tiketi_core::{
    Currency, Money, PaymentGateway,
    gateway::{LookupAnswer, RefundAnswer},
};
use tiketi_toss_stub::{Call, Fault};

use crate::shop::{PATIENCE, PRICE, TestShop, captured, gateway, refund_request, won};

const FINAL: [&str; 6] = [
    "NOT_CANCELABLE_PAYMENT",
    "NOT_CANCELABLE_AMOUNT",
    "EXCEED_MAX_REFUND_DUE",
    "NOT_ALLOWED_PARTIAL_REFUND",
    "INVALID_REFUND_ACCOUNT_INFO",
    "NOT_MATCHES_REFUNDABLE_AMOUNT",
];

const UNKNOWN: [&str; 11] = [
    "ALREADY_CANCELED_PAYMENT",
    "ALREADY_REFUND_PAYMENT",
    "FORBIDDEN_CONSECUTIVE_REQUEST",
    "FAILED_REFUND_PROCESS",
    "FAILED_PARTIAL_REFUND",
    "FAILED_METHOD_HANDLING_CANCEL",
    "PROVIDER_ERROR",
    "INVENTED_YESTERDAY",
    "UNAUTHORIZED_KEY",
    // These codes belong to confirms; for a refund they are inconclusive.
    "REJECT_CARD_PAYMENT",
    "NOT_FOUND_PAYMENT",
];

/// The provider demands this time between two cancels of one payment.
const GAP: Duration = Duration::from_secs(1);

fn is_unknown(answer: &RefundAnswer) -> bool {
    matches!(answer, RefundAnswer::Unknown { .. })
}

fn refused(code: &str) -> RefundAnswer {
    RefundAnswer::Refused { code: code.to_owned() }
}

#[tokio::test]
async fn all_of_the_money_goes_back_once_however_often_it_is_asked_for() {
    let shop = TestShop::open().await;
    let order = shop.paid(1).await;
    for _ in 0..3 {
        assert_eq!(shop.refund(&order, 1, PRICE, PRICE).await, RefundAnswer::Done);
    }
    assert_eq!(shop.ledger(&order), ((PRICE, 1), (PRICE, 1)));
    let given_back = captured(&order).refunded(won(PRICE));
    assert_eq!(shop.lookup(&order).await, LookupAnswer::Paid(given_back));
}

#[tokio::test]
async fn parts_of_the_money_go_back_one_after_another() {
    let shop = TestShop::open().await;
    let order = shop.paid(1).await;
    for (which, part) in (1..=3_u32).zip([20_000, 50_000, 150_000]) {
        shop.stub.advance(GAP);
        let left = PRICE - shop.account(&order).refunded;
        assert_eq!(shop.refund(&order, u128::from(which), part, left).await, RefundAnswer::Done);
    }
    assert_eq!(shop.ledger(&order), ((PRICE, 1), (PRICE, 3)));
}

#[tokio::test]
async fn a_partly_refunded_payment_says_how_much_went_back() {
    let shop = TestShop::open().await;
    let order = shop.paid(1).await;
    assert_eq!(shop.refund(&order, 1, 20_000, PRICE).await, RefundAnswer::Done);
    let partly = captured(&order).refunded(won(20_000));
    assert_eq!(shop.lookup(&order).await, LookupAnswer::Paid(partly));
}

#[tokio::test]
async fn a_refund_right_after_another_is_done_under_its_next_key() {
    let shop = TestShop::open().await;
    let order = shop.paid(1).await;
    assert_eq!(shop.refund(&order, 1, 20_000, PRICE).await, RefundAnswer::Done);
    let too_soon = shop.refund(&order, 2, 20_000, PRICE - 20_000).await;
    assert!(is_unknown(&too_soon), "{too_soon:?}");
    shop.stub.advance(GAP);
    // Under the first key the provider would repeat its refusal for fifteen days.
    assert_eq!(shop.refund(&order, 2, 20_000, PRICE - 20_000).await, RefundAnswer::Done);
    assert_eq!(shop.ledger(&order), ((PRICE, 1), (40_000, 2)));
}

#[tokio::test]
async fn a_process_that_forgot_which_key_was_refused_finds_out_and_refunds_once() {
    let shop = TestShop::open().await;
    let order = shop.paid(1).await;
    assert_eq!(shop.refund(&order, 1, 20_000, PRICE).await, RefundAnswer::Done);
    assert!(is_unknown(&shop.refund(&order, 2, 20_000, PRICE - 20_000).await));
    shop.stub.advance(GAP);
    let restarted = gateway(&shop.stub.url(), PATIENCE, PATIENCE);
    let request = refund_request(&order, 2, 20_000, PRICE - 20_000);
    assert!(is_unknown(&restarted.refund(request.clone()).await));
    assert_eq!(restarted.refund(request.clone()).await, RefundAnswer::Done);
    assert_eq!(restarted.refund(request).await, RefundAnswer::Done);
    assert_eq!(shop.ledger(&order), ((PRICE, 1), (40_000, 2)));
}

#[tokio::test]
async fn every_listed_refusal_is_one_unless_the_money_went_back_all_the_same() {
    let shop = TestShop::open().await;
    for (which, code) in (1..).zip(FINAL) {
        let (kept, gone) = (shop.paid(which).await, shop.paid(which + 100).await);
        shop.stub.fail_next(Fault::code(Call::Cancel, code));
        assert_eq!(shop.refund(&kept, which, 20_000, PRICE).await, refused(code));
        assert_eq!(shop.ledger(&kept), ((PRICE, 1), (0, 0)), "{code}");
        shop.stub.fail_next(Fault::code(Call::Cancel, code).after_effect());
        assert_eq!(shop.refund(&gone, which + 100, 20_000, PRICE).await, RefundAnswer::Done, "{code}");
        assert_eq!(shop.ledger(&gone), ((PRICE, 1), (20_000, 1)), "{code}");
    }
}

#[tokio::test]
async fn a_code_that_says_nothing_about_a_refund_is_unknown_unless_it_is_listed() {
    let shop = TestShop::open().await;
    for (which, code) in (1..).zip(UNKNOWN) {
        let (kept, gone) = (shop.paid(which).await, shop.paid(which + 100).await);
        shop.stub.fail_next(Fault::code(Call::Cancel, code));
        let answer = shop.refund(&kept, which, 20_000, PRICE).await;
        assert!(is_unknown(&answer), "{code}: {answer:?}");
        shop.stub.fail_next(Fault::code(Call::Cancel, code).after_effect());
        assert_eq!(shop.refund(&gone, which + 100, 20_000, PRICE).await, RefundAnswer::Done, "{code}");
        assert_eq!(shop.ledger(&gone), ((PRICE, 1), (20_000, 1)), "{code}");
    }
}

#[tokio::test]
async fn a_refund_made_elsewhere_is_not_refunded_again() {
    let shop = TestShop::open().await;
    let (partly, wholly) = (shop.paid(1).await, shop.paid(2).await);
    // Staff refunded this at the provider's site, so the shop has no record of it.
    assert_eq!(shop.refund(&partly, 901, 20_000, PRICE).await, RefundAnswer::Done);
    assert_eq!(shop.refund(&wholly, 902, PRICE, PRICE).await, RefundAnswer::Done);
    shop.stub.advance(GAP);
    let answer = shop.refund(&partly, 1, 20_000, PRICE).await;
    assert_eq!(answer, refused("NOT_MATCHES_REFUNDABLE_AMOUNT"));
    assert_eq!(shop.refund(&wholly, 2, PRICE, PRICE).await, refused("ALREADY_CANCELED_PAYMENT"));
    assert_eq!((shop.ledger(&partly).1, shop.ledger(&wholly).1), ((20_000, 1), (PRICE, 1)));
}

#[tokio::test]
async fn a_refund_repeated_after_the_provider_forgot_its_key_is_still_done_once() {
    let shop = TestShop::open().await;
    let (partly, wholly) = (shop.paid(1).await, shop.paid(2).await);
    for _ in 0..2 {
        assert_eq!(shop.refund(&partly, 1, 20_000, PRICE).await, RefundAnswer::Done);
        assert_eq!(shop.refund(&wholly, 2, PRICE, PRICE).await, RefundAnswer::Done);
        shop.stub.advance(Duration::from_hours(16 * 24));
    }
    assert_eq!((shop.ledger(&partly).1, shop.ledger(&wholly).1), ((20_000, 1), (PRICE, 1)));
}

#[tokio::test]
async fn a_reason_of_any_length_is_sent_as_far_as_it_fits() {
    let shop = TestShop::open().await;
    for (which, reason) in (1..).zip([String::new(), "비".repeat(500), "r".repeat(160)]) {
        let order = shop.paid(which).await;
        let request = refund_request(&order, which, PRICE, PRICE).reason(reason);
        assert_eq!(shop.gateway.refund(request).await, RefundAnswer::Done);
    }
}

#[tokio::test]
async fn an_unpaid_payment_and_one_of_another_currency_give_nothing_back() {
    let shop = TestShop::open().await;
    let order = shop.order(1);
    assert_eq!(shop.refund(&order, 1, PRICE, PRICE).await, refused("NOT_CANCELABLE_PAYMENT"));
    let euros = Money::new(PRICE, Currency::EUR);
    let request = refund_request(&order, 1, PRICE, PRICE).amount(euros);
    assert!(is_unknown(&shop.gateway.refund(request).await));
}

#[tokio::test]
async fn the_key_of_another_order_gives_none_of_its_money_back() {
    let shop = TestShop::open().await;
    let (theirs, mine) = (shop.paid(1).await, shop.paid(2).await);
    let request = refund_request(&mine, 2, PRICE, PRICE).provider_key("..");
    assert!(is_unknown(&shop.gateway.refund(request).await));
    assert_eq!((shop.ledger(&theirs).1, shop.ledger(&mine).1), ((0, 0), (0, 0)));
}
