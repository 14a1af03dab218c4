//! Reconciliation from three servers at the same time.

use std::time::Duration;

use tiketi_core::memory::ConfirmFault;
use tiketi_core::{
    PageRequest, Payment, PaymentState,
    gateway::{LookupAnswer, ProviderResponse},
};

use crate::TestCluster;
use crate::outcomes::Ending;

/// Confirms this many seats; the provider captures the money, and its answers are lost.
async fn unknown(cluster: &TestCluster, count: usize) -> Vec<Payment> {
    let mut payments = Vec::new();
    for seat in 0..count {
        cluster.provider.gateway.fail_next_confirm(ConfirmFault::LoseAnswer);
        payments.push(cluster.sold(seat).await);
    }
    assert!(payments.iter().all(|it| matches!(it.state, PaymentState::Confirming { .. })));
    payments
}

/// Fails without the claim.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_servers_at_once_ask_once_each_time_it_is_due() {
    const COUNT: usize = 20;
    let cluster = TestCluster::open().await;
    unknown(&cluster, COUNT).await;
    // The provider does not answer the lookups after 1, 3 and 8 minutes, but the one after 18.
    for (round, minutes) in [1, 2, 5].into_iter().enumerate() {
        cluster.clock.advance(Duration::from_mins(minutes).saturating_sub(Duration::from_micros(1)));
        cluster.reconciled().await;
        assert_eq!(cluster.provider.lookups(), COUNT * round, "nothing is due yet");
        cluster.clock.advance(Duration::from_micros(1));
        for _ in 0..COUNT {
            cluster.provider.gateway.answer_next_lookup(LookupAnswer::Unknown {
                reason: "HTTP 500".into(),
                response: ProviderResponse::NoAnswer,
            });
        }
        for _ in 0..3 {
            cluster.reconciled().await;
        }
        assert_eq!(cluster.provider.lookups(), COUNT * (round + 1));
    }
    cluster.clock.advance(Duration::from_mins(10));
    assert_eq!(cluster.reconciled().await.settled, COUNT);
    assert_eq!(cluster.provider.lookups(), COUNT * 4);
    assert_eq!(cluster.settled().await, Ending { served: COUNT, refunded: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_provider_without_answers_for_ten_minutes_loses_no_seat() {
    let cluster = TestCluster::open().await;
    let payments = unknown(&cluster, 3).await;
    for _ in 0..10 {
        cluster.clock.advance(Duration::from_mins(1));
        for server in &cluster.servers {
            assert_eq!(server.office.jobs().expire_once().await.unwrap().done, []);
        }
    }
    let listed = cluster.servers[0]
        .office
        .support()
        .payments_needing_attention(PageRequest::new(1, 20).unwrap())
        .await
        .unwrap();
    assert_eq!(listed.total, 3, "a person is told");
    cluster.reconciled().await;
    assert!(matches!(cluster.payment(payments[0].id).await.state, PaymentState::Paid { .. }));
    assert_eq!(cluster.settled().await, Ending { served: 3, refunded: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_provider_that_cannot_be_reached_is_not_asked() {
    let cluster = TestCluster::open().await;
    unknown(&cluster, 4).await;
    cluster.clock.advance(Duration::from_mins(1));
    cluster.provider.gateway.set_unavailable(Some(Duration::from_secs(30)));
    cluster.reconciled().await;
    assert_eq!(cluster.provider.lookups(), 0);
    cluster.provider.gateway.set_unavailable(None);
    cluster.clock.advance(Duration::from_secs(30));
    assert_eq!(cluster.reconciled().await.settled, 4);
    assert_eq!(cluster.settled().await, Ending { served: 4, refunded: 0 });
}
