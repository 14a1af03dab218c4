//! Webhooks of the provider, delivered to any of the servers.

use tiketi_toss_stub::{Call, Fault, Status};

use crate::cluster::PaymentCluster;

/// Delivers all webhooks so far to two servers, the latest first, each twice.
async fn deliver_backwards(cluster: &PaymentCluster) {
    let mut messages = cluster.stub.webhooks();
    messages.reverse();
    for (message, at) in messages.iter().zip(1..).flat_map(|pair| [pair, pair]) {
        cluster.deliver(at, message).await;
        cluster.deliver(at + 1, message).await;
    }
}

#[tokio::test]
async fn a_false_webhook_before_the_confirm_changes_nothing() {
    let cluster = PaymentCluster::open().await;
    let order = cluster.payment_client(0).prepare(0).await;
    assert!(cluster.stub.send_false_status(&order.id, Status::Done));
    deliver_backwards(&cluster).await;
    cluster.until_asked(Call::Lookup, 1).await;
    assert_eq!(cluster.payment_client(2).payment_status(&order).await, "pending");
    assert_eq!(cluster.payment_client(0).confirm(&order).await.0, 200);
    cluster.close().await;
}

#[tokio::test]
async fn a_webhook_at_another_server_brings_the_news_of_a_confirm_that_hangs() {
    let cluster = PaymentCluster::open().await;
    for seat in 0..3 {
        let order = cluster.payment_client(seat).prepare(seat).await;
        cluster.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
        let confirming = tokio::spawn(cluster.payment_client(seat).send_confirm(&order));
        cluster.until_asked(Call::Confirm, seat + 1).await;
        assert!(cluster.stub.send_false_status(&order.id, Status::Aborted));
        deliver_backwards(&cluster).await;
        cluster.payment_client(seat + 2).wait_for_status(&order, "completed").await;
        cluster.stub.release_hanging();
        let (status, answer) = confirming.await.unwrap().unwrap();
        assert_eq!(
            (status, &answer["payment"]["status"]),
            (200, &serde_json::json!("completed")),
            "{answer}"
        );
    }
    cluster.close().await;
}

#[tokio::test]
async fn webhooks_backwards_twice_and_untrue_change_nothing_that_is_known() {
    let cluster = PaymentCluster::open().await;
    let kept = cluster.payment_client(0).buy(0).await;
    let returned = cluster.payment_client(1).buy(1).await;
    assert_eq!(cluster.payment_client(2).send_refund(&returned).await.unwrap().0, 200);
    for order in [&kept, &returned] {
        for status in [Status::Aborted, Status::Canceled, Status::Done, Status::Expired] {
            assert!(cluster.stub.send_false_status(&order.id, status));
        }
    }
    deliver_backwards(&cluster).await;
    cluster.until_asked(Call::Lookup, cluster.stub.webhooks().len()).await;
    assert_eq!(cluster.payment_client(1).payment_status(&kept).await, "completed");
    assert_eq!(cluster.payment_client(0).payment_status(&returned).await, "refunded");
    assert_eq!(cluster.payment_client(2).reservation_status(&kept).await, "confirmed");
    cluster.close().await;
}
