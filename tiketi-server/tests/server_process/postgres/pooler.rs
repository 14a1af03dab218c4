//! Servers behind a connection pooler that has fewer sessions than the servers have connections.

use tiketi_postgres_harness::{Database, Pooler, Server};
use tiketi_server_harness::{DEADLINE, Running, SECRET, migrate, run, server};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::restart::buy;

/// Returns the address of a database behind a pooler.
fn through(pooler: &Pooler, postgres: &Server, database: &Database) -> String {
    let direct = format!(":{}/", postgres.port());
    let behind = database.url().replace(&direct, &format!(":{}/", pooler.port()));
    assert_ne!(behind, database.url());
    let mark = if behind.contains('?') { '&' } else { '?' };
    format!("{behind}{mark}statement-cache-capacity=0")
}

/// Runs a server until it logs a line with a text.
async fn until_logged(mut command: Command, text: &str) {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let logs = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains(text) {
                return;
            }
        }
        panic!("the server ended");
    };
    timeout(DEADLINE, logs).await.expect("it is never logged");
    child.kill().await.unwrap();
}

#[tokio::test]
async fn a_server_says_that_a_pooler_passes_no_notifications_on() {
    let postgres = Server::shared().await;
    let database = Database::fresh(postgres, migrate).await;
    let pooler = Pooler::start(postgres).await;
    let store = through(&pooler, postgres, &database);
    let command = server(&["--listen", "127.0.0.1:0", "--store", &store, "--jwt-secret", SECRET]);
    until_logged(command, "no notification of the database arrives").await;
}

/// Fails without `statement-cache-capacity=0` in the address.
#[tokio::test]
async fn two_servers_behind_a_pooler_sell_one_shop() {
    let postgres = Server::shared().await;
    let database = Database::fresh(postgres, migrate).await;
    let pooler = Pooler::start(postgres).await;
    let store = through(&pooler, postgres, &database);
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
