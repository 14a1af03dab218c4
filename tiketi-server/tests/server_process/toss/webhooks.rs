//! Webhooks of the provider: before, during and after a confirm, twice and in reverse order.

use tiketi_toss_stub::{Call, Fault, Status, Webhook};

use crate::toss::toss_shop::TossShop;

/// Delivers a webhook as the provider does.
async fn deliver(toss_shop: &TossShop, message: &Webhook) {
    let status = toss_shop.running().sender().webhook("toss", &message.id, &message.body).await;
    assert_eq!(status, 200, "{message:?}");
}

#[tokio::test]
async fn a_lie_before_the_confirm_changes_nothing() {
    let toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().prepare(0).await;
    assert!(toss_shop.stub.send_false_status(&order.id, Status::Done));
    for message in toss_shop.stub.webhooks() {
        deliver(&toss_shop, &message).await;
    }
    toss_shop.until_asked(Call::Lookup, 1).await;
    assert_eq!(toss_shop.payment_client().payment_status(&order).await, "pending");
    assert_eq!(toss_shop.payment_client().reservation_status(&order).await, "pending");
    assert_eq!(toss_shop.payment_client().confirm(&order).await.0, 200);
    toss_shop.close().await;
}

#[tokio::test]
async fn a_webhook_during_a_confirm_that_hangs_brings_the_news() {
    let toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().prepare(0).await;
    toss_shop.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    let confirming = tokio::spawn(toss_shop.payment_client().send_confirm(&order));
    toss_shop.until_asked(Call::Confirm, 1).await;
    for message in toss_shop.stub.webhooks() {
        deliver(&toss_shop, &message).await;
    }
    toss_shop.payment_client().wait_for_status(&order, "completed").await;
    toss_shop.stub.release_hanging();
    let (status, answer) = confirming.await.unwrap().unwrap();
    assert!(matches!(status, 200 | 202), "{answer}");
    toss_shop.close().await;
}

#[tokio::test]
async fn webhooks_backwards_twice_and_untrue_change_nothing_that_is_known() {
    let mut toss_shop = TossShop::open().await;
    let order = toss_shop.payment_client().buy(0).await;
    assert!(toss_shop.stub.send_false_status(&order.id, Status::Aborted));
    assert!(toss_shop.stub.send_false_status(&order.id, Status::Canceled));
    let mut messages = toss_shop.stub.webhooks();
    messages.reverse();
    for _ in 0..2 {
        for message in &messages {
            deliver(&toss_shop, message).await;
        }
    }
    toss_shop.until_asked(Call::Lookup, messages.len()).await;
    assert_eq!(toss_shop.payment_client().payment_status(&order).await, "completed");
    // The same deliveries to another server on the same file: it recognises each by its delivery id.
    toss_shop.crash().await;
    for message in &messages {
        deliver(&toss_shop, message).await;
    }
    assert_eq!(toss_shop.payment_client().reservation_status(&order).await, "confirmed");
    toss_shop.close().await;
}
