//! `rehearse` beside a shop in Postgres, with its waiting room in Redis.

use std::sync::Arc;

use tiketi_postgres::PostgresStore;
use tiketi_postgres_harness::{Database, Server};
use tiketi_server_harness::{ServerShop, Stock, migrate, run};

use crate::rehearse::recommended;

#[tokio::test]
async fn a_rehearsal_in_postgres_and_redis_leaves_neither_schema_nor_key() {
    let redis = tokio::task::spawn_blocking(tiketi_redis_harness::Server::start).await.unwrap();
    let database = Database::fresh(Server::shared().await, migrate).await;
    let options = ["--store", &database.url(), "--redis", &redis.url(), "--jwt-secret", &"s".repeat(32)];
    let short = ["rehearse", "--buyers=300", "--at-once=16", "--hold-within=1m", "--store-connections=4"];
    let said = run(&[&short[..], &options].concat()).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(recommended(&said).0 > 0, "{said:?}");
    assert_eq!(redis.ask("DBSIZE").trim(), "0");
    let pool = database.pool(2).await;
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE '%rehearsal'";
    assert_eq!(sqlx::query_scalar::<_, i64>(schemas).fetch_one(&pool).await.unwrap(), 0);

    let stock = Stock { rows: 1, standing: 1 };
    let _on_sale = ServerShop::over(Arc::new(PostgresStore::new(pool.clone())), database.url(), stock).await;
    let refused = run(&[&short[..], &options].concat()).await;
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    assert!(refused.err.contains("`Winter Lights` is on sale, or will be soon"), "{refused:?}");
    pool.close().await;
}
