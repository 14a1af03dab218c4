//! Sessions whose settings the store did not choose.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tiketi_core::{
    PageRequest, Timestamp,
    store::{LayoutStore, SalesStore},
};
use tiketi_postgres_harness::{Pooler, Server};

use crate::cluster::{TestCluster, assert_sound};
use crate::trade::{Trade, assert_kept};

/// Concurrent buyers; more than the pooler has sessions.
const BUYERS: usize = 16;

/// Settings that change the meaning of careless statements; a server or a role can set each of them.
const UNUSUAL: &[(&str, &str)] = &[
    ("TimeZone", "Asia/Seoul"),
    ("DateStyle", "German"),
    ("standard_conforming_strings", "off"),
    ("bytea_output", "escape"),
    ("search_path", "nowhere"),
    ("default_transaction_isolation", "serializable"),
    ("extra_float_digits", "0"),
];

/// Sells, refunds, sweeps and reads everything once.
async fn live_a_day(cluster: &TestCluster) {
    let (shop, hall) = (&cluster.shop, cluster.shop.hall().await);
    let held = shop.held(&hall, shop.buyer(), &[0, 1]).await;
    let (_, payment) = shop.sold(&held).await;
    let refund = shop.promised(&payment).await;
    shop.apply(shop.refunded(&payment, refund)).await;
    let lapsing = shop.held(&hall, shop.buyer(), &[2]).await;
    shop.advance(Duration::from_hours(1));
    let ended = cluster.stores[0].expire_due(shop.now(), 10).await.unwrap().done;
    assert_eq!(ended.iter().map(|row| row.id).collect::<Vec<_>>(), [lapsing.id]);
    assert_eq!(cluster.stores[0].layouts(PageRequest::FIRST).await.unwrap().total, 0);
    assert_eq!(cluster.stores[0].forget_commands(Timestamp::FAR_FUTURE).await.unwrap(), 7);
    shop.audit().await;
    assert_sound(&cluster.stores[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_is_the_same_under_any_settings() {
    let server = Server::shared().await;
    let cluster = TestCluster::on(server, 2, |options| options.options(UNUSUAL.iter().copied())).await;
    live_a_day(&cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_is_the_same_without_prepared_statements() {
    let server = Server::shared().await;
    let cluster = TestCluster::on(server, 2, |options| options.statement_cache_capacity(0)).await;
    live_a_day(&cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_is_the_same_behind_a_transaction_pooler() {
    let server = Server::shared().await;
    let pooler = Pooler::start(server).await;
    let behind = |options: PgConnectOptions| options.port(pooler.port()).statement_cache_capacity(0);
    let cluster = TestCluster::on(server, 3, behind).await;
    live_a_day(&cluster).await;
    let hall = cluster.shop.hall().await;
    let trade = Trade::default();
    let end = async {
        trade.progress(200).await;
        trade.end();
    };
    let (owned, ()) = tokio::join!(trade.run(&cluster.shop, &hall, BUYERS), end);
    assert_kept(&cluster.stores[0], &owned).await;
    cluster.shop.audit().await;
}
