//! Servers behind a connection pooler that has fewer sessions than the servers have connections.

use tiketi_postgres_harness::{Database, Pooler, Server};
use tiketi_server_harness::{Running, SECRET, migrate, run};

use crate::restart::buy;

/// Fails without `statement-cache-capacity=0` in the address.
#[tokio::test]
async fn two_servers_behind_a_pooler_sell_one_shop() {
    let postgres = Server::shared().await;
    let database = Database::fresh(postgres, migrate).await;
    let pooler = Pooler::start(postgres).await;
    let direct = format!(":{}/", postgres.port());
    let behind = database.url().replace(&direct, &format!(":{}/", pooler.port()));
    assert_ne!(behind, database.url());
    let mark = if behind.contains('?') { '&' } else { '?' };
    let store = format!("{behind}{mark}statement-cache-capacity=0");
    let shop = ["--store", &store, "--jwt-secret", SECRET];
    let said = run(&[&["check"], &shop[..]].concat()).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    let one = Running::start(&[&["--demo"], &shop[..]].concat()).await;
    let other = Running::start(&shop).await;
    let (token, bought) = buy(&one, 0).await;
    buy(&other, 1).await;
    let (_, seen) = other.get(&bought, Some(&token)).await;
    assert_eq!(seen["reservation"]["status"], "confirmed", "{seen}");
    for running in [one, other] {
        assert_eq!(running.stop().await.code, Some(0));
    }
    let said = run(&["audit", "--store", &store]).await;
    assert!(said.code == Some(0) && said.out.contains("no violations"), "{said:?}");
}
