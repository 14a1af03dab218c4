//! A provider that does not answer, or whose answer cannot be read.

use std::time::Duration;

use tiketi_core::{
    PaymentGateway,
    gateway::{ConfirmAnswer, LookupAnswer, ProviderResponse, RefundAnswer},
};
use tiketi_toss_stub::{Call, Fault};
use tokio::net::TcpListener;

use crate::shop::{
    Order, PATIENCE, PRICE, TestShop, captured, confirm_request, gateway, is_unknown, paid, payment_id,
};

/// A short timeout, since the tests wait for it to end.
const IMPATIENCE: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_connection_cut_after_approving_is_paid() {
    let shop = TestShop::open().await;
    let order = shop.order(1);
    shop.stub.fail_next(Fault::cut(Call::Confirm).after_effect());
    assert_eq!(shop.confirm(&order).await, paid(&order));
    assert_eq!(shop.stub.asked(Call::Confirm), 1, "money is never asked for again unasked");
    assert_eq!(shop.ledger(&order), ((PRICE, 1), (0, 0)));
}

#[tokio::test]
async fn a_connection_cut_before_approving_is_unknown_and_can_be_asked_again() {
    let shop = TestShop::open().await;
    // An HTTP client may repeat a request on a reused connection that breaks.
    shop.paid(2).await;
    let order = shop.order(1);
    shop.stub.fail_next(Fault::cut(Call::Confirm));
    assert!(is_unknown(&shop.confirm(&order).await));
    assert_eq!(shop.stub.asked(Call::Confirm), 2, "money is never asked for again unasked");
    assert_eq!(shop.confirm(&order).await, paid(&order));
    assert_eq!(shop.ledger(&order), ((PRICE, 1), (0, 0)));
}

#[tokio::test]
async fn a_payment_approved_before_a_timeout_is_paid_while_its_key_is_in_flight() {
    let shop = TestShop::waiting(IMPATIENCE).await;
    let order = shop.order(1);
    shop.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    assert_eq!(shop.confirm(&order).await, paid(&order));
    assert_eq!(shop.confirm(&order).await, paid(&order));
    shop.stub.release_hanging();
    assert_eq!(shop.confirm(&order).await, paid(&order));
    assert_eq!(shop.ledger(&order), ((PRICE, 1), (0, 0)));
}

#[tokio::test]
async fn a_timeout_before_approval_is_unknown_until_the_provider_answers() {
    let shop = TestShop::waiting(IMPATIENCE).await;
    let order = shop.order(1);
    shop.stub.fail_next(Fault::hang(Call::Confirm));
    assert!(is_unknown(&shop.confirm(&order).await));
    let ConfirmAnswer::Unknown { reason, response: ProviderResponse::Answered } = shop.confirm(&order).await
    else {
        panic!("nothing was taken")
    };
    assert!(reason.contains("IDEMPOTENT_REQUEST_PROCESSING"), "{reason}");
    shop.stub.release_hanging();
    assert_eq!(shop.confirm(&order).await, paid(&order));
    assert_eq!(shop.ledger(&order), ((PRICE, 1), (0, 0)));
}

#[tokio::test]
async fn a_provider_that_never_answers_is_unknown_until_the_next_lookup() {
    let shop = TestShop::open().await;
    let order = shop.order(1);
    shop.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    shop.stub.fail_next(Fault::hang(Call::Lookup));
    let impatient = gateway(&shop.stub.url(), IMPATIENCE, IMPATIENCE);
    assert!(is_unknown(&impatient.confirm(confirm_request(&order)).await));
    shop.stub.fail_next(Fault::cut(Call::Lookup));
    shop.stub.fail_next(Fault::code(Call::Lookup, "TOO_MANY_REQUESTS"));
    for _ in 0..2 {
        assert!(matches!(shop.lookup(&order).await, LookupAnswer::Unknown { .. }));
    }
    assert_eq!(shop.lookup(&order).await, LookupAnswer::Paid(captured(&order)));
}

