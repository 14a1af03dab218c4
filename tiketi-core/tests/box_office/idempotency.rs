//! A request that is repeated with its key has one effect, and returns the first answer.

use tiketi_core::decide::RefundWanted;
use tiketi_core::{
    CommandError, PrepareRequest, ReservationState, gateway::RefundAnswer, payment::RefundState,
};

use crate::{ADA, TestShop};

#[tokio::test]
async fn a_hold_sent_again_is_the_same_reservation() {
    let shop = TestShop::open().await;
    let key = shop.key();
    let first = shop.office.sales().hold(shop.wanting(ADA, &[0]).key(key)).await.unwrap();
    shop.wait(60);
    let again = shop.office.sales().hold(shop.wanting(ADA, &[0]).key(key)).await.unwrap();
    assert_eq!(again, first, "not even renewed");
    let other = shop.office.sales().hold(shop.wanting(ADA, &[1]).key(key)).await;
    assert!(matches!(other, Err(CommandError::KeyReused)));
}

#[tokio::test]
async fn a_payment_processed_again_is_captured_once() {
    let shop = TestShop::open().await;
    let held = shop.held(ADA, &[0]).await;
    let key = shop.key();
    let first = shop.office.payments().process(PrepareRequest::new(held.id, ADA).key(key)).await.unwrap();
    let again = shop.office.payments().process(PrepareRequest::new(held.id, ADA).key(key)).await.unwrap();
    assert_eq!(again, first);
    assert_eq!(shop.gateway.inner.captures(), 1);
}

#[tokio::test]
async fn a_free_reservation_processed_again_answers_as_before() {
    let shop = TestShop::open().await;
    let held = shop.office.sales().hold(shop.wanting(ADA, &[]).item(shop.free, 1)).await.unwrap();
    let key = shop.key();
    let first = shop.office.payments().process(PrepareRequest::new(held.id, ADA).key(key)).await.unwrap();
    let again = shop.office.payments().process(PrepareRequest::new(held.id, ADA).key(key)).await.unwrap();
    assert_eq!(again, first);
}

#[tokio::test]
async fn a_refunding_cancel_sent_again_answers_as_before() {
    let shop = TestShop::open().await;
    let (sold, payment) = shop.sold(ADA, &[0]).await;
    let key = shop.key();
    let first = shop.office.payments().cancel_or_refund(sold.id, ADA, Some(key)).await.unwrap();
    let again = shop.office.payments().cancel_or_refund(sold.id, ADA, Some(key)).await.unwrap();
    assert_eq!(again, first);
    assert!(matches!(again.state, ReservationState::Cancelled { .. }));
    assert_eq!(shop.gateway.inner.balance(payment.id), 0);
    assert_eq!(shop.gateway.refunds_asked(), 1);
}

#[tokio::test]
async fn a_key_of_one_cancel_cancels_nothing_else() {
    let shop = TestShop::open().await;
    let (first, _) = shop.sold(ADA, &[0]).await;
    let (second, payment) = shop.sold(ADA, &[1]).await;
    let key = shop.key();
    shop.office.payments().cancel_or_refund(first.id, ADA, Some(key)).await.unwrap();
    assert!(shop.office.payments().cancel_or_refund(second.id, ADA, Some(key)).await.is_err());
    assert_eq!(shop.gateway.inner.balance(payment.id), 100);
}

/// A refused refund is final. If the repetition sent the same refund to the provider again and the provider
/// accepted it, money would move without a record.
#[tokio::test]
async fn a_refused_refund_sent_again_does_not_ask_the_provider_again() {
    let shop = TestShop::open().await;
    let (_, payment) = shop.sold(ADA, &[0]).await;
    let key = shop.key();
    shop.gateway.answer_next_refund(RefundAnswer::Refused { code: "TOO_LATE".into() });
    shop.office
        .payments()
        .refund(payment.id, ADA, RefundWanted::everything(), "rain", Some(key), None)
        .await
        .unwrap();
    let again = shop
        .office
        .payments()
        .refund(payment.id, ADA, RefundWanted::everything(), "rain", Some(key), None)
        .await
        .unwrap();
    assert!(matches!(again.refund.state, RefundState::Refused { .. }));
    assert_eq!(shop.gateway.inner.balance(payment.id), 100);
    assert_eq!(shop.gateway.refunds_asked(), 1);
}
