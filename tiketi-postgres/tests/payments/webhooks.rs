//! Webhooks that reach any server before, during and after a confirm, repeated and out of order.

use futures::FutureExt;
use tiketi_core::memory::ConfirmFault;
use tiketi_core::{
    BoxOffice, Payment, PaymentState,
    gateway::{LookupAnswer, WebhookRequest},
    store::Receipt,
};

use crate::TestCluster;
use crate::cluster::{at_once, until};
use crate::outcomes::Ending;

fn hint(delivery: &str, payment: &Payment) -> WebhookRequest {
    let headers = vec![("Test-Delivery".to_owned(), delivery.to_owned())];
    WebhookRequest::new(headers, payment.id.to_string().into_bytes())
}

/// Sends one delivery to every server concurrently, lets all servers process it, and returns how many accepted it
/// as new.
async fn receive(cluster: &TestCluster, delivery: &str, payment: &Payment) -> usize {
    let sent = cluster.turns().take(6).map(|server| {
        let (office, request) = (server.office.clone(), hint(delivery, payment));
        async move { office.payments().receive_webhook("test", request).await.unwrap() }
    });
    let receipts = at_once(sent.collect::<Vec<_>>()).await;
    work(cluster).await;
    receipts.into_iter().filter(|receipt| *receipt == Receipt::New).count()
}

async fn work(cluster: &TestCluster) -> usize {
    let works = cluster
        .servers
        .iter()
        .cloned()
        .map(|it| async move { it.office.jobs().work_inbox_once().await.unwrap() });
    at_once(works.collect::<Vec<_>>()).await.into_iter().sum()
}

async fn confirm(office: BoxOffice, payment: Payment) -> PaymentState {
    office.payments().confirm(payment.id, payment.buyer, None, None).await.unwrap().payment.unwrap().state
}

/// Fails if a claim ignores the claims of other servers.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_delivery_is_new_once_and_its_provider_is_asked_once() {
    let cluster = TestCluster::open().await;
    let payment = cluster.sold(0).await;
    for (round, delivery) in ["first", "second", "third"].into_iter().enumerate() {
        assert_eq!(receive(&cluster, delivery, &payment).await, 1);
        assert_eq!(receive(&cluster, delivery, &payment).await, 0);
        assert_eq!(cluster.provider.lookups(), round + 1);
    }
    assert_eq!(cluster.settled().await, Ending { served: 1, refunded: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_webhook_before_during_and_after_a_confirm_only_adds_knowledge() {
    let cluster = TestCluster::open().await;
    let payment = cluster.prepared(0).await;
    receive(&cluster, "before", &payment).await;
    assert_eq!(cluster.payment(payment.id).await.state, PaymentState::Ready);
    cluster.provider.gateway.fail_next_confirm(ConfirmFault::Hang);
    let reconciliation = tokio::spawn(confirm(cluster.servers[0].office.clone(), payment.clone()));
    until("the provider hangs", async || cluster.provider.gateway.hanging() == 1).await;
    receive(&cluster, "during", &payment).await;
    assert!(matches!(cluster.payment(payment.id).await.state, PaymentState::Confirming { .. }));
    cluster.provider.gateway.release_hanging();
    assert!(matches!(reconciliation.await.unwrap(), PaymentState::Paid { .. }));
    // A real provider has reported ABORTED right after DONE. A captured payment stays captured.
    cluster.provider.gateway.answer_next_lookup(LookupAnswer::Declined { code: "ABORTED".into() });
    receive(&cluster, "after", &payment).await;
    assert_eq!(cluster.settled().await, Ending { served: 1, refunded: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn webhooks_concurrent_with_a_confirm_agree_with_its_answer() {
    let cluster = TestCluster::open().await;
    let mut tasks = Vec::new();
    for seat in 0..30 {
        let payment = cluster.prepared(seat).await;
        if seat % 3 == 0 {
            cluster.provider.gateway.fail_next_confirm(ConfirmFault::LoseAnswer);
        }
        let sent = hint(&format!("delivery-{seat}"), &payment);
        let office = cluster.servers[seat % 3].office.clone();
        tasks.push(
            async move {
                confirm(office, payment).await;
            }
            .boxed(),
        );
        let office = cluster.servers[(seat + 1) % 3].office.clone();
        tasks.push(
            async move {
                office.payments().receive_webhook("test", sent).await.unwrap();
                office.jobs().work_inbox_once().await.unwrap();
            }
            .boxed(),
        );
    }
    at_once(tasks).await;
    cluster.clock.advance(std::time::Duration::from_mins(1));
    until("all is known", async || {
        let round = cluster.reconciled().await;
        round.settled + round.open + work(&cluster).await == 0
    })
    .await;
    assert_eq!(cluster.settled().await, Ending { served: 30, refunded: 0 });
}
