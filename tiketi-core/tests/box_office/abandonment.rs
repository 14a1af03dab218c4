//! Attempts that the shop gives up while money may still move in the buyer's browser.

use tiketi_core::{
    Payment, PaymentState, PrepareRequest,
    gateway::{ProviderResponse, VoidAnswer},
};

use crate::{ADA, TestShop, won};

/// Prepares to pay for a seat, and cancels the reservation instead of paying.
async fn given_up(shop: &TestShop) -> Payment {
    let held = shop.held(ADA, &[0]).await;
    let payment = shop.office.payments().prepare(PrepareRequest::new(held.id, ADA)).await.unwrap().payment;
    shop.office.payments().cancel_or_refund(held.id, ADA, None).await.unwrap();
    payment
}

async fn now_of(shop: &TestShop, payment: &Payment) -> Payment {
    shop.office.payments().payment(payment.id, ADA).await.unwrap().unwrap()
}

/// Fails if `give_up` does not ask the gateway.
#[tokio::test]
async fn an_attempt_that_was_given_up_is_voided_and_takes_no_money_any_more() {
    let shop = TestShop::in_browser().await;
    let payment = given_up(&shop).await;
    assert_eq!(now_of(&shop, &payment).await.state, PaymentState::Abandoned);
    shop.wait(60);
    assert_eq!(shop.office.jobs().reconcile_once(10).await.unwrap().settled, 1);
    assert_eq!(now_of(&shop, &payment).await.reconciliation, None);
    assert!(!shop.gateway.inner.pay_in_browser(payment.id, won(100)), "it is closed");
}

#[tokio::test]
async fn money_that_moved_before_the_void_goes_back() {
    let shop = TestShop::in_browser().await;
    let payment = given_up(&shop).await;
    assert!(shop.gateway.inner.pay_in_browser(payment.id, won(100)));
    shop.wait(60);
    for _ in 0..2 {
        shop.office.jobs().reconcile_once(10).await.unwrap();
    }
    assert!(matches!(now_of(&shop, &payment).await.state, PaymentState::Refunded { .. }));
    assert_eq!(shop.gateway.inner.balance(payment.id), 0);
}

/// Fails if `give_up` ends the payment after any answer of the gateway.
#[tokio::test]
async fn a_void_that_was_too_late_or_not_answered_is_not_the_end() {
    let unknown = VoidAnswer::Unknown { reason: "HTTP 500".into(), response: ProviderResponse::NoAnswer };
    for (answer, last_inconclusive) in [(VoidAnswer::TooLate, None), (unknown, Some("HTTP 500"))] {
        let shop = TestShop::in_browser().await;
        let payment = given_up(&shop).await;
        shop.gateway.answer_next_void(answer);
        shop.wait(60);
        assert_eq!(shop.office.jobs().reconcile_once(10).await.unwrap().open, 1);
        let reconciliation = now_of(&shop, &payment).await.reconciliation.unwrap();
        assert_eq!(
            (reconciliation.tries, reconciliation.last_inconclusive.as_deref()),
            (1, last_inconclusive)
        );
        // The capture that came too late is found and refunded.
        assert!(shop.gateway.inner.pay_in_browser(payment.id, won(100)));
        shop.wait(120);
        for _ in 0..2 {
            shop.office.jobs().reconcile_once(10).await.unwrap();
        }
        assert_eq!(shop.gateway.inner.balance(payment.id), 0);
        assert_eq!(now_of(&shop, &payment).await.reconciliation, None);
    }
}
