//! Tests of the in-memory payment provider.

use std::sync::Arc;

use uuid::Uuid;

use super::*;
use crate::id::{BuyerId, RefundId};
use crate::money::Currency;

const PAYMENT: PaymentId = PaymentId::from_uuid(Uuid::from_u128(1));
const BUYER: BuyerId = BuyerId::from_uuid(Uuid::from_u128(2));

fn won(minor: i64) -> Money {
    Money::new(minor, Currency::KRW)
}

fn confirm(amount: i64) -> ConfirmRequest {
    ConfirmRequest::new(PAYMENT, BUYER, won(amount), "naver_pay")
}

fn refund(which: u128, amount: i64) -> RefundRequest {
    let refund = RefundId::from_uuid(Uuid::from_u128(which));
    RefundRequest::new(PAYMENT, BUYER, "taken", refund, won(amount)).refundable(won(100)).reason("rain")
}

#[tokio::test]
async fn one_payment_is_taken_once_and_one_refund_is_given_once() {
    let gateway = TestGateway::default();
    for _ in 0..2 {
        assert!(matches!(gateway.confirm(confirm(100)).await, ConfirmAnswer::Paid(_)));
    }
    assert_eq!((gateway.balance(PAYMENT), gateway.captures()), (100, 1));
    for _ in 0..2 {
        assert_eq!(gateway.refund(refund(1, 30)).await, RefundAnswer::Done);
    }
    assert_eq!(gateway.balance(PAYMENT), 70);
}

#[tokio::test]
async fn money_taken_by_an_earlier_process_is_given_back() {
    let earlier = TestGateway::default();
    let ConfirmAnswer::Paid(taken) = earlier.confirm(confirm(100)).await else {
        panic!("the money should be taken");
    };
    let gateway = TestGateway::default();
    let refused = gateway.refund(refund(1, 100)).await;
    assert!(matches!(refused, RefundAnswer::Refused { .. }), "a key of another's making: {refused:?}");
    let again = RefundRequest { provider_key: taken.provider_key, ..refund(1, 100) };
    assert_eq!(gateway.refund(again).await, RefundAnswer::Done);
}

#[tokio::test]
async fn more_than_was_taken_is_not_given_back() {
    let gateway = TestGateway::default();
    gateway.confirm(confirm(100)).await;
    assert!(matches!(gateway.refund(refund(1, 101)).await, RefundAnswer::Refused { .. }));
    assert_eq!(gateway.balance(PAYMENT), 100);
}

#[tokio::test]
async fn a_configured_answer_is_given_once_and_captures_nothing() {
    let gateway = TestGateway::default();
    gateway.answer_next_confirm(ConfirmAnswer::Unknown {
        reason: "timeout".into(),
        response: ProviderResponse::NoAnswer,
    });
    assert!(matches!(gateway.confirm(confirm(100)).await, ConfirmAnswer::Unknown { .. }));
    assert_eq!(gateway.captures(), 0);
    assert!(matches!(gateway.confirm(confirm(100)).await, ConfirmAnswer::Paid(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refunds_at_once_never_give_back_more_than_was_taken() {
    let gateway = Arc::new(TestGateway::default());
    gateway.confirm(confirm(100)).await;
    let asks: Vec<_> = (0..64)
        .map(|which| {
            let gateway = Arc::clone(&gateway);
            tokio::spawn(async move { gateway.refund(refund(which, 60)).await })
        })
        .collect();
    for ask in asks {
        ask.await.unwrap();
    }
    assert_eq!(gateway.balance(PAYMENT), 40);
}
