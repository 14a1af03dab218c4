//! Confirms: the money is captured.

use std::sync::Arc;
use std::time::Duration;

use tiketi_core::{
    PaymentGateway,
    gateway::{ConfirmAnswer, LookupAnswer, ProviderResponse},
};
use tiketi_toss_stub::{Call, Fault, StubSettings, TossStub};

use crate::shop::{
    Order, PATIENCE, PRICE, TestShop, captured, confirm_request, gateway, is_unknown, paid, payment_id, won,
};

const UNKNOWN: [&str; 11] = [
    "ALREADY_PROCESSED_PAYMENT",
    "PROVIDER_ERROR",
    "IDEMPOTENT_REQUEST_PROCESSING",
    "ALREADY_PROCESSING_REQUEST",
    "FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING",
    "FAILED_INTERNAL_SYSTEM_PROCESSING",
    "UNKNOWN_PAYMENT_ERROR",
    "COMMON_ERROR",
    "TOO_MANY_REQUESTS",
    "INVENTED_YESTERDAY",
    // This code belongs to refunds; for a confirm it is inconclusive.
    "NOT_CANCELABLE_PAYMENT",
];

const DECLINED: [&str; 8] = [
    "REJECT_CARD_PAYMENT",
    "REJECT_CARD_COMPANY",
    "REJECT_ACCOUNT_PAYMENT",
    "INVALID_CARD_EXPIRATION",
    "EXCEED_MAX_DAILY_PAYMENT_COUNT",
    "BELOW_MINIMUM_AMOUNT",
    "NOT_AVAILABLE_BANK",
    "FDS_ERROR",
];

const MISCONFIGURED: [&str; 7] = [
    "UNAUTHORIZED_KEY",
    "INVALID_API_KEY",
    "INCORRECT_BASIC_AUTH_FORMAT",
    "FORBIDDEN_REQUEST",
    "INVALID_IDEMPOTENCY_KEY",
    "INVALID_REQUEST",
    "DUPLICATED_ORDER_ID",
];

#[tokio::test]
async fn a_confirmed_payment_is_paid_by_order_key_and_amount() {
    let shop = TestShop::open().await;
    let order = shop.order(1);
    assert_eq!(shop.lookup(&order).await, LookupAnswer::Pending);
    assert_eq!(shop.confirm(&order).await, ConfirmAnswer::Paid(captured(&order)));
    assert_eq!(shop.lookup(&order).await, LookupAnswer::Paid(captured(&order)));
    assert_eq!(shop.ledger(&order), ((PRICE, 1), (0, 0)));
}

#[tokio::test]
async fn every_listed_decline_is_one_and_nothing_was_taken() {
    let shop = TestShop::open().await;
    for (which, code) in (1..).zip(DECLINED) {
        let order = shop.order(which);
        shop.stub.fail_next(Fault::code(Call::Confirm, code));
        let answer = shop.confirm(&order).await;
        assert_eq!(answer, ConfirmAnswer::Declined { code: code.to_owned() });
        assert_eq!(shop.ledger(&order), ((0, 0), (0, 0)), "{code}");
    }
    assert_eq!(shop.stub.asked(Call::Lookup), 0);
}

#[tokio::test]
async fn a_code_that_says_nothing_is_unknown_while_the_provider_shows_no_money() {
    let shop = TestShop::open().await;
    for (which, code) in (1..).zip(UNKNOWN.into_iter().chain(MISCONFIGURED)) {
        let order = shop.order(which);
        shop.stub.fail_next(Fault::code(Call::Confirm, code));
        let answer = shop.confirm(&order).await;
        assert!(is_unknown(&answer), "{code}: {answer:?}");
        assert!(format!("{answer:?}").contains(code), "an administrator is not told: {answer:?}");
    }
}

#[tokio::test]
async fn a_code_that_says_nothing_is_paid_once_the_provider_shows_the_money() {
    let shop = TestShop::open().await;
    for (which, code) in (1..).zip(UNKNOWN.into_iter().chain(MISCONFIGURED)) {
        let order = shop.order(which);
        shop.stub.fail_next(Fault::code(Call::Confirm, code).after_effect());
        assert_eq!(shop.confirm(&order).await, paid(&order), "{code}");
        assert_eq!(shop.ledger(&order), ((PRICE, 1), (0, 0)), "{code}");
    }
}

#[tokio::test]
async fn a_repeated_provider_error_is_unknown_and_captures_nothing() {
    let shop = TestShop::open().await;
    let order = shop.order(1);
    shop.stub.fail_next(Fault::code(Call::Confirm, "PROVIDER_ERROR"));
    for _ in 0..2 {
        assert!(is_unknown(&shop.confirm(&order).await));
    }
    assert_eq!(shop.ledger(&order), ((0, 0), (0, 0)));
}

