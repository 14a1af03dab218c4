//! Facts that three servers publish concurrently: those of one reservation are published in order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use tiketi_core::decide::RefundWanted;
use tiketi_core::fact::{FactId, FactKinds};
use tiketi_core::notifier::SubscriberName;
use tiketi_core::store::{OutboxStore, Subscription};
use tiketi_core::{Clock, Fact, PrepareRequest, ReservationId};

use crate::TestCluster;
use crate::cluster::{ShopServer, at_once};

const LEASE: Duration = Duration::from_secs(30);

/// The steps at which each fact was claimed and acknowledged, counted over all servers.
#[derive(Debug, Default)]
struct Log {
    step: usize,
    claimed: BTreeMap<FactId, (usize, Option<ReservationId>)>,
    done: BTreeMap<FactId, usize>,
}

impl Log {
    fn claim(&mut self, facts: &[Fact]) {
        self.step += 1;
        for fact in facts {
            let before = self.claimed.insert(fact.id, (self.step, fact.body.reservation()));
            assert_eq!(before, None, "{fact:?} was handed out twice");
        }
    }

    fn done(&mut self, ids: &[FactId]) {
        self.step += 1;
        self.done.extend(ids.iter().map(|id| (*id, self.step)));
    }

    /// Asserts that each fact was claimed together with the earlier fact of its reservation, or after that one was
    /// acknowledged.
    fn check_order(&self) {
        let mut latest: BTreeMap<ReservationId, (FactId, usize)> = BTreeMap::new();
        for (id, (step, reservation)) in &self.claimed {
            let Some(reservation) = reservation else { continue };
            if let Some((before, together)) = latest.insert(*reservation, (*id, *step)) {
                let waited = self.done.get(&before).is_some_and(|done| done < step);
                assert!(together == *step || waited, "{id:?} overtook {before:?} of {reservation:?}");
            }
        }
    }
}

fn mail() -> SubscriberName {
    SubscriberName::new("mail").unwrap()
}

/// Claims and acknowledges up to `limit` facts at a time, until no fact was left 20 times in a row.
async fn tell(server: ShopServer, log: Arc<Mutex<Log>>, now: tiketi_core::Timestamp, limit: usize) {
    let mut idle = 0;
    while idle < 20 {
        let claimed = server.store.claim_outbox(&mail(), now, LEASE, limit).await.unwrap();
        let facts: Vec<_> = claimed.into_iter().map(|claimed| claimed.fact).collect();
        idle = if facts.is_empty() { idle + 1 } else { 0 };
        log.lock().unwrap().claim(&facts);
        tokio::task::yield_now().await;
        let ids: Vec<_> = facts.iter().map(|fact| fact.id).collect();
        log.lock().unwrap().done(&ids);
        let keys: Vec<_> = facts.iter().map(Fact::key).collect();
        server.store.ack_outbox(&mail(), &keys).await.unwrap();
    }
}

/// Fails if a claim ignores the facts that it skipped.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn facts_of_one_reservation_are_published_in_order() {
    let cluster = TestCluster::open().await;
    let subscription = Subscription { subscriber: mail(), kinds: FactKinds::all() };
    cluster.servers[0].store.subscribe(&subscription, cluster.clock.now()).await.unwrap();
    let log = Arc::<Mutex<Log>>::default();
    let now = cluster.clock.now();
    let mut tasks = Vec::new();
    for (seat, server) in (0..60).zip(cluster.turns()) {
        let (held, office) = (cluster.held(seat).await, server.office.clone());
        let selling = async move {
            let paid = office.payments().process(PrepareRequest::new(held.id, held.buyer)).await.unwrap();
            let payment = paid.payment.unwrap().id;
            office
                .support()
                .refund_by_organiser(payment, RefundWanted::everything(), "rain", None, None)
                .await
                .unwrap();
        };
        tasks.push(selling.boxed());
    }
    for (limit, server) in [1, 2, 3, 5, 8, 100].into_iter().zip(cluster.turns()) {
        tasks.push(tell(server.clone(), Arc::clone(&log), now, limit).boxed());
    }
    at_once(tasks).await;
    tell(cluster.servers[0].clone(), Arc::clone(&log), now, 500).await;
    let log = log.lock().unwrap();
    log.check_order();
    let told = log.claimed.values().filter(|(_, reservation)| reservation.is_some()).count();
    assert!(told >= 60 * 4, "{told} facts were told of 60 reservations");
}
