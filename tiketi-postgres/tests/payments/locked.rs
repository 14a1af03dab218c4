//! A locked event does not delay the payments of other events.

use std::time::Duration;

use sqlx::{Connection, PgConnection, Postgres, Transaction};
use tiketi_core::memory::ConfirmFault;
use tiketi_core::{
    BuyerId, EventId, HoldRequest, Payment, PaymentState, PrepareRequest, gateway::WebhookRequest,
};
use tokio::time::timeout;

use crate::TestCluster;
use crate::cluster::{ShopServer, on_sale, until};
use crate::outcomes::Ending;

/// More payments of the locked event than one round asks about concurrently.
const LOCKED: usize = 8;
/// Longer than a round that skips locked events.
const BOUND: Duration = Duration::from_secs(30);

/// Payments of an event that the test locks, and one payment of another event.
struct Sold {
    of_locked: Vec<Payment>,
    of_free: Payment,
    free: EventId,
}

/// Sells seats of two events; if `lose` is true, the provider's answer is lost.
async fn sell(cluster: &TestCluster, server: &ShopServer, lose: bool) -> Sold {
    let mut of_locked = Vec::new();
    for seat in 0..LOCKED {
        if lose {
            cluster.provider.gateway.fail_next_confirm(ConfirmFault::LoseAnswer);
        }
        of_locked.push(cluster.sold(seat).await);
    }
    let free = on_sale(&server.office).await;
    let seat = server.office.catalog().seat_map(free, 0).await.unwrap().unwrap().seats[0].id;
    let buyer: BuyerId = cluster.buyer();
    let held = server.office.sales().hold(HoldRequest::new(free, buyer).seats([seat])).await.unwrap();
    let payment =
        server.office.payments().prepare(PrepareRequest::new(held.id, buyer)).await.unwrap().payment;
    if lose {
        cluster.provider.gateway.fail_next_confirm(ConfirmFault::LoseAnswer);
    }
    let paid = server.office.payments().confirm(payment.id, buyer, None, None).await.unwrap();
    Sold { of_locked, of_free: paid.payment.unwrap(), free }
}

/// Locks an event's row, as a server does that hangs in the middle of a batch.
async fn lock(connection: &mut PgConnection, event: EventId) -> Transaction<'_, Postgres> {
    let mut locked = connection.begin().await.unwrap();
    let lock = sqlx::query("SELECT 1 FROM tiketi.events WHERE id = $1 FOR UPDATE").bind(event.as_uuid());
    lock.execute(&mut *locked).await.unwrap();
    locked
}

async fn connect(cluster: &TestCluster) -> PgConnection {
    PgConnection::connect_with(&cluster.database.options()).await.unwrap()
}

/// Reconciles until every outcome is known.
async fn ask_until_known(cluster: &TestCluster, payments: &[Payment]) {
    until("everything is known", async || {
        cluster.clock.advance(Duration::from_mins(10));
        cluster.reconciled().await;
        let mut known = true;
        for payment in payments {
            known &= matches!(cluster.payment(payment.id).await.state, PaymentState::Paid { .. });
        }
        known
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_payment_is_found_out_while_another_event_is_locked() {
    let cluster = TestCluster::open().await;
    let server = cluster.impatient().await;
    let sold = sell(&cluster, &server, true).await;
    cluster.clock.advance(Duration::from_mins(1));
    let mut connection = connect(&cluster).await;
    let lock = lock(&mut connection, cluster.event).await;
    let round =
        timeout(BOUND, server.office.jobs().reconcile_once(100)).await.expect("a round ends").unwrap();
    assert_eq!((round.settled, round.skipped), (1, LOCKED));
    assert!(matches!(cluster.payment(sold.of_free.id).await.state, PaymentState::Paid { .. }));
    lock.rollback().await.unwrap();
    ask_until_known(&cluster, &sold.of_locked).await;
    assert_eq!(cluster.settled_with(&[sold.free]).await, Ending { served: LOCKED + 1, refunded: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_webhook_is_looked_into_while_another_event_is_locked() {
    let cluster = TestCluster::open().await;
    let server = cluster.impatient().await;
    let sold = sell(&cluster, &server, true).await;
    for payment in sold.of_locked.iter().chain([&sold.of_free]) {
        let headers = vec![("Test-Delivery".to_owned(), payment.id.to_string())];
        let request = WebhookRequest::new(headers, payment.id.to_string().into_bytes());
        server.office.payments().receive_webhook("test", request).await.unwrap();
    }
    let mut connection = connect(&cluster).await;
    let lock = lock(&mut connection, cluster.event).await;
    let done = timeout(BOUND, server.office.jobs().work_inbox_once()).await.expect("a round ends").unwrap();
    assert_eq!(done, 1);
    assert!(matches!(cluster.payment(sold.of_free.id).await.state, PaymentState::Paid { .. }));
    lock.rollback().await.unwrap();
    ask_until_known(&cluster, &sold.of_locked).await;
    assert_eq!(cluster.settled_with(&[sold.free]).await, Ending { served: LOCKED + 1, refunded: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cancelled_event_is_refunded_while_another_one_is_locked() {
    let cluster = TestCluster::open().await;
    let server = cluster.impatient().await;
    let sold = sell(&cluster, &server, false).await;
    for event in [cluster.event, sold.free] {
        server.office.catalog().cancel_event(event).await.unwrap();
    }
    let mut connection = connect(&cluster).await;
    let lock = lock(&mut connection, cluster.event).await;
    let ended = timeout(BOUND, server.office.jobs().call_off_once(100)).await.expect("a round ends").unwrap();
    assert_eq!(ended, 1);
    let sent = timeout(BOUND, server.office.jobs().reconcile_once(100)).await.expect("a round ends").unwrap();
    assert_eq!(sent.settled, 1);
    let progress = server.office.support().call_off_progress(sold.free).await.unwrap().unwrap();
    assert_eq!((progress.to_do, progress.done), (0, 1));
    lock.rollback().await.unwrap();
    until("everyone is refunded", async || {
        server.office.jobs().call_off_once(100).await.unwrap();
        server.office.jobs().reconcile_once(100).await.unwrap();
        server.office.support().call_off_progress(cluster.event).await.unwrap().unwrap().to_do == 0
    })
    .await;
    assert_eq!(cluster.settled_with(&[sold.free]).await, Ending { served: 0, refunded: LOCKED + 1 });
}
