//! What the provider says by itself, to whichever server it reaches.

use tiketi_toss_stub::{Call, Fault, Status};

use crate::market::Market;

/// Delivers all messages so far to two servers, the latest first, each twice.
async fn deliver_backwards(market: &Market) {
    let mut messages = market.stub.webhooks();
    messages.reverse();
    for (message, at) in messages.iter().zip(1..).flat_map(|pair| [pair, pair]) {
        market.deliver(at, message).await;
        market.deliver(at + 1, message).await;
    }
}

#[tokio::test]
async fn a_lie_told_to_other_servers_before_the_confirm_changes_nothing() {
    let market = Market::open().await;
    let order = market.till(0).prepare(0).await;
    assert!(market.stub.misreport(&order.id, Status::Done));
    deliver_backwards(&market).await;
    market.until_asked(Call::Lookup, 1).await;
    assert_eq!(market.till(2).payment_status(&order).await, "pending");
    assert_eq!(market.till(0).confirm(&order).await.0, 200);
    market.close().await;
}

#[tokio::test]
async fn a_webhook_at_another_server_brings_the_news_of_a_confirm_that_hangs() {
    let market = Market::open().await;
    for seat in 0..3 {
        let order = market.till(seat).prepare(seat).await;
        market.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
        let confirming = tokio::spawn(market.till(seat).confirming(&order));
        market.until_asked(Call::Confirm, seat + 1).await;
        assert!(market.stub.misreport(&order.id, Status::Aborted));
        deliver_backwards(&market).await;
        market.till(seat + 2).until(&order, "completed").await;
        market.stub.release_hanging();
        let (status, answer) = confirming.await.unwrap().unwrap();
        assert_eq!(
            (status, &answer["payment"]["status"]),
            (200, &serde_json::json!("completed")),
            "{answer}"
        );
    }
    market.close().await;
}

#[tokio::test]
async fn webhooks_backwards_twice_and_untrue_change_nothing_that_is_known() {
    let market = Market::open().await;
    let kept = market.till(0).buy(0).await;
    let returned = market.till(1).buy(1).await;
    assert_eq!(market.till(2).refunding(&returned).await.unwrap().0, 200);
    for order in [&kept, &returned] {
        for status in [Status::Aborted, Status::Canceled, Status::Done, Status::Expired] {
            assert!(market.stub.misreport(&order.id, status));
        }
    }
    deliver_backwards(&market).await;
    market.until_asked(Call::Lookup, market.stub.webhooks().len()).await;
    assert_eq!(market.till(1).payment_status(&kept).await, "completed");
    assert_eq!(market.till(0).payment_status(&returned).await, "refunded");
    assert_eq!(market.till(2).reservation_status(&kept).await, "confirmed");
    market.close().await;
}
