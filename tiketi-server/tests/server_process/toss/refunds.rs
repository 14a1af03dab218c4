//! Each refund is sent once, also when the server is killed.

use serde_json::json;
use tiketi_server_harness::Order;
use tiketi_toss_stub::{Call, Fault};

use crate::toss::toss_shop::TossShop;

async fn refund(toss_shop: &TossShop, order: &Order) -> (u16, serde_json::Value) {
    toss_shop.payment_client().send_refund(order).await.unwrap()
}

#[tokio::test]
async fn a_refund_gives_the_money_back_and_the_seat_to_the_next() {
    let toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().buy(0).await;
    let (status, refunded) = refund(&toss_shop, &order).await;
    assert_eq!((status, &refunded["payment"]["status"]), (200, &json!("refunded")), "{refunded}");
    assert_eq!(toss_shop.payment_client().reservation_status(&order).await, "cancelled");
    toss_shop.payment_client().buy(0).await;
    toss_shop.close().await;
}

/// The server is killed while the committed refund hangs at the provider, with or without having taken effect.
#[tokio::test]
async fn killed_while_a_refund_is_sent_it_is_sent_again_and_given_once() {
    for fault in [Fault::hang(Call::Cancel), Fault::hang(Call::Cancel).after_effect()] {
        let mut toss_shop = TossShop::open().await;
        let order = toss_shop.payment_client().buy(0).await;
        toss_shop.stub.fail_next(fault);
        tokio::spawn(toss_shop.payment_client().send_refund(&order));
        toss_shop.until_asked(Call::Cancel, 1).await;
        toss_shop.crash().await;
        toss_shop.stub.release_hanging();
        assert_eq!(
            toss_shop.payment_client().reservation_status(&order).await,
            "confirmed",
            "not before it is known"
        );
        toss_shop.pass(1);
        toss_shop.payment_client().wait_for_status(&order, "refunded").await;
        assert_eq!(toss_shop.payment_client().reservation_status(&order).await, "cancelled");
        assert_eq!(toss_shop.stub.ledger()[&order.key].refunds, 1);
        toss_shop.close().await;
    }
}

#[tokio::test]
async fn a_refund_with_a_lost_answer_is_done_once_across_a_kill() {
    let mut toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().buy(0).await;
    toss_shop.stub.fail_next(Fault::cut(Call::Cancel).after_effect());
    toss_shop.stub.fail_next(Fault::unreadable(Call::Lookup, 500));
    let (status, open) = refund(&toss_shop, &order).await;
    assert_eq!((status, &open["payment"]["status"]), (202, &json!("completed")), "{open}");
    toss_shop.crash().await;
    toss_shop.pass(1);
    toss_shop.payment_client().wait_for_status(&order, "refunded").await;
    assert_eq!(toss_shop.stub.ledger()[&order.key].refunds, 1);
    toss_shop.close().await;
}

#[tokio::test]
async fn killed_after_a_refund_all_is_as_it_was_said() {
    let mut toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().buy(0).await;
    assert_eq!(refund(&toss_shop, &order).await.0, 200);
    toss_shop.crash().await;
    assert_eq!(toss_shop.payment_client().payment_status(&order).await, "refunded");
    assert_eq!(toss_shop.payment_client().reservation_status(&order).await, "cancelled");
    toss_shop.close().await;
}

#[tokio::test]
async fn a_slow_refund_is_answered_with_202_and_continues() {
    let toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().buy(0).await;
    toss_shop.stub.fail_next(Fault::hang(Call::Cancel));
    assert_eq!(refund(&toss_shop, &order).await.0, 202);
    // The provider answers a second request meanwhile with "in progress".
    let (status, open) = toss_shop.payment_client().send_cancel(&order).await.unwrap();
    assert_eq!((status, &open["reservation"]["status"]), (202, &json!("confirmed")), "{open}");
    toss_shop.stub.release_hanging();
    toss_shop.pass(1);
    toss_shop.payment_client().wait_for_status(&order, "refunded").await;
    toss_shop.close().await;
}

#[tokio::test]
async fn a_refund_asked_for_ten_times_at_once_is_given_once() {
    let toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().buy(0).await;
    let asked = futures::future::join_all((0..10).map(|_| refund(&toss_shop, &order))).await;
    for (status, answer) in &asked {
        assert!(matches!(status, 200 | 202 | 409), "{status} {answer}");
    }
    toss_shop.pass(1);
    toss_shop.payment_client().wait_for_status(&order, "refunded").await;
    assert_eq!(toss_shop.stub.ledger()[&order.key].refunds, 1);
    toss_shop.close().await;
}
