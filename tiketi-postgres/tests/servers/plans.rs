//! Every statement of a filled store finds its rows by an index, and reads few others on the way.

use std::time::Duration;

use tiketi_conformance::{Hall, auditor};
use tiketi_core::{
    BuyerId, PageRequest, Payment,
    gateway::Hint,
    store::{
        AuditStore, CatalogStore, Delivery, EventQuery, InboxStore, LayoutStore, OutboxStore, PaymentStore,
        Release, SalesStore,
    },
};
use tiketi_postgres_harness::{Fsync, Server};

use crate::cluster::TestCluster;

/// Logs the plan of every statement.
const EXPLAINED: &[(&str, &str)] = &[
    ("shared_preload_libraries", "auto_explain"),
    ("auto_explain.log_min_duration", "0"),
    ("auto_explain.log_verbose", "on"),
    ("auto_explain.log_analyze", "on"),
    ("auto_explain.log_timing", "off"),
];
/// Tables that grow with what is sold.
const BIG: [&str; 6] = ["seats", "reservations", "payments", "commands", "outbox", "inbox"];
/// Most rows that one look may read and not want: fewer than an event of the filling has of anything.
const MOST_WASTED: usize = 400;
/// Fills the big tables with 100 other events, so that a look at all of them is never worth it, and the hall itself,
/// so that a look at all of it is not either.
const FILL: [&str; 11] = [
    "INSERT INTO tiketi.seats (event, id, position, ticket_type, section, row, number, label, col, line, accessible, \
        version, map_version, state) SELECT md5((n / 1000)::text)::uuid, gen_random_uuid(), n, gen_random_uuid(), 'R', \
        'A', '1', 'R A 1', 1, 1, false, 1, 1 + n % 100, 'available' FROM generate_series(1, 100000) AS n",
    "INSERT INTO tiketi.reservations (event, id, buyer, serial, date, total, state_at, created_at, version, \
        window_granted, currency, state, seats, items) SELECT md5((n / 500)::text)::uuid, gen_random_uuid(), \
        gen_random_uuid(), n + 1000000, 20260105, 1, 4000000000000000, 1, 1, false, 'KRW', \
        CASE WHEN n % 2 = 0 THEN 'held' ELSE 'confirmed' END, '[]', '[]' FROM generate_series(1, 50000) AS n",
    "INSERT INTO tiketi.payments (event, id, reservation, buyer, amount, refunded, created_at, version, currency, \
        gateway, method, state, refunds, notes, needs_attention, call_off_refused, provider_key, reconcile_at, reconciliation, awaited_since) \
        SELECT md5((n / 500)::text)::uuid, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 0, 1, 1, 'KRW', \
        'test', 'card', 'ready', '[]', '[]', n % 1000 = 0, false, 'taken ' || n, 4000000000000000, '{\"since\":1,\"tries\":0}', \
        4000000000000000 FROM generate_series(1, 50000) AS n",
    "INSERT INTO tiketi.inbox (gateway, delivery, payment, received_at, tries, done) SELECT 'test', n::text, \
        gen_random_uuid(), 3000000000000000 + n, 0, n % 1000 <> 0 FROM generate_series(1, 50000) AS n",
    "INSERT INTO tiketi.commands (event, key, fingerprint, reservation, at) SELECT md5((n / 500)::text)::uuid, \
        gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 3000000000000000 + n FROM generate_series(1, 50000) AS n",
    "INSERT INTO tiketi.outbox (subscriber, id, event, at, body, tries, reservation) SELECT (SELECT min(id) FROM tiketi.subscribers), \
        n + 1000000, md5((n / 500)::text)::uuid, 1, \
        '{\"fact\":\"event_status_changed\",\"before\":\"upcoming\",\"status\":\"on_sale\"}', 0, gen_random_uuid() FROM generate_series(1, 50000) AS n",
    "UPDATE tiketi.seats SET event = (SELECT id FROM tiketi.events) WHERE id::text LIKE '0%' AND position > 20",
    "UPDATE tiketi.reservations SET event = (SELECT id FROM tiketi.events) WHERE id::text LIKE '0%'",
    "UPDATE tiketi.payments SET event = (SELECT id FROM tiketi.events) WHERE id::text LIKE '0%'",
    "INSERT INTO tiketi.events SELECT (jsonb_populate_record(event, jsonb_build_object('id', md5('1')::uuid, \
        'state', 'cancelled', 'state_at', 1))).* FROM tiketi.events AS event",
    "UPDATE tiketi.reservations SET state = 'cancelled', cancel_reason = 'refunded' WHERE event = md5('1')::uuid",
];
/// Most rows that any step of a write may see: it writes a few.
const MOST_SEEN: usize = 50;

