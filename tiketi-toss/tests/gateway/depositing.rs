//! Virtual accounts: paid when the buyer's money arrives, and sometimes not even then.

use std::time::Duration;

use tiketi_core::{ConfirmAnswer, LookupAnswer, RefundAnswer};
use tiketi_toss_stub::Method;

use crate::shop::{PRICE, Shop, captured};

#[tokio::test]
async fn a_virtual_account_is_pending_until_the_money_arrives() {
    let shop = Shop::open().await;
    let order = shop.order_by(Method::VirtualAccount, 1);
    assert_eq!(shop.confirm(&order).await, ConfirmAnswer::Pending);
    assert_eq!(shop.lookup(&order).await, LookupAnswer::Pending);
    assert!(shop.stub.deposit(&order.payment.to_string()));
    assert_eq!(shop.lookup(&order).await, LookupAnswer::Paid(captured(&order)));
    assert_eq!(shop.ledger(&order), ((PRICE, 1), (0, 0)));
}

#[tokio::test]
async fn a_deposit_the_bank_takes_back_is_pending_again() {
    let shop = Shop::open().await;
    let order = shop.order_by(Method::VirtualAccount, 1);
    shop.confirm(&order).await;
    assert!(shop.stub.deposit(&order.payment.to_string()));
    assert!(shop.stub.take_deposit_back(&order.payment.to_string()));
    assert_eq!(shop.lookup(&order).await, LookupAnswer::Pending);
}

#[tokio::test]
async fn a_deposit_that_never_comes_is_declined_without_a_word_from_the_provider() {
    let shop = Shop::open().await;
    let order = shop.order_by(Method::VirtualAccount, 1);
    shop.confirm(&order).await;
    let told = shop.stub.webhooks().len();
    shop.stub.advance(Duration::from_hours(24));
    assert!(!shop.stub.deposit(&order.payment.to_string()));
    assert_eq!(shop.lookup(&order).await, LookupAnswer::Declined { code: "EXPIRED".to_owned() });
    assert_eq!(shop.stub.webhooks().len(), told);
}

#[tokio::test]
async fn a_deposit_goes_back_only_through_a_person() {
    let shop = Shop::open().await;
    let order = shop.order_by(Method::VirtualAccount, 1);
    shop.confirm(&order).await;
    assert!(shop.stub.deposit(&order.payment.to_string()));
    let refused = RefundAnswer::Refused { code: "INVALID_REFUND_ACCOUNT_NUMBER".to_owned() };
    assert_eq!(shop.refund(&order, 1, PRICE, PRICE).await, refused);
    assert_eq!(shop.ledger(&order), ((PRICE, 1), (0, 0)));
}
