//! Every statement on a filled store finds its rows by an index, and reads few other rows.

use std::time::Duration;

use tiketi_conformance::{Hall, auditor};
use tiketi_core::{
    BuyerId, PageRequest, Payment, Reservation,
    gateway::Hint,
    store::{
        AuditReport, CatalogStore, Delivery, EventQuery, InboxStore, LayoutStore, OutboxStore, Release,
        ReservationQuery, SalesStore,
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
    // Statistics are made where a test says so, never while it runs.
    ("autovacuum", "off"),
];
/// Tables that grow with sales.
const BIG: [&str; 6] = ["seats", "reservations", "payments", "commands", "outbox", "inbox"];
/// Most rows that one scan may read and discard: fewer than each added event has in any table.
const MOST_WASTED: usize = 400;
/// Seats of 100 other events, so that a scan of all of them never is the cheapest plan, and more seats of the event
/// of the test, so that a scan of all its rows is not either.
const HALLS: [&str; 4] = [
    "INSERT INTO tiketi.seats (event, id, position, ticket_type, section, row, number, label, col, line, accessible, \
        version, map_version, state) SELECT md5((n / 1000)::text)::uuid, gen_random_uuid(), n, gen_random_uuid(), 'R', \
        'A', '1', 'R A 1', 1, 1, false, 1, 1 + n % 100, 'available' FROM generate_series(1, 100000) AS n",
    "UPDATE tiketi.seats SET event = (SELECT id FROM tiketi.events) WHERE id::text LIKE '0%' AND position > 20",
    "INSERT INTO tiketi.events SELECT (jsonb_populate_record(event, jsonb_build_object('id', md5('1')::uuid, \
        'state', 'cancelled', 'state_at', 1))).* FROM tiketi.events AS event",
    "INSERT INTO tiketi.call_offs SELECT id FROM tiketi.events WHERE state = 'cancelled'",
];
/// Sales of the same events, for the same reasons.
const SALES: [&str; 8] = [
    "INSERT INTO tiketi.reservations (event, id, buyer, serial, date, total, state_at, created_at, \
        held_since, hold_used, hold_used_at, version, window_granted, currency, state, seats, items) SELECT md5((n / 500)::text)::uuid, gen_random_uuid(), \
        gen_random_uuid(), n + 1000000, 20260105, 1, 4000000000000000, 1, 1, 0, 1, 1, false, 'KRW', \
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
    "UPDATE tiketi.reservations SET event = (SELECT id FROM tiketi.events WHERE state <> 'cancelled') WHERE id::text LIKE '0%'",
    "UPDATE tiketi.payments SET event = (SELECT id FROM tiketi.events WHERE state <> 'cancelled') WHERE id::text LIKE '0%'",
    "UPDATE tiketi.reservations SET state = 'cancelled', cancel_reason = 'refunded' WHERE event = md5('1')::uuid",
];
/// Most rows that a step of a write may read. It changes at most 50, and may read others that lie between them.
const MOST_SEEN: usize = 200;

/// The statements that buyers wait for must use an index even while the planner has no statistics.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_of_a_sale_reads_a_whole_table_before_statistics_are_made() {
    let server = Server::start_with(Fsync::Off, EXPLAINED).await;
    let cluster = TestCluster::on(&server, 1, |options| options).await;
    let hall = cluster.shop.hall().await;
    fill(&cluster, &HALLS).await;
    fill(&cluster, &SALES).await;
    check_sales(&server, &cluster, &hall).await;
}

/// When the planner last counted, all halls were there, but little was sold: an on-sale fills tables within minutes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_of_a_sale_reads_a_whole_table_by_statistics_from_before_the_sale() {
    let server = Server::start_with(Fsync::Off, EXPLAINED).await;
    let cluster = TestCluster::on(&server, 1, |options| options).await;
    let hall = cluster.shop.hall().await;
    fill(&cluster, &HALLS).await;
    sell(&cluster, &hall, 8).await;
    cluster.run("ANALYZE").await;
    fill(&cluster, &SALES).await;
    check_sales(&server, &cluster, &hall).await;
}

/// A connection keeps the plans of batches while tables grow: those from before the first sale serve the whole on-sale.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_of_a_batch_reads_a_whole_table_by_a_plan_that_was_made_while_it_was_empty() {
    let server = Server::start_with(Fsync::Off, EXPLAINED).await;
    let cluster = TestCluster::on(&server, 1, |options| options).await;
    let hall = cluster.shop.hall().await;
    cluster.run("ANALYZE").await;
    for seat in 0..8 {
        hold_and_pay(&cluster, &hall, seat).await;
    }
    fill(&cluster, &HALLS).await;
    fill(&cluster, &SALES).await;
    let logged = server.log().len();
    for seat in 8..16 {
        hold_and_pay(&cluster, &hall, seat).await;
    }
    check(&server.log()[logged..]);
}

