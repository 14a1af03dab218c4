//! Migrations, and the errors for a wrong schema.

use std::collections::BTreeSet;

use futures::future::join_all;
use tiketi_conformance::TestShop;
use tiketi_core::store::{CatalogStore, EventQuery, SalesStore};
use tiketi_core::{CommandError, PageRequest, StoreErrorKind};
use tiketi_postgres::{Durability, PostgresStore, SCHEMA, SchemaName, StoreOptions, check, migrate};
use tiketi_postgres_harness::{Database, Fsync, Pooler, Server};

use crate::cluster::{TestCluster, assert_sound, handles};

async fn empty() -> Database {
    Database::empty(Server::shared().await).await
}

#[tokio::test]
async fn servers_that_migrate_at_once_wait_for_each_other() {
    let database = empty().await;
    let (options, schema) = (database.options(), SchemaName::default());
    for done in join_all((0..8).map(|_| migrate(&options, &schema))).await {
        done.unwrap();
    }
    migrate(&options, &schema).await.unwrap();
    check(&database.pool(1).await, &SchemaName::default(), Durability::Relaxed).await.unwrap();
}

/// Fails with named prepared statements, or if the check is not one transaction.
#[tokio::test]
async fn servers_migrate_and_check_through_a_pooler() {
    let database = empty().await;
    let pooler = Pooler::start(Server::shared().await).await;
    // The connection options keep their defaults: the statement cache is on.
    let (options, schema) = (database.options().port(pooler.port()), SchemaName::default());
    for done in join_all((0..8).map(|_| migrate(&options, &schema))).await {
        done.unwrap();
    }
    let pool = crate::cluster::store(options, 8);
    for done in join_all((0..50).map(|_| check(pool.pool(), &schema, Durability::Relaxed))).await {
        done.unwrap();
    }
}

#[tokio::test]
async fn a_database_that_was_not_migrated_says_what_to_do() {
    let database = empty().await;
    let error =
        check(&database.pool(1).await, &SchemaName::default(), Durability::Relaxed).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("migrate it first"), "{error}");
}

#[tokio::test]
async fn a_newer_schema_is_refused_untouched() {
    let cluster = TestCluster::of(1).await;
    let newer = SCHEMA + 1;
    cluster.run(&format!("INSERT INTO tiketi.migrations VALUES ({newer}, 'tomorrow')")).await;
    for error in [
        migrate(&cluster.database.options(), &SchemaName::default()).await.unwrap_err(),
        check(cluster.stores[0].pool(), &SchemaName::default(), Durability::Relaxed).await.unwrap_err(),
    ] {
        assert!(error.to_string().contains("use a later release"), "{error}");
    }
    cluster.run(&format!("DELETE FROM tiketi.migrations WHERE version = {newer}")).await;
    check(cluster.stores[0].pool(), &SchemaName::default(), Durability::Relaxed).await.unwrap();
}

#[tokio::test]
async fn a_read_only_database_is_refused_with_advice() {
    let cluster = TestCluster::of(1).await;
    let options = cluster.database.options().options([("default_transaction_read_only", "on")]);
    let error = check(crate::cluster::store(options, 1).pool(), &SchemaName::default(), Durability::Relaxed)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("connect to the primary"), "{error}");
}

/// Fails if the check does not read the settings.
#[tokio::test]
async fn a_database_that_may_forget_commits_is_refused_unless_that_is_wanted() {
    let server = Server::start(Fsync::On).await;
    let cluster = TestCluster::on(&server, 1, |options| options).await;
    let pool = cluster.stores[0].pool();
    check(pool, &SchemaName::default(), Durability::Required).await.unwrap();
    let refused = async |options, named: &str| {
        let store = crate::cluster::store(options, 1);
        let error = check(store.pool(), &SchemaName::default(), Durability::Required).await.unwrap_err();
        assert!(error.to_string().contains(&format!("{named}; turn it on")), "{error}");
        check(store.pool(), &SchemaName::default(), Durability::Relaxed).await.unwrap();
    };
    let off = "synchronous_commit is off";
    let by_the_pool = cluster.database.options().options([("synchronous_commit", "off")]);
    refused(by_the_pool, off).await;
    cluster.run(&format!("ALTER DATABASE {} SET synchronous_commit = off", cluster.database.name())).await;
    refused(cluster.database.options(), off).await;
    cluster.run(&format!("ALTER DATABASE {} RESET synchronous_commit", cluster.database.name())).await;
    cluster.run("ALTER ROLE CURRENT_USER SET synchronous_commit = off").await;
    refused(cluster.database.options(), off).await;
    cluster.run("ALTER ROLE CURRENT_USER RESET synchronous_commit").await;
    check(
        crate::cluster::store(cluster.database.options(), 1).pool(),
        &SchemaName::default(),
        Durability::Required,
    )
    .await
    .unwrap();
    refused(TestCluster::of(1).await.database.options(), "fsync is off and full_page_writes is off").await;
}

