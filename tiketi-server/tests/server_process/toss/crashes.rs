//! The server is killed after each step of a confirm, or the store cannot be written.

use rusqlite::Connection;
use serde_json::json;
use tiketi_server_harness::Order;
use tiketi_toss_stub::{Call, Fault};

use crate::toss::counter::Counter;

/// Sends a confirm to a provider that does not answer, with or without a capture.
async fn hanging(counter: &Counter, fault: Fault) -> Order {
    let order = counter.payment_client().prepare(0).await;
    counter.stub.fail_next(fault);
    tokio::spawn(counter.payment_client().send_confirm(&order));
    counter.until_asked(Call::Confirm, 1).await;
    order
}

#[tokio::test]
async fn killed_before_the_confirm_the_buyer_confirms_after_it() {
    let mut counter = Counter::open().await;
    let order = counter.payment_client().prepare(0).await;
    counter.crash().await;
    assert_eq!(counter.payment_client().confirm(&order).await.0, 200);
    counter.close().await;
}

#[tokio::test]
async fn killed_after_the_intent_and_before_the_money_the_buyer_pays_again() {
    let mut counter = Counter::open().await;
    let order = hanging(&counter, Fault::hang(Call::Confirm)).await;
    counter.crash().await;
    counter.stub.release_hanging();
    assert_eq!(counter.payment_client().confirm(&order).await.0, 202);
    counter.pass(1);
    counter.until_asked(Call::Lookup, 1).await;
    assert_eq!(counter.payment_client().payment_status(&order).await, "pending", "it may still arrive");
    // The confirm cannot arrive any more once the provider has let the authentication expire.
    counter.pass(10);
    counter.payment_client().wait_for_status(&order, "failed").await;
    assert_eq!(counter.payment_client().reservation_status(&order).await, "pending");
    let second = counter.payment_client().prepare_again(&order.token, &order.reservation).await;
    assert_eq!(counter.payment_client().confirm(&second).await.0, 200);
    counter.close().await;
}

#[tokio::test]
async fn killed_after_the_money_and_before_the_answer_the_buyer_has_his_seat() {
    let mut counter = Counter::open().await;
    let order = hanging(&counter, Fault::hang(Call::Confirm).after_effect()).await;
    counter.crash().await;
    assert_eq!(counter.payment_client().payment_status(&order).await, "pending");
    counter.pass(1);
    counter.payment_client().wait_for_status(&order, "completed").await;
    assert_eq!(counter.payment_client().reservation_status(&order).await, "confirmed");
    let (status, again) = counter.payment_client().confirm(&order).await;
    assert_eq!((status, &again["payment"]["status"]), (200, &json!("completed")), "{again}");
    counter.stub.release_hanging();
    counter.close().await;
}

#[tokio::test]
async fn killed_after_an_answer_that_was_cut_the_buyer_has_his_seat() {
    let mut counter = Counter::open().await;
    let order = counter.payment_client().prepare(0).await;
    counter.stub.fail_next(Fault::cut(Call::Confirm).after_effect());
    counter.stub.fail_next(Fault::unreadable(Call::Lookup, 500));
    assert_eq!(counter.payment_client().confirm(&order).await.0, 202);
    counter.crash().await;
    counter.pass(1);
    counter.payment_client().wait_for_status(&order, "completed").await;
    counter.close().await;
}

#[tokio::test]
async fn killed_after_the_outcome_all_is_as_it_was_said() {
    let mut counter = Counter::open().await;
    let order = counter.payment_client().buy(0).await;
    counter.crash().await;
    assert_eq!(counter.payment_client().payment_status(&order).await, "completed");
    assert_eq!(counter.payment_client().reservation_status(&order).await, "confirmed");
    counter.close().await;
}

/// The capture cannot be recorded, because another connection holds the file's write lock.
#[tokio::test]
async fn a_store_lost_after_the_money_was_taken_learns_of_it_when_it_is_back() {
    let counter = Counter::open().await;
    let order = counter.payment_client().prepare(0).await;
    counter.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    let answer = tokio::spawn(counter.payment_client().send_confirm(&order));
    counter.until_asked(Call::Confirm, 1).await;
    let lost = Connection::open(&counter.path).unwrap();
    lost.execute_batch("BEGIN IMMEDIATE").unwrap();
    counter.stub.release_hanging();
    let (status, open) = answer.await.unwrap().unwrap();
    assert_eq!((status, &open["payment"]["status"]), (202, &json!("pending")), "{open}");
    lost.execute_batch("ROLLBACK").unwrap();
    counter.pass(1);
    counter.payment_client().wait_for_status(&order, "completed").await;
    counter.close().await;
}

/// As before, and the server is killed.
#[tokio::test]
async fn a_store_lost_for_good_with_its_server_learns_of_the_money_in_the_next() {
    let mut counter = Counter::open().await;
    let order = counter.payment_client().prepare(0).await;
    counter.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    tokio::spawn(counter.payment_client().send_confirm(&order));
    counter.until_asked(Call::Confirm, 1).await;
    let lost = Connection::open(&counter.path).unwrap();
    lost.execute_batch("BEGIN IMMEDIATE").unwrap();
    counter.stub.release_hanging();
    counter.kill().await;
    lost.execute_batch("ROLLBACK").unwrap();
    counter.start().await;
    counter.pass(1);
    counter.payment_client().wait_for_status(&order, "completed").await;
    counter.close().await;
}
