//! The server's commands with a database, and their errors for a database that they cannot use.

use sqlx::Executor;
use tiketi_postgres_harness::{Database, Server, free_port};
use tiketi_server_harness::{Running, SECRET, ServerOutput, migrate, run};

use crate::restart::buy;

const OWN: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../tiketi-http/assets/layouts/paper-boat-theatre.json");

async fn serve(store: &str, more: &[&str]) -> ServerOutput {
    let shop = ["--listen=127.0.0.1:0", "--store", store, "--jwt-secret", SECRET];
    run(&[&shop[..], more].concat()).await
}

#[track_caller]
fn assert_refused(said: &ServerOutput, words: &[&str], secret: &str) {
    assert_eq!(said.code, Some(1), "{said:?}");
    let text = format!("{}{}", said.out, said.err);
    assert!(words.iter().all(|word| text.contains(word)), "{words:?} are not in {said:?}");
    assert!(!text.contains(secret), "{said:?}");
}

#[track_caller]
fn assert_done(said: &ServerOutput, words: &[&str]) {
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(words.iter().all(|word| said.out.contains(word)), "{words:?} are not in {said:?}");
}

#[tokio::test]
async fn a_server_reports_database_problems_without_the_password() {
    let postgres = Server::shared().await;
    let url = |password: &str, port: u16, database: &str| {
        format!("postgres://harness:{password}@127.0.0.1:{port}/{database}")
    };
    let (password, port) = (postgres.password(), postgres.port());
    let nobody = url(password, free_port(), "shop");
    for command in [&["serve", "--listen=127.0.0.1:0"][..], &["check"], &["audit"], &["migrate"]] {
        let more = [command, &["--jwt-secret", SECRET, "--store"]].concat();
        let said = run(&[&more[..], &[&nobody]].concat()).await;
        assert_refused(&said, &["cannot be reached", "refused"], password);
        let said = run(&[&more[..], &[&url(password, port, "nowhere")]].concat()).await;
        assert_refused(&said, &["/nowhere cannot be reached", "does not exist"], password);
        let said = run(&[&more[..], &[&url("a-guess", port, "postgres")]].concat()).await;
        assert_refused(&said, &["cannot be reached", "password authentication failed"], "a-guess");
    }
}

#[tokio::test]
async fn a_database_is_migrated_only_on_request() {
    let database = Database::empty(Server::shared().await).await;
    let store = database.url();
    for said in [serve(&store, &[]).await, run(&["audit", "--store", &store]).await] {
        assert_refused(&said, &["tiketi-server migrate", "--migrate"], SECRET);
    }
    let said = run(&["check", "--store", &store, "--jwt-secret", SECRET]).await;
    assert_refused(&said, &["tiketi-server migrate"], SECRET);
    let tables = "SELECT FROM pg_namespace WHERE nspname = 'tiketi'";
    assert!(database.pool(1).await.fetch_all(tables).await.unwrap().is_empty(), "it was migrated");

    for _ in 0..2 {
        assert_done(&run(&["migrate", "--store", &store]).await, &[database.name(), "schema 1 now"]);
    }
    let check = run(&["check", "--store", &store, "--jwt-secret", SECRET]).await;
    assert_done(&check, &["is intact, with schema 1 and 0 events"]);
}

#[tokio::test]
async fn servers_with_the_migrate_option_migrate_once_and_sell() {
    let database = Database::empty(Server::shared().await).await;
    let shop = ["--migrate", "--store", &database.url(), "--jwt-secret", SECRET];
    let (one, other) = tokio::join!(Running::start(&shop), Running::start(&shop));
    // Each server has a connection when it prints its address.
    let open = "SELECT FROM pg_stat_activity WHERE application_name = 'tiketi-server' AND datname = current_database()";
    let open = database.pool(1).await.fetch_all(open).await.unwrap();
    assert!(open.len() >= 2, "{} connections are open", open.len());
    assert_eq!(one.get("/health/ready", None).await.0, 200);
    assert_eq!(other.get("/health/db", None).await.0, 200);
}

#[tokio::test]
async fn a_database_is_checked_and_audited_beside_the_server_and_imported_into() {
    let database = Database::fresh(Server::shared().await, migrate).await;
    let store = database.url();
    let running = Running::start(&["--demo", "--store", &store, "--jwt-secret", SECRET]).await;
    buy(&running, 0).await;
    assert_done(&run(&["audit", "--store", &store]).await, &["no violations; events: 4, "]);
    let check = run(&["check", "--store", &store, "--jwt-secret", SECRET]).await;
    assert_done(&check, &["is intact, with schema 1 and 4 events"]);
    assert_done(&run(&["import-layout", OWN, "--store", &store]).await, &["stored as layout "]);
    let (_, layouts) = running.get("/api/seats/layouts", None).await;
    assert_eq!(layouts["layouts"].as_array().unwrap().len(), 3);

    database
        .pool(1)
        .await
        .execute("UPDATE tiketi.seats SET state = 'available', owner = NULL WHERE state = 'sold'")
        .await
        .unwrap();
    let said = run(&["audit", "--store", &store]).await;
    assert_refused(&said, &["violations; events: 4, ", "which is not its own"], SECRET);
}

#[tokio::test]
async fn a_database_is_backed_up_by_its_own_tools() {
    let said = run(&["backup", "copy.db", "--store", "postgres://me:hush@127.0.0.1/shop"]).await;
    assert_refused(&said, &["postgres://127.0.0.1:5432/shop", "pg_dump --schema=tiketi"], "hush");
}

#[tokio::test]
async fn many_servers_need_one_secret_to_sign_with() {
    let store = "postgres://me:hush@127.0.0.1/shop";
    for command in ["serve", "check"] {
        let said = run(&[command, "--listen=127.0.0.1:0", "--store", store]).await;
        assert_refused(&said, &["--store postgres:// needs --jwt-secret"], "hush");
    }
}

/// Fails if the server does not check the setting: it then serves.
#[tokio::test]
async fn a_database_without_durability_is_used_only_on_request() {
    let database = Database::fresh(Server::shared().await, migrate).await;
    let store = database.url();
    let careful = ["--allow-unsafe-durability=false", "--store", &store, "--jwt-secret", SECRET];
    for command in [&["serve", "--listen=127.0.0.1:0"][..], &["check"]] {
        let said = run(&[command, &careful].concat()).await;
        assert_refused(&said, &["may forget sales", "fsync is off", "--allow-unsafe-durability"], SECRET);
    }
    // An audit sells nothing, so it does not check the setting.
    assert_done(&run(&[&["audit"][..], &careful].concat()).await, &["no violations"]);
    let check = run(&["check", "--allow-unsafe-durability", "--store", &store, "--jwt-secret", SECRET]).await;
    assert_done(&check, &["is intact"]);
}