#[tokio::test]
async fn nothing_is_made_outside_the_schema() {
    let cluster = TestCluster::of(1).await;
    let mut connection = cluster.connect().await;
    let sql = "SELECT count(*) FROM pg_class JOIN pg_namespace AS space ON space.oid = relnamespace \
        WHERE nspname NOT IN ('tiketi', 'pg_catalog', 'information_schema', 'pg_toast')";
    let strangers: i64 = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
    assert_eq!(strangers, 0);
}

#[tokio::test]
async fn two_shops_in_one_database_do_not_see_each_other() {
    let database = empty().await;
    let mut shops = Vec::new();
    for (name, seed) in [("north", 1), ("south", 2)] {
        let schema: SchemaName = name.parse().unwrap();
        migrate(&database.options(), &schema).await.unwrap();
        let pool = database.pool(4).await;
        check(&pool, &schema, Durability::Relaxed).await.unwrap();
        let store = PostgresStore::with_options(pool, StoreOptions::new().schema(schema));
        // Each shop has different ids, so that no row of one shop can appear in the other.
        let shop = TestShop::seeded(handles(std::slice::from_ref(&store)), seed).await;
        let hall = shop.hall().await;
        shops.push((store, shop, hall));
    }
    let default = check(shops[0].0.pool(), &SchemaName::default(), Durability::Relaxed).await.unwrap_err();
    assert!(default.to_string().contains("has no tiketi schema"), "{default}");
    for (own, other) in [(0, 1), (1, 0)] {
        let ((store, shop, hall), (other, ..)) = (&shops[own], &shops[other]);
        let held = shop.held(hall, shop.buyer(), &[own]).await;
        let (sold, payment) = shop.sold(&held).await;
        assert!(store.reservation(sold.id).await.unwrap().is_some());
        assert_eq!(other.reservation(sold.id).await.unwrap(), None);
        assert_eq!(other.payment(payment.id).await.unwrap(), None);
        assert_eq!(other.event(hall.event).await.unwrap(), None);
        assert_eq!(
            store.events(EventQuery::published(shop.now(), PageRequest::FIRST)).await.unwrap().total,
            1
        );
        assert_sound(store).await;
    }
}

#[tokio::test]
async fn a_closed_store_ends_and_leaves_the_pool_of_its_host_open() {
    let cluster = TestCluster::of(1).await;
    let hall = cluster.shop.hall().await;
    let pool = cluster.database.pool(2).await;
    let store = PostgresStore::new(pool.clone());
    let shop = TestShop::seeded(handles(std::slice::from_ref(&store)), 8).await;
    shop.held(&hall, shop.buyer(), &[0]).await;
    store.close().await;
    let hold = shop.send(shop.hold_seats(&hall, shop.buyer(), &[1])).await.unwrap_err();
    assert!(matches!(hold, CommandError::Store(error) if error.kind() == StoreErrorKind::Unavailable));
    let read = store.event(hall.event).await.unwrap_err();
    assert_eq!(read.kind(), StoreErrorKind::Unavailable);
    assert_eq!(sqlx::query_scalar::<_, i32>("SELECT 1").fetch_one(&pool).await.unwrap(), 1);
    let owning = &cluster.stores[0];
    owning.close().await;
    assert!(owning.pool().is_closed(), "the store made it");
}

/// Columns that no row type has, because separate statements write them.
const APART: [&str; 4] = ["commands.event", "events.revision", "inbox.claimed_until", "inbox.done"];

#[tokio::test]
async fn each_column_of_the_schema_is_in_its_row_type() {
    let cluster = TestCluster::of(1).await;
    let mut connection = cluster.connect().await;
    for (table, columns) in tiketi_sql::TABLES {
        let sql = "SELECT column_name::text FROM information_schema.columns \
            WHERE table_schema = 'tiketi' AND table_name = $1";
        let found: Vec<String> =
            sqlx::query_scalar(sql).bind(table).fetch_all(&mut connection).await.unwrap();
        let found = found.iter().map(|column| format!("{table}.{column}"));
        let found: BTreeSet<String> = found.filter(|column| !APART.contains(&&**column)).collect();
        let listed: BTreeSet<String> =
            columns.iter().map(|column| format!("{table}.{}", column.name)).collect();
        assert_eq!(found, listed);
    }
}

/// Indexes on tables that grow with sales, whose first column is the event and that contain every row.
const TEMPTING: &str = "SELECT index.relname::text FROM pg_index AS of \
    JOIN pg_class AS index ON index.oid = of.indexrelid JOIN pg_attribute AS first ON first.attrelid = of.indrelid \
    WHERE of.indrelid = ANY (ARRAY['tiketi.seats', 'tiketi.reservations', 'tiketi.payments']::regclass[]) \
        AND first.attnum = of.indkey[0] AND first.attname = 'event' AND of.indpred IS NULL";

/// Fails if the index of seats by change is not a partial one.
#[tokio::test]
async fn no_index_tempts_the_planner_to_read_all_of_an_event() {
    let cluster = TestCluster::of(1).await;
    let mut connection = cluster.connect().await;
    let found: Vec<String> = sqlx::query_scalar(TEMPTING).fetch_all(&mut connection).await.unwrap();
    assert_eq!(found, Vec::<String>::new());
}
