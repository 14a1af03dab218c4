//! A provider that does not answer for ten minutes.

use tiketi_toss_stub::{Call, Fault};

use crate::cluster::PaymentCluster;

/// When the provider is asked again, in minutes after the time before.
const ASKED_AFTER: [u64; 3] = [1, 2, 7];

/// The confirm hangs, and its outcome stays unknown. One server at a time asks, and other buyers buy meanwhile.
#[tokio::test]
async fn a_confirm_unanswered_for_ten_minutes_blocks_no_server_and_is_not_lost() {
    let cluster = PaymentCluster::open().await;
    let order = cluster.payment_client(0).prepare(0).await;
    cluster.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    tokio::spawn(cluster.payment_client(0).send_confirm(&order));
    cluster.until_asked(Call::Confirm, 1).await;
    for (asked, minutes) in (1..).zip(ASKED_AFTER) {
        cluster.stub.fail_next(Fault::unreadable(Call::Lookup, 503));
        cluster.pass(minutes).await;
        cluster.until_asked(Call::Lookup, asked).await;
        assert_eq!(cluster.payment_client(asked).payment_status(&order).await, "pending");
        cluster.payment_client(asked).buy(asked).await;
    }
    assert_eq!(cluster.stub.asked(Call::Lookup), ASKED_AFTER.len(), "one server asks at a time");
    cluster.pass(10).await;
    cluster.payment_client(1).wait_for_status(&order, "completed").await;
    assert_eq!(cluster.payment_client(2).reservation_status(&order).await, "confirmed");
    cluster.stub.release_hanging();
    cluster.close().await;
}

#[tokio::test]
async fn a_refund_unanswered_for_ten_minutes_is_sent_again_and_done_once() {
    let cluster = PaymentCluster::open().await;
    let order = cluster.payment_client(0).buy(0).await;
    cluster.stub.fail_next(Fault::hang(Call::Cancel));
    tokio::spawn(cluster.payment_client(0).send_refund(&order));
    cluster.until_asked(Call::Cancel, 1).await;
    for (asked, minutes) in (2..).zip(ASKED_AFTER) {
        cluster.pass(minutes).await;
        cluster.until_asked(Call::Cancel, asked).await;
        assert_eq!(
            cluster.payment_client(asked).reservation_status(&order).await,
            "confirmed",
            "not before it is known"
        );
        cluster.payment_client(asked).buy(asked).await;
    }
    assert_eq!(cluster.stub.asked(Call::Cancel), 1 + ASKED_AFTER.len(), "one server asks at a time");
    cluster.stub.release_hanging();
    cluster.pass(10).await;
    cluster.payment_client(2).wait_for_status(&order, "refunded").await;
    assert_eq!(cluster.stub.ledger()[&order.key].refunds, 1);
    cluster.close().await;
}