#[tokio::test]
async fn the_buyer_has_ten_minutes_to_be_confirmed() {
    let shop = TestShop::open().await;
    let (in_time, late) = (shop.order(1), shop.order(2));
    shop.stub.advance(Duration::from_secs(599));
    assert_eq!(shop.confirm(&in_time).await, paid(&in_time));
    shop.stub.advance(Duration::from_secs(1));
    assert_eq!(shop.confirm(&late).await, ConfirmAnswer::Declined { code: "EXPIRED".to_owned() });
    assert_eq!(shop.ledger(&late), ((0, 0), (0, 0)));
}

#[tokio::test]
async fn an_unknown_session_is_not_final_at_once() {
    let shop = TestShop::open().await;
    let order = Order { payment: payment_id(1), key: "stub_unheard_of".to_owned() };
    assert!(is_unknown(&shop.confirm(&order).await));
    assert_eq!(shop.lookup(&order).await, LookupAnswer::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_equal_concurrent_confirms_charge_once_and_answer_equally() {
    let shop = Arc::new(TestShop::open().await);
    let order = shop.order(1);
    let asks: Vec<_> = (0..50)
        .map(|_| {
            let (shop, order) = (Arc::clone(&shop), order.clone());
            tokio::spawn(async move { shop.confirm(&order).await })
        })
        .collect();
    for ask in asks {
        assert_eq!(ask.await.unwrap(), paid(&order));
    }
    assert_eq!(shop.ledger(&order), ((PRICE, 1), (0, 0)));
}

#[tokio::test]
async fn a_second_authentication_of_a_paid_attempt_returns_the_capture() {
    let shop = TestShop::open().await;
    let first = shop.paid(1).await;
    let second = Order { key: shop.order(1).key, ..first.clone() };
    assert_ne!(first.key, second.key);
    assert_eq!(shop.confirm(&second).await, paid(&first));
    assert_eq!(shop.lookup(&second).await, LookupAnswer::Paid(captured(&first)));
    assert_eq!(shop.ledger(&second), ((0, 0), (0, 0)));
}

#[tokio::test]
async fn the_key_of_another_order_buys_nothing() {
    let shop = TestShop::open().await;
    let (theirs, mine) = (shop.paid(1).await, shop.order(2));
    let with_their_key = Order { payment: mine.payment, key: theirs.key.clone() };
    assert!(is_unknown(&shop.confirm(&with_their_key).await));
    assert_eq!(shop.lookup(&with_their_key).await, LookupAnswer::Pending);
    let nothing_of_mine = Order { payment: payment_id(3), key: theirs.key.clone() };
    assert!(is_unknown(&shop.confirm(&nothing_of_mine).await));
    assert_eq!(shop.lookup(&nothing_of_mine).await, LookupAnswer::NotFound);
    assert_eq!(shop.ledger(&theirs), ((PRICE, 1), (0, 0)));
}

#[tokio::test]
async fn another_amount_than_was_authenticated_is_not_taken() {
    let shop = TestShop::open().await;
    let order = shop.order(1);
    let less = confirm_request(&order).amount(won(PRICE - 1));
    assert!(is_unknown(&shop.gateway.confirm(less).await));
    assert_eq!(shop.ledger(&order), ((0, 0), (0, 0)));
}

#[tokio::test]
async fn nothing_is_asked_for_without_a_key_or_in_another_currency() {
    let shop = TestShop::open().await;
    let order = shop.order(1);
    let euros = tiketi_core::Money::new(PRICE, tiketi_core::Currency::EUR);
    let no_key = confirm_request(&order).provider_key(None);
    let no_key_of_theirs = confirm_request(&order).provider_key("../cancel".to_owned());
    let no_won = confirm_request(&order).amount(euros);
    for request in [no_key, no_key_of_theirs, no_won] {
        assert!(is_unknown(&shop.gateway.confirm(request).await));
    }
    assert_eq!(shop.stub.asked(Call::Confirm), 0);
}

#[tokio::test]
async fn a_wrong_secret_key_is_unknown_and_never_a_decline() {
    let settings = StubSettings { secret_key: "test_sk_other".to_owned(), ..StubSettings::default() };
    let stub = TossStub::start(settings).await.unwrap();
    let key = stub.authenticate(&payment_id(1).to_string(), PRICE).unwrap();
    let order = Order { payment: payment_id(1), key };
    let answer = gateway(&stub.url(), PATIENCE, PATIENCE).confirm(confirm_request(&order)).await;
    let ConfirmAnswer::Unknown { reason, response: ProviderResponse::Answered } = answer else {
        panic!("{answer:?}")
    };
    assert!(reason.contains("UNAUTHORIZED_KEY"), "{reason}");
}