/// The statements of staff may rely on statistics that are up to date.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_reads_a_whole_table_of_what_is_sold() {
    let server = Server::start_with(Fsync::Off, EXPLAINED).await;
    let cluster = TestCluster::on(&server, 1, |options| options).await;
    let hall = cluster.shop.hall().await;
    fill(&cluster, &HALLS).await;
    fill(&cluster, &SALES).await;
    cluster.run("ANALYZE").await;
    let logged = server.log().len();
    for seat in 0..8 {
        let payment = sell(&cluster, &hall, seat).await;
        look_after(&cluster, &payment).await;
        look_around(&cluster, &hall, payment.buyer).await;
    }
    check(&server.log()[logged..]);
}

/// Checks the plans of more sales than a session needs to switch to generic plans.
async fn check_sales(server: &Server, cluster: &TestCluster, hall: &Hall) {
    let logged = server.log().len();
    for seat in 0..8 {
        sell(cluster, hall, seat).await;
    }
    check(&server.log()[logged..]);
}

async fn fill(cluster: &TestCluster, statements: &[&str]) {
    for sql in statements {
        cluster.run(sql).await;
    }
}

/// Runs the statements of batches.
async fn hold_and_pay(cluster: &TestCluster, hall: &Hall, seat: usize) -> (Reservation, Payment) {
    let shop = &cluster.shop;
    let held = shop.held(hall, shop.buyer(), &[seat]).await;
    let (_, payment) = shop.sold(&held).await;
    (held, payment)
}

/// Runs the statements that buyers wait for.
async fn sell(cluster: &TestCluster, hall: &Hall, seat: usize) -> Payment {
    let (shop, store) = (&cluster.shop, &cluster.stores[0]);
    let (held, payment) = hold_and_pay(cluster, hall, seat).await;
    store.seat_map(hall.event, 1).await.unwrap();
    store.expire_due(shop.now(), 100).await.unwrap();
    let (now, lease) = (shop.now(), Duration::from_secs(1));
    let facts = store.claim_outbox(&auditor(), now, lease, 50).await.unwrap();
    let (late, done): (Vec<_>, Vec<_>) =
        facts.iter().map(|claimed| claimed.fact.key()).partition(|key| key.id.0.is_multiple_of(5));
    let release = Release::Failed { again_at: now };
    store.release_outbox(&auditor(), &late, now.after(lease), release).await.unwrap();
    store.ack_outbox(&auditor(), &done).await.unwrap();
    shop.now_of(&held).await;
    store.payment(payment.id).await.unwrap().unwrap()
}

/// Runs the other statements of buyers and organisers.
async fn look_around(cluster: &TestCluster, hall: &Hall, buyer: BuyerId) {
    let (now, store) = (cluster.shop.now(), &cluster.stores[0]);
    store.reservations_of(buyer, Some(hall.event), PageRequest::FIRST).await.unwrap();
    store.reservations_of(buyer, None, PageRequest::FIRST).await.unwrap();
    let mut listed = ReservationQuery::newest(20);
    let newest = store.list_reservations(listed.clone()).await.unwrap();
    store.reservation_numbered(newest[0].number).await.unwrap().unwrap();
    listed.event = Some(hall.event);
    store.list_reservations(listed.clone()).await.unwrap();
    listed.buyer = Some(buyer);
    store.list_reservations(listed).await.unwrap();
    store.seat_map(hall.event, 0).await.unwrap();
    store.events(EventQuery::published(now, PageRequest::FIRST)).await.unwrap();
    store.ticket_type(hall.front).await.unwrap();
    store.layouts(PageRequest::FIRST).await.unwrap();
    store.announce_statuses(now).await.unwrap();
    assert_eq!(AuditReport::watched(store, Some(hall.event), &mut ()).await.unwrap().events, 1);
    store.forget_commands(now).await.unwrap();
    store.unsubscribe_unseen(now, now).await.unwrap();
}

/// Fails for a plan that scans a whole big table, or that reads many rows which its statement discards.
fn check(plans: &str) {
    assert!(plans.contains("Index Scan"), "no plan was logged");
    for table in BIG {
        let whole = format!("Seq Scan on tiketi.{table} ");
        let found =
            plans.find(&whole).map(|at| &plans[at.saturating_sub(1_500)..(at + 300).min(plans.len())]);
        assert_eq!(found, None);
    }
    // In the log, each plan begins with the text of its query.
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

/// Runs the statements about open payments and about webhooks.
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
    store.receive_delivery(delivery, 32).await.unwrap();
    for delivery in store.claim_deliveries(now, Duration::from_secs(1), 32).await.unwrap() {
        store.ack_delivery(&delivery.gateway, &delivery.hint.delivery).await.unwrap();
    }
    store.forget_deliveries(now.before(Duration::from_hours(1))).await.unwrap();
}

/// Returns the greatest number that a step of a plan has for this word.
fn most(plan: &str, what: &str) -> usize {
    let said = plan.split(what).skip(1);
    let number = |rest: &str| rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok();
    said.filter_map(number).max().unwrap_or_default()
}
