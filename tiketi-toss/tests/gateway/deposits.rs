//! Virtual accounts: deposits that arrive, arrive late, or are withdrawn.

use std::time::Duration;

use tiketi_core::{
    PaymentGateway, Timestamp,
    gateway::{ConfirmAnswer, DepositAsked, LookupAnswer, RefundAnswer, RefundsTo, VoidAnswer, VoidRequest},
    payment::DepositAccount,
    refund_account::RefundAccount,
};
use tiketi_toss_stub::{Call, Fault, Method};

use crate::shop::{BUYER, Order, PRICE, TestShop, captured, refund_request};

/// Returns what the stub reports about a virtual account: it is open for one day from the stub's noon.
fn asked() -> DepositAsked {
    let account = DepositAccount { bank: "20".to_owned(), number: "X0000000000001".to_owned() };
    let noon: Timestamp = "2026-01-06T12:00:00+09:00".parse().unwrap();
    DepositAsked::default().account(account).due(noon)
}

/// Returns the deposit of an answer without its secret, which must be there.
fn confirmed(answer: ConfirmAnswer) -> DepositAsked {
    let ConfirmAnswer::Deposit(asked) = answer else { panic!("{answer:?}") };
    looked_up(LookupAnswer::Deposit(asked))
}

fn looked_up(answer: LookupAnswer) -> DepositAsked {
    let LookupAnswer::Deposit(asked) = answer else { panic!("{answer:?}") };
    assert!(asked.secret.is_some());
    asked.secret(None)
}

async fn waiting(shop: &TestShop) -> Order {
    let order = shop.order_by(Method::VirtualAccount, 1);
    assert_eq!(confirmed(shop.confirm(&order).await), asked());
    order
}

async fn deposited(shop: &TestShop) -> Order {
    let order = waiting(shop).await;
    assert!(shop.stub.deposit(&order.payment.to_string()));
    order
}

#[tokio::test]
async fn a_virtual_account_has_a_number_and_an_end_until_it_is_paid() {
    let shop = TestShop::open().await;
    let order = waiting(&shop).await;
    assert_eq!(looked_up(shop.lookup(&order).await), asked());
    assert!(shop.stub.deposit(&order.payment.to_string()));
    assert_eq!(shop.lookup(&order).await, LookupAnswer::Paid(captured(&order)));
    assert_eq!(shop.ledger(&order), ((PRICE, 1), (0, 0)));
}

#[tokio::test]
async fn a_confirm_whose_answer_was_lost_still_says_where_to_pay() {
    let shop = TestShop::open().await;
    let order = shop.order_by(Method::VirtualAccount, 1);
    shop.stub.fail_next(Fault::cut(Call::Confirm).after_effect());
    assert_eq!(confirmed(shop.confirm(&order).await), asked());
}

#[tokio::test]
async fn a_deposit_the_bank_takes_back_is_waited_for_again() {
    let shop = TestShop::open().await;
    let order = deposited(&shop).await;
    assert!(shop.stub.withdraw_deposit(&order.payment.to_string()));
    assert_eq!(looked_up(shop.lookup(&order).await), asked());
}

#[tokio::test]
async fn a_deposit_that_never_comes_is_declined_without_a_webhook() {
    let shop = TestShop::open().await;
    let order = waiting(&shop).await;
    let told = shop.stub.webhooks().len();
    shop.stub.advance(Duration::from_hours(24));
    assert!(!shop.stub.deposit(&order.payment.to_string()));
    assert_eq!(shop.lookup(&order).await, LookupAnswer::Declined { code: "EXPIRED".to_owned() });
    assert_eq!(shop.stub.webhooks().len(), told);
}

#[tokio::test]
async fn an_account_that_could_not_be_closed_is_closed_by_the_next_try() {
    let shop = TestShop::open().await;
    let order = waiting(&shop).await;
    let close = |tries| VoidRequest::new(order.payment, BUYER).provider_key(order.key.clone()).tries(tries);
    shop.stub.fail_next(Fault::code(Call::Cancel, "FAILED_METHOD_HANDLING_CANCEL"));
    let failed = shop.gateway.void(close(0)).await;
    assert!(matches!(failed, VoidAnswer::Unknown { .. }), "{failed:?}");
    // Under its old key the provider would repeat the earlier answer for fifteen days.
    assert_eq!(shop.gateway.void(close(1)).await, VoidAnswer::Done);
    assert!(!shop.stub.deposit(&order.payment.to_string()), "the account is closed");
    let declined = LookupAnswer::Declined { code: "CANCELED".to_owned() };
    assert_eq!(shop.lookup(&order).await, declined);
}

#[tokio::test]
async fn a_refund_of_a_withdrawn_deposit_closes_its_account_only() {
    let shop = TestShop::open().await;
    let order = deposited(&shop).await;
    assert!(shop.stub.withdraw_deposit(&order.payment.to_string()));
    let account = RefundAccount::new("88", "110123456789", "Hong Gildong").unwrap();
    let request = refund_request(&order, 1, PRICE, PRICE).account(account);
    assert_eq!(shop.gateway.refund(request).await, RefundAnswer::Done);
    assert_eq!(shop.account(&order).refunded, 0);
    assert!(!shop.stub.deposit(&order.payment.to_string()), "the account is closed");
}

#[tokio::test]
async fn a_deposit_is_refunded_only_to_an_account_that_the_buyer_names() {
    let shop = TestShop::open().await;
    assert_eq!(shop.gateway.refunds_to("toss_virtual_account"), RefundsTo::Account);
    assert_eq!(shop.gateway.refunds_to("toss_card"), RefundsTo::Source);
    let order = deposited(&shop).await;
    let refused = RefundAnswer::Refused { code: "INVALID_REFUND_ACCOUNT_NUMBER".to_owned() };
    assert_eq!(shop.refund(&order, 1, PRICE, PRICE).await, refused);
    assert_eq!(shop.ledger(&order), ((PRICE, 1), (0, 0)));
    let account = RefundAccount::new("88", "110123456789", "Hong Gildong").unwrap();
    let request = refund_request(&order, 2, PRICE, PRICE).account(account);
    assert_eq!(shop.gateway.refund(request).await, RefundAnswer::Done);
    assert_eq!(shop.ledger(&order), ((PRICE, 1), (PRICE, 1)));
    assert_eq!(shop.account(&order).refunded_to, ["110123456789"]);
}
