//! The server is killed after each step of a confirm, or the store cannot be written.

use rusqlite::Connection;
use serde_json::json;
use tiketi_server_harness::Order;
use tiketi_toss_stub::{Call, Fault};

use crate::toss::toss_shop::TossShop;

/// Sends a confirm to a provider that does not answer, with or without a capture.
async fn hanging(toss_shop: &TossShop, fault: Fault) -> Order {
    let order = toss_shop.payment_client().prepare(0).await;
    toss_shop.stub.fail_next(fault);
    tokio::spawn(toss_shop.payment_client().send_confirm(&order));
    toss_shop.until_asked(Call::Confirm, 1).await;
    order
}

#[tokio::test]
async fn killed_before_the_confirm_the_buyer_confirms_after_it() {
    let mut toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().prepare(0).await;
    toss_shop.crash().await;
    assert_eq!(toss_shop.payment_client().confirm(&order).await.0, 200);
    toss_shop.close().await;
}

#[tokio::test]
async fn killed_after_the_intent_and_before_the_money_the_buyer_pays_again() {
    let mut toss_shop = TossShop::open().await;
    let order = hanging(&toss_shop, Fault::hang(Call::Confirm)).await;
    toss_shop.crash().await;
    toss_shop.stub.release_hanging();
    assert_eq!(toss_shop.payment_client().confirm(&order).await.0, 202);
    toss_shop.pass(1);
    toss_shop.until_asked(Call::Lookup, 1).await;
    assert_eq!(toss_shop.payment_client().payment_status(&order).await, "pending", "it may still arrive");
    // The confirm cannot arrive any more once the provider has let the authentication expire.
    toss_shop.pass(10);
    toss_shop.payment_client().wait_for_status(&order, "failed").await;
    assert_eq!(toss_shop.payment_client().reservation_status(&order).await, "pending");
    let second = toss_shop.payment_client().prepare_again(&order.token, &order.reservation).await;
    assert_eq!(toss_shop.payment_client().confirm(&second).await.0, 200);
    toss_shop.close().await;
}

#[tokio::test]
async fn killed_after_the_money_and_before_the_answer_the_buyer_has_his_seat() {
    let mut toss_shop = TossShop::open().await;
    let order = hanging(&toss_shop, Fault::hang(Call::Confirm).after_effect()).await;
    toss_shop.crash().await;
    assert_eq!(toss_shop.payment_client().payment_status(&order).await, "pending");
    toss_shop.pass(1);
    toss_shop.payment_client().wait_for_status(&order, "completed").await;
    assert_eq!(toss_shop.payment_client().reservation_status(&order).await, "confirmed");
    let (status, again) = toss_shop.payment_client().confirm(&order).await;
    assert_eq!((status, &again["payment"]["status"]), (200, &json!("completed")), "{again}");
    toss_shop.stub.release_hanging();
    toss_shop.close().await;
}

#[tokio::test]
async fn killed_after_an_answer_that_was_cut_the_buyer_has_his_seat() {
    let mut toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().prepare(0).await;
    toss_shop.stub.fail_next(Fault::cut(Call::Confirm).after_effect());
    toss_shop.stub.fail_next(Fault::unreadable(Call::Lookup, 500));
    assert_eq!(toss_shop.payment_client().confirm(&order).await.0, 202);
    toss_shop.crash().await;
    toss_shop.pass(1);
    toss_shop.payment_client().wait_for_status(&order, "completed").await;
    toss_shop.close().await;
}

#[tokio::test]
async fn killed_after_the_outcome_all_is_as_it_was_said() {
    let mut toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().buy(0).await;
    toss_shop.crash().await;
    assert_eq!(toss_shop.payment_client().payment_status(&order).await, "completed");
    assert_eq!(toss_shop.payment_client().reservation_status(&order).await, "confirmed");
    toss_shop.close().await;
}

/// The capture cannot be recorded, because another connection holds the file's write lock.
#[tokio::test]
async fn a_store_lost_after_the_money_was_taken_learns_of_it_when_it_is_back() {
    let toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().prepare(0).await;
    toss_shop.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    let answer = tokio::spawn(toss_shop.payment_client().send_confirm(&order));
    toss_shop.until_asked(Call::Confirm, 1).await;
    let lost = Connection::open(&toss_shop.path).unwrap();
    lost.execute_batch("BEGIN IMMEDIATE").unwrap();
    toss_shop.stub.release_hanging();
    let (status, open) = answer.await.unwrap().unwrap();
    assert_eq!((status, &open["payment"]["status"]), (202, &json!("pending")), "{open}");
    lost.execute_batch("ROLLBACK").unwrap();
    toss_shop.pass(1);
    toss_shop.payment_client().wait_for_status(&order, "completed").await;
    toss_shop.close().await;
}

/// As before, and the server is killed.
#[tokio::test]
async fn a_store_lost_with_its_server_gets_the_capture_after_the_restart() {
    let mut toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().prepare(0).await;
    toss_shop.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    tokio::spawn(toss_shop.payment_client().send_confirm(&order));
    toss_shop.until_asked(Call::Confirm, 1).await;
    let lost = Connection::open(&toss_shop.path).unwrap();
    lost.execute_batch("BEGIN IMMEDIATE").unwrap();
    toss_shop.stub.release_hanging();
    toss_shop.kill().await;
    lost.execute_batch("ROLLBACK").unwrap();
    toss_shop.start().await;
    toss_shop.pass(1);
    toss_shop.payment_client().wait_for_status(&order, "completed").await;
    toss_shop.close().await;
}
