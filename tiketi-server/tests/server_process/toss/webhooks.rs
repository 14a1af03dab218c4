//! Webhooks of the provider: before, during and after a confirm, twice and in reverse order.

use tiketi_toss_stub::{Call, Fault, Status, Webhook};

use crate::toss::counter::Counter;

/// Delivers a webhook as the provider does.
async fn deliver(counter: &Counter, message: &Webhook) {
    let status = counter.running().sender().webhook("toss", &message.id, &message.body).await;
    assert_eq!(status, 200, "{message:?}");
}

#[tokio::test]
async fn a_lie_before_the_confirm_changes_nothing() {
    let counter = Counter::open().await;
    let order = counter.payment_client().prepare(0).await;
    assert!(counter.stub.misreport(&order.id, Status::Done));
    for message in counter.stub.webhooks() {
        deliver(&counter, &message).await;
    }
    counter.until_asked(Call::Lookup, 1).await;
    assert_eq!(counter.payment_client().payment_status(&order).await, "pending");
    assert_eq!(counter.payment_client().reservation_status(&order).await, "pending");
    assert_eq!(counter.payment_client().confirm(&order).await.0, 200);
    counter.close().await;
}

#[tokio::test]
async fn a_webhook_during_a_confirm_that_hangs_brings_the_news() {
    let counter = Counter::open().await;
    let order = counter.payment_client().prepare(0).await;
    counter.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    let confirming = tokio::spawn(counter.payment_client().send_confirm(&order));
    counter.until_asked(Call::Confirm, 1).await;
    for message in counter.stub.webhooks() {
        deliver(&counter, &message).await;
    }
    counter.payment_client().wait_for_status(&order, "completed").await;
    counter.stub.release_hanging();
    let (status, answer) = confirming.await.unwrap().unwrap();
    assert!(matches!(status, 200 | 202), "{answer}");
    counter.close().await;
}

#[tokio::test]
async fn webhooks_backwards_twice_and_untrue_change_nothing_that_is_known() {
    let mut counter = Counter::open().await;
    let order = counter.payment_client().buy(0).await;
    assert!(counter.stub.misreport(&order.id, Status::Aborted));
    assert!(counter.stub.misreport(&order.id, Status::Canceled));
    let mut messages = counter.stub.webhooks();
    messages.reverse();
    for _ in 0..2 {
        for message in &messages {
            deliver(&counter, message).await;
        }
    }
    counter.until_asked(Call::Lookup, messages.len()).await;
    assert_eq!(counter.payment_client().payment_status(&order).await, "completed");
    // The same deliveries to another server on the same file: it recognises each by its delivery id.
    counter.crash().await;
    for message in &messages {
        deliver(&counter, message).await;
    }
    assert_eq!(counter.payment_client().reservation_status(&order).await, "confirmed");
    counter.close().await;
}
