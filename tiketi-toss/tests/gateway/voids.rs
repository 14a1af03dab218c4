//! Voids: closing a payment before money is captured.

use std::time::Duration;

use tiketi_core::{
    PaymentGateway,
    gateway::{LookupAnswer, VoidAnswer, VoidRequest},
};
use tiketi_toss_stub::{Call, Fault, Method};

use crate::shop::{BUYER, Order, PRICE, TestShop, payment_id};

async fn void(shop: &TestShop, order: &Order) -> VoidAnswer {
    let provider_key = Some(order.key.clone());
    shop.gateway.void(VoidRequest::new(order.payment, BUYER).provider_key(provider_key)).await
}

#[tokio::test]
async fn money_that_was_taken_is_too_late_to_give_up_and_stays_where_it_is() {
    let shop = TestShop::open().await;
    let order = shop.paid(1).await;
    assert_eq!(void(&shop, &order).await, VoidAnswer::TooLate);
    assert_eq!(shop.ledger(&order), ((PRICE, 1), (0, 0)));
}

#[tokio::test]
async fn a_virtual_account_is_closed_and_takes_no_deposit_any_more() {
    let shop = TestShop::open().await;
    let order = shop.order_by(Method::VirtualAccount, 1);
    shop.confirm(&order).await;
    for _ in 0..2 {
        assert_eq!(void(&shop, &order).await, VoidAnswer::Done);
    }
    assert!(!shop.stub.deposit(&order.payment.to_string()));
    assert_eq!(shop.lookup(&order).await, LookupAnswer::Declined { code: "CANCELED".to_owned() });
    assert_eq!(shop.ledger(&order).0, (0, 0));
}

#[tokio::test]
async fn a_deposit_that_comes_as_its_account_is_given_up_is_too_late_to_give_up() {
    let shop = TestShop::open().await;
    let order = shop.order_by(Method::VirtualAccount, 1);
    shop.confirm(&order).await;
    assert!(shop.stub.deposit(&order.payment.to_string()));
    assert_eq!(void(&shop, &order).await, VoidAnswer::TooLate);
    assert_eq!(shop.ledger(&order), ((PRICE, 1), (0, 0)));
}

#[tokio::test]
async fn an_unconfirmed_attempt_cannot_be_given_up_and_ends_after_ten_minutes() {
    let shop = TestShop::open().await;
    let order = shop.order(1);
    assert_eq!(void(&shop, &order).await, VoidAnswer::Unsupported);
    shop.stub.advance(Duration::from_mins(10));
    assert_eq!(void(&shop, &order).await, VoidAnswer::Done);
    let never_seen = Order { payment: payment_id(2), key: order.key };
    assert_eq!(void(&shop, &never_seen).await, VoidAnswer::Unsupported);
}

#[tokio::test]
async fn what_the_provider_does_not_say_is_not_given_up() {
    let shop = TestShop::open().await;
    let order = shop.order_by(Method::VirtualAccount, 1);
    shop.confirm(&order).await;
    for fault in
        [Fault::cut(Call::Lookup), Fault::cut(Call::Cancel), Fault::code(Call::Cancel, "COMMON_ERROR")]
    {
        shop.stub.fail_next(fault);
        assert!(matches!(void(&shop, &order).await, VoidAnswer::Unknown { .. }));
    }
}