#[tokio::test]
async fn an_unreadable_answer_is_inconclusive() {
    let shop = TestShop::open().await;
    for (which, status) in (1..).zip([200, 302, 400, 403, 404, 429, 500, 502, 504]) {
        let (taken, not_taken) = (shop.order(which), shop.order(which + 100));
        shop.stub.fail_next(Fault::unreadable(Call::Confirm, status).after_effect());
        assert_eq!(shop.confirm(&taken).await, paid(&taken), "{status}");
        shop.stub.fail_next(Fault::unreadable(Call::Confirm, status));
        assert!(is_unknown(&shop.confirm(&not_taken).await), "{status}");
        shop.stub.fail_next(Fault::unreadable(Call::Lookup, status));
        assert!(matches!(shop.lookup(&taken).await, LookupAnswer::Unknown { .. }), "{status}");
    }
}

#[tokio::test]
async fn an_answer_given_twice_is_never_taken_for_that_of_the_next_order() {
    let shop = TestShop::open().await;
    for which in 1..=20 {
        let order = shop.order(which);
        shop.stub.fail_next(Fault::twice(Call::Confirm));
        assert_eq!(shop.confirm(&order).await, paid(&order));
        assert_eq!(shop.ledger(&order), ((PRICE, 1), (0, 0)));
    }
}

#[tokio::test]
async fn the_answer_to_another_order_is_not_believed() {
    let shop = TestShop::open().await;
    let other = shop.paid(1).await.payment.to_string();
    let (taken, not_taken) = (shop.order(2), shop.order(3));
    shop.stub.fail_next(Fault::crossed(Call::Confirm, &other).after_effect());
    assert_eq!(shop.confirm(&taken).await, paid(&taken));
    shop.stub.fail_next(Fault::crossed(Call::Confirm, &other));
    assert!(is_unknown(&shop.confirm(&not_taken).await));
    shop.stub.fail_next(Fault::crossed(Call::Cancel, &other));
    let answer = shop.refund(&taken, 2, PRICE, PRICE).await;
    assert!(matches!(answer, RefundAnswer::Unknown { .. }), "{answer:?}");
    shop.stub.fail_next(Fault::crossed(Call::Cancel, &other).after_effect());
    assert_eq!(shop.refund(&taken, 2, PRICE, PRICE).await, RefundAnswer::Done);
    assert_eq!(shop.ledger(&taken), ((PRICE, 1), (PRICE, 1)));
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_unknown() {
    // A port that was free a moment ago; no process listens on it.
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let gateway = gateway(&format!("http://{address}"), PATIENCE, PATIENCE);
    let order = Order { payment: payment_id(1), key: "stub_key".to_owned() };
    let ConfirmAnswer::Unknown { reason, response: ProviderResponse::NoAnswer } =
        gateway.confirm(confirm_request(&order)).await
    else {
        panic!("nobody answered")
    };
    assert!(reason.contains("no connection"), "{reason}");
}

#[tokio::test]
async fn a_lost_answer_to_a_refund_is_found_in_the_providers_list() {
    let shop = TestShop::waiting(IMPATIENCE).await;
    let faults = [Fault::cut(Call::Cancel), Fault::hang(Call::Cancel), Fault::unreadable(Call::Cancel, 502)];
    for (which, fault) in (1..).zip(faults) {
        let order = shop.paid(which).await;
        shop.stub.fail_next(fault.after_effect());
        assert_eq!(shop.refund(&order, which, 20_000, PRICE).await, RefundAnswer::Done);
        assert_eq!(shop.refund(&order, which, 20_000, PRICE).await, RefundAnswer::Done);
        assert_eq!(shop.ledger(&order), ((PRICE, 1), (20_000, 1)));
    }
}

#[tokio::test]
async fn a_refund_that_never_arrived_is_unknown_and_done_once_on_retry() {
    let shop = TestShop::waiting(IMPATIENCE).await;
    let faults = [Fault::cut(Call::Cancel), Fault::hang(Call::Cancel), Fault::unreadable(Call::Cancel, 502)];
    for (which, fault) in (1..).zip(faults) {
        let order = shop.paid(which).await;
        shop.stub.fail_next(fault);
        let answer = shop.refund(&order, which, PRICE, PRICE).await;
        assert!(matches!(answer, RefundAnswer::Unknown { .. }), "{answer:?}");
        shop.stub.release_hanging();
        assert_eq!(shop.refund(&order, which, PRICE, PRICE).await, RefundAnswer::Done);
        assert_eq!(shop.ledger(&order), ((PRICE, 1), (PRICE, 1)));
    }
}
