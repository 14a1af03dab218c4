//! Each refund is sent once, also when the server is killed.

use serde_json::json;
use tiketi_server_harness::Order;
use tiketi_toss_stub::{Call, Fault};

use crate::toss::counter::Counter;

async fn refund(counter: &Counter, order: &Order) -> (u16, serde_json::Value) {
    counter.payment_client().send_refund(order).await.unwrap()
}

#[tokio::test]
async fn a_refund_gives_the_money_back_and_the_seat_to_the_next() {
    let counter = Counter::open().await;
    let order = counter.payment_client().buy(0).await;
    let (status, refunded) = refund(&counter, &order).await;
    assert_eq!((status, &refunded["payment"]["status"]), (200, &json!("refunded")), "{refunded}");
    assert_eq!(counter.payment_client().reservation_status(&order).await, "cancelled");
    counter.payment_client().buy(0).await;
    counter.close().await;
}

/// The server is killed while the committed refund hangs at the provider, with or without having taken effect.
#[tokio::test]
async fn killed_while_a_refund_is_sent_it_is_sent_again_and_given_once() {
    for fault in [Fault::hang(Call::Cancel), Fault::hang(Call::Cancel).after_effect()] {
        let mut counter = Counter::open().await;
        let order = counter.payment_client().buy(0).await;
        counter.stub.fail_next(fault);
        tokio::spawn(counter.payment_client().send_refund(&order));
        counter.until_asked(Call::Cancel, 1).await;
        counter.crash().await;
        counter.stub.release_hanging();
        assert_eq!(
            counter.payment_client().reservation_status(&order).await,
            "confirmed",
            "not before it is known"
        );
        counter.pass(1);
        counter.payment_client().wait_for_status(&order, "refunded").await;
        assert_eq!(counter.payment_client().reservation_status(&order).await, "cancelled");
        assert_eq!(counter.stub.ledger()[&order.key].refunds, 1);
        counter.close().await;
    }
}

#[tokio::test]
async fn a_refund_with_a_lost_answer_is_done_once_across_a_kill() {
    let mut counter = Counter::open().await;
    let order = counter.payment_client().buy(0).await;
    counter.stub.fail_next(Fault::cut(Call::Cancel).after_effect());
    counter.stub.fail_next(Fault::unreadable(Call::Lookup, 500));
    let (status, open) = refund(&counter, &order).await;
    assert_eq!((status, &open["payment"]["status"]), (202, &json!("completed")), "{open}");
    counter.crash().await;
    counter.pass(1);
    counter.payment_client().wait_for_status(&order, "refunded").await;
    assert_eq!(counter.stub.ledger()[&order.key].refunds, 1);
    counter.close().await;
}

#[tokio::test]
async fn killed_after_a_refund_all_is_as_it_was_said() {
    let mut counter = Counter::open().await;
    let order = counter.payment_client().buy(0).await;
    assert_eq!(refund(&counter, &order).await.0, 200);
    counter.crash().await;
    assert_eq!(counter.payment_client().payment_status(&order).await, "refunded");
    assert_eq!(counter.payment_client().reservation_status(&order).await, "cancelled");
    counter.close().await;
}

#[tokio::test]
async fn a_slow_refund_is_answered_with_202_and_continues() {
    let counter = Counter::open().await;
    let order = counter.payment_client().buy(0).await;
    counter.stub.fail_next(Fault::hang(Call::Cancel));
    assert_eq!(refund(&counter, &order).await.0, 202);
    // The provider answers a second request meanwhile with "in progress".
    let (status, open) = counter.payment_client().send_cancel(&order).await.unwrap();
    assert_eq!((status, &open["reservation"]["status"]), (202, &json!("confirmed")), "{open}");
    counter.stub.release_hanging();
    counter.pass(1);
    counter.payment_client().wait_for_status(&order, "refunded").await;
    counter.close().await;
}

#[tokio::test]
async fn a_refund_asked_for_ten_times_at_once_is_given_once() {
    let counter = Counter::open().await;
    let order = counter.payment_client().buy(0).await;
    let asked = futures::future::join_all((0..10).map(|_| refund(&counter, &order))).await;
    for (status, answer) in &asked {
        assert!(matches!(status, 200 | 202 | 409), "{status} {answer}");
    }
    counter.pass(1);
    counter.payment_client().wait_for_status(&order, "refunded").await;
    assert_eq!(counter.stub.ledger()[&order.key].refunds, 1);
    counter.close().await;
}
