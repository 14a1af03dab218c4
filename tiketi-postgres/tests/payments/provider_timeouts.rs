//! A provider that does not answer keeps no lock, no transaction and no connection in use.

use std::time::Duration;

use tiketi_core::memory::ConfirmFault;
use tiketi_core::{HoldRequest, PrepareRequest, ReservationState};

use crate::TestCluster;
use crate::cluster::{ShopServer, at_once, until};
use crate::outcomes::Ending;

const HANGING: usize = 40;
const POOL: u32 = 2;
/// Counts the other sessions that run a statement or have an open transaction.
const BUSY: &str = "SELECT count(*) FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND (state <> 'idle' OR xact_start IS NOT NULL)";

async fn buy(server: ShopServer, wanted: HoldRequest) -> ReservationState {
    let buyer = wanted.buyer;
    let held = server.office.sales().hold(wanted).await.unwrap();
    server.office.payments().process(PrepareRequest::new(held.id, buyer)).await.unwrap().reservation.state
}

/// Fails if a connection is held while the provider is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_with_two_connections_sells_while_forty_confirms_hang() {
    let cluster = TestCluster::open().await;
    let server = cluster.another(POOL).await;
    let wanted = |seat: usize| HoldRequest::new(cluster.event, cluster.buyer()).seats([cluster.seats[seat]]);
    for _ in 0..HANGING {
        cluster.provider.gateway.fail_next_confirm(ConfirmFault::Hang);
    }
    let first: Vec<_> = (0..HANGING).map(|seat| buy(server.clone(), wanted(seat))).collect();
    let hanging = tokio::spawn(at_once(first));
    until("all confirms hang", async || cluster.provider.gateway.hanging() == HANGING).await;

    until("nobody has anything open", async || {
        let mut looking = cluster.servers[1].store.pool().acquire().await.unwrap();
        sqlx::query_scalar::<_, i64>(BUSY).fetch_one(&mut *looking).await.unwrap() == 0
    })
    .await;
    // A returned connection may reach the pool a moment later.
    let pool = server.store.pool();
    until("no connection is lent", async || pool.num_idle() == pool.size() as usize).await;

    let second = (HANGING..2 * HANGING).map(|seat| buy(server.clone(), wanted(seat)));
    let sold = at_once(second.collect::<Vec<_>>()).await;
    assert!(sold.iter().all(|state| matches!(state, ReservationState::Confirmed { .. })), "{sold:?}");
    cluster.clock.advance(Duration::from_hours(1));
    assert_eq!(
        cluster.servers[2].office.jobs().expire_once().await.unwrap().done,
        [],
        "what is being paid does not expire"
    );
    cluster.provider.gateway.release_hanging();
    let sold = hanging.await.unwrap();
    assert!(sold.iter().all(|state| matches!(state, ReservationState::Confirmed { .. })), "{sold:?}");
    assert_eq!(cluster.settled().await, Ending { served: 2 * HANGING, refunded: 0 });
}
