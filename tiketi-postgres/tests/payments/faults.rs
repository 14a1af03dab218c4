//! Servers are killed and databases are lost during payments.

use std::task::Poll;
use std::time::Duration;

use futures::FutureExt;
use futures::future::poll_fn;
use tiketi_core::decide::RefundWanted;
use tiketi_core::memory::{ConfirmFault, RefundFault};
use tiketi_core::{BoxOffice, CommandError, HoldRequest, PayError, PaymentState, PrepareRequest};

use crate::TestCluster;
use crate::cluster::{at_once, until};
use crate::outcomes::Ending;

/// Polls a future up to `polls` times and drops it, as when its task is aborted; returns whether it completed.
async fn dropped_after<F: Future>(polls: usize, future: F) -> bool {
    let mut future = std::pin::pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        future.as_mut().poll(context).map(|_| true)
    })
    .await
}

impl TestCluster {
    /// Lets ten minutes pass while the servers run their jobs.
    async fn recovered(&self) {
        for _ in 0..10 {
            self.clock.advance(Duration::from_mins(1));
            self.reconciled().await;
            for server in &self.servers {
                server.office.jobs().expire_once().await.unwrap();
            }
        }
        self.clock.advance(Duration::from_mins(10));
        self.reconciled().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn other_servers_record_the_capture_of_a_crashed_server() {
    let cluster = TestCluster::open().await;
    let payment = cluster.prepared(0).await;
    cluster.provider.gateway.fail_next_confirm(ConfirmFault::Hang);
    let (office, id, buyer) = (cluster.servers[0].office.clone(), payment.id, payment.buyer);
    let reconciliation =
        tokio::spawn(async move { office.payments().confirm(id, buyer, None, None).await.map(|_| ()) });
    until("the provider hangs", async || cluster.provider.gateway.hanging() == 1).await;
    reconciliation.abort();
    cluster.provider.gateway.pay_in_browser(payment.id, payment.amount);
    cluster.recovered().await;
    assert_eq!(cluster.settled().await, Ending { served: 1, refunded: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_confirm_that_stops_anywhere_ends_served_or_free() {
    let cluster = TestCluster::open().await;
    for polls in 1..16 {
        let payment = cluster.prepared(polls).await;
        let office = &cluster.servers[polls % 3].office;
        dropped_after(polls, office.payments().confirm(payment.id, payment.buyer, None, None)).await;
    }
    cluster.recovered().await;
    cluster.settled().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refund_that_stops_anywhere_is_brought_to_its_end() {
    let cluster = TestCluster::open().await;
    for polls in 1..16 {
        let payment = cluster.sold(polls).await;
        if polls % 2 == 0 {
            cluster.provider.gateway.fail_next_refund(RefundFault::LoseAnswer);
        }
        let office = &cluster.servers[polls % 3].office;
        dropped_after(
            polls,
            office.support().refund_by_organiser(payment.id, RefundWanted::everything(), "rain", None, None),
        )
        .await;
    }
    cluster.recovered().await;
    cluster.settled().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_lost_after_the_provider_approved_loses_no_money() {
    let cluster = TestCluster::open().await;
    let server = cluster.another(2).await;
    let payment = cluster.prepared(0).await;
    cluster.provider.gateway.fail_next_confirm(ConfirmFault::Hang);
    let (office, id, buyer) = (server.office.clone(), payment.id, payment.buyer);
    let reconciliation = tokio::spawn(async move { office.payments().confirm(id, buyer, None, None).await });
    until("the provider hangs", async || cluster.provider.gateway.hanging() == 1).await;
    server.store.close().await;
    cluster.provider.gateway.release_hanging();
    let failed = reconciliation.await.unwrap().unwrap_err();
    assert!(matches!(failed, PayError::Record(_)), "{failed:?}");
    assert!(matches!(cluster.payment(id).await.state, PaymentState::Confirming { .. }));
    cluster.recovered().await;
    assert_eq!(cluster.settled().await, Ending { served: 1, refunded: 0 });
}

/// Buys a seat and repeats failed requests; returns whether the reservation was confirmed.
async fn buy(office: BoxOffice, wanted: HoldRequest) -> bool {
    for _ in 0..20 {
        let Ok(held) = office.sales().hold(wanted.clone()).await else { continue };
        for _ in 0..20 {
            let paid = office.payments().process(PrepareRequest::new(held.id, held.buyer)).await;
            match paid {
                Ok(paid) => return paid.payment.is_some_and(|it| it.is_captured()),
                Err(PayError::Prepare(CommandError::Refused(_))) => return false,
                Err(_) => {}
            }
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_cut_while_money_moves_lose_none() {
    let cluster = TestCluster::open().await;
    let mut tasks = Vec::new();
    for (seat, server) in (0..90).zip(cluster.turns()) {
        let wanted = HoldRequest::new(cluster.event, cluster.buyer()).seats([cluster.seats[seat]]);
        tasks.push(buy(server.office.clone(), wanted).boxed());
    }
    let buying = at_once(tasks);
    let cutting = async {
        loop {
            cluster.database.terminate_backends(2).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let promised = tokio::select! {
        promised = buying => promised.into_iter().filter(|promised| *promised).count(),
        () = cutting => unreachable!("it goes on until all have bought"),
    };
    cluster.recovered().await;
    let ending = cluster.settled().await;
    assert!(ending.served >= promised && promised > 0, "{promised} promised, {ending:?}");
}
