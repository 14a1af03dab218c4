//! More reads than the connections can answer.

use std::time::Duration;

use futures::FutureExt;
use tiketi_core::store::CatalogStore;
use tiketi_core::{EventId, StoreErrorKind};
use tiketi_postgres::PostgresStore;
use uuid::Uuid;

use crate::cluster::TestCluster;

/// Most reads that wait for one connection.
const MOST: usize = 64;
/// Time after which a wait for a connection fails; less than the statement before them takes.
const PATIENCE: Duration = Duration::from_secs(3);

/// Fails without the line: every read waits for three seconds, and then fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_beyond_what_can_wait_are_refused_at_once_and_the_others_are_answered() {
    let cluster = TestCluster::of(1).await;
    let options = cluster.database.options();
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE);
    let pool = pool.connect_with(options).await.unwrap();
    let store = PostgresStore::new(pool.clone());
    // A slow database: the only connection is busy.
    let busy = pool.acquire().await.unwrap();
    let nothing = EventId::from_uuid(Uuid::nil());
    let mut reads: Vec<_> = (0..MOST + 40).map(|_| store.seat_map_version(nothing).boxed()).collect();
    let refused: Vec<_> = reads.iter_mut().filter_map(FutureExt::now_or_never).collect();
    assert_eq!(refused.len(), 40);
    for answer in refused {
        assert_eq!(answer.unwrap_err().kind(), StoreErrorKind::Unavailable);
    }
    drop(busy);
    for read in reads.drain(..MOST) {
        assert_eq!(read.await.unwrap(), None);
    }
    store.close().await;
}
