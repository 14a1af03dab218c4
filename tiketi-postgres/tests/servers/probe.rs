//! What a probe notices of a database.

use tiketi_core::store::StoreProbe;
use tiketi_core::{StoreErrorKind, Timestamp};
use tiketi_postgres::PostgresStore;
use tiketi_postgres_harness::{Fsync, Server};

use crate::cluster::{TestCluster, store};

/// Probes a store that cannot sell, and returns what it says.
async fn refused(store: &PostgresStore) -> String {
    let error = store.probe_write(Timestamp::EPOCH).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error:?}");
    error.to_string()
}

/// Fails with a probe that only reads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_is_noticed_until_it_is_promoted() {
    let primary = Server::start(Fsync::Off).await;
    let cluster = TestCluster::on(&primary, 1, |options| options).await;
    cluster.stores[0].probe_write(Timestamp::EPOCH).await.unwrap();
    let standby = primary.standby().await;
    let follower = store(cluster.database.options().port(standby.port()), 2);
    assert_eq!(refused(&follower).await, "the database takes no writes");
    primary.kill9().await;
    standby.promote().await;
    follower.probe_write(Timestamp::EPOCH).await.unwrap();
}

#[tokio::test]
async fn a_database_that_was_made_read_only_is_noticed() {
    let read_only = [("default_transaction_read_only", "on")];
    let cluster = TestCluster::of(1).await;
    let options = cluster.database.options();
    let of_role = store(options.options(read_only), 1);
    assert_eq!(refused(&of_role).await, "the database takes no writes");
}

#[tokio::test]
async fn a_schema_of_another_release_is_noticed() {
    let cluster = TestCluster::of(1).await;
    cluster.run("INSERT INTO tiketi.migrations (version, name) VALUES (99, 'later')").await;
    assert!(refused(&cluster.stores[0]).await.contains("schema 99"));
    cluster.run("ALTER SCHEMA tiketi RENAME TO elsewhere").await;
    assert!(refused(&cluster.stores[0]).await.contains("migrate it first"));
}

/// Fails if each probe leaves a row.
#[tokio::test]
async fn probes_write_one_row_a_store() {
    let cluster = TestCluster::of(2).await;
    for _ in 0..50 {
        for store in &cluster.stores {
            store.probe_write(Timestamp::EPOCH).await.unwrap();
        }
    }
    let mut connection = cluster.connect().await;
    let count = "SELECT count(*) FROM tiketi.probes";
    let rows: i64 = sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap();
    assert!((1..=2).contains(&rows), "{rows}");
}