/// Before a table is analysed, the planner guesses badly: what is asked while buyers wait
/// has to find its rows nevertheless. Later queries of staff may rely on the statistics.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_reads_a_whole_table_of_what_is_sold() {
    let server = Server::start_with(Fsync::Off, EXPLAINED).await;
    let cluster = TestCluster::on(&server, 1, |options| options).await;
    let hall = cluster.shop.hall().await;
    for sql in FILL {
        cluster.run(sql).await;
    }
    let logged = server.log().len();
    // More often than it takes a server to settle on a plan for all time.
    for seat in 0..8 {
        sell(&cluster, &hall, seat).await;
    }
    cluster.run("ANALYZE").await;
    for seat in 8..16 {
        let payment = sell(&cluster, &hall, seat).await;
        look_after(&cluster, &payment).await;
        look_around(&cluster, &hall, payment.buyer).await;
    }
    check(&server.log()[logged..]);
}

/// Asks all that is asked while buyers wait.
async fn sell(cluster: &TestCluster, hall: &Hall, seat: usize) -> Payment {
    let (shop, store) = (&cluster.shop, &cluster.stores[0]);
    let held = shop.held(hall, shop.buyer(), &[seat]).await;
    let (_, payment) = shop.sold(&held).await;
    store.seat_map(hall.event, 1).await.unwrap();
    store.expire_due(shop.now(), 100).await.unwrap();
    let (now, lease) = (shop.now(), Duration::from_secs(1));
    let facts = store.claim_outbox(&auditor(), now, lease, 50).await.unwrap();
    let (late, done): (Vec<_>, Vec<_>) =
        facts.iter().map(|claimed| claimed.fact.id).partition(|id| id.0.is_multiple_of(5));
    let release = Release::Failed { again_at: now };
    store.release_outbox(&auditor(), &late, now.after(lease), release).await.unwrap();
    store.ack_outbox(&auditor(), &done).await.unwrap();
    shop.now_of(&held).await;
    store.payment(payment.id).await.unwrap().unwrap()
}

/// Asks what buyers and organisers ask besides.
async fn look_around(cluster: &TestCluster, hall: &Hall, buyer: BuyerId) {
    let (now, store) = (cluster.shop.now(), &cluster.stores[0]);
    store.reservations_of(buyer, Some(hall.event), PageRequest::FIRST).await.unwrap();
    store.reservations_of(buyer, None, PageRequest::FIRST).await.unwrap();
    store.seat_map(hall.event, 0).await.unwrap();
    store.events(EventQuery::published(now, PageRequest::FIRST)).await.unwrap();
    store.ticket_type(hall.front).await.unwrap();
    store.layouts(PageRequest::FIRST).await.unwrap();
    store.announce_statuses(now).await.unwrap();
    store.event_rows(hall.event).await.unwrap();
    store.forget_commands(now).await.unwrap();
    store.unsubscribe_unseen(now, now).await.unwrap();
}

/// Fails for a plan that reads a big table whole, or many rows that its statement does not want.
fn check(plans: &str) {
    assert!(plans.contains("Index Scan"), "no plan was logged");
    for table in BIG {
        let whole = format!("Seq Scan on tiketi.{table} ");
        let found =
            plans.find(&whole).map(|at| &plans[at.saturating_sub(1_500)..(at + 300).min(plans.len())]);
        assert_eq!(found, None);
    }
    // Each plan begins with the text of its query.
    let plans = || plans.split("Query Text: ").skip(1);
    let wasteful = plans().find(|plan| most(plan, "Rows Removed by Filter: ") > MOST_WASTED);
    assert_eq!(wasteful, None, "a statement reads rows it does not want");
    let mut writes = plans().filter(|plan| plan.starts_with("UPDATE") || plan.starts_with("WITH seats"));
    assert_eq!(
        writes.find(|plan| most(plan, "actual rows=") > MOST_SEEN),
        None,
        "a write looks at rows it leaves"
    );
}

/// Asks all that is asked about payments that are not over, and about webhooks.
async fn look_after(cluster: &TestCluster, payment: &Payment) {
    let (now, store) = (cluster.shop.now(), &cluster.stores[0]);
    store.payments_due(now, 100).await.unwrap();
    store.payments_needing_attention(now, PageRequest::FIRST).await.unwrap();
    let key = payment.provider_key.as_deref().unwrap();
    assert_eq!(store.payment_by_key("test", key).await.unwrap(), Some(payment.id));
    assert_eq!(store.to_call_off(100).await.unwrap(), []);
    store.call_off_progress(payment.event).await.unwrap();
    let hint = Hint::new(payment.id.to_string(), payment.id);
    let delivery = Delivery { gateway: "toss".into(), hint, received_at: now, tries: 0 };
    store.receive_delivery(delivery).await.unwrap();
    for delivery in store.claim_deliveries(now, Duration::from_secs(1), 32).await.unwrap() {
        store.ack_delivery(&delivery.gateway, &delivery.hint.delivery).await.unwrap();
    }
    store.forget_deliveries(now.before(Duration::from_hours(1))).await.unwrap();
}

/// Returns the greatest number that any step of a plan says of itself.
fn most(plan: &str, what: &str) -> usize {
    let said = plan.split(what).skip(1);
    let number = |rest: &str| rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok();
    said.filter_map(number).max().unwrap_or_default()
}
