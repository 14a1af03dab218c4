//! The guarantees of the harness that other tests rely on.

#![cfg(test)]

use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{Connection, Error};
use tiketi_postgres_harness::{Database, Fsync, Server};
use tokio::time::{sleep, timeout};

const DEADLINE: Duration = Duration::from_mins(5);

async fn migrate(options: PgConnectOptions) -> Result<(), Error> {
    let mut connection = PgConnection::connect_with(&options).await?;
    sqlx::query("CREATE TABLE notes (note text)").execute(&mut connection).await?;
    connection.close().await
}

async fn note(pool: &PgPool, text: &str) -> Result<(), Error> {
    sqlx::query("INSERT INTO notes VALUES ($1)").bind(text).execute(pool).await.map(|_| ())
}

async fn notes(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("SELECT note FROM notes ORDER BY note").fetch_all(pool).await.unwrap()
}

async fn ask(pool: &PgPool, question: &'static str) -> String {
    sqlx::query_scalar(question).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn databases_of_one_server_are_migrated_and_apart() {
    let server = Server::shared().await;
    let (one, other) = tokio::join!(Database::fresh(server, migrate), Database::fresh(server, migrate));
    let (one, other) = (one.pool(2).await, other.pool(2).await);
    note(&one, "here").await.unwrap();
    assert_eq!((notes(&one).await, notes(&other).await), (vec!["here".to_owned()], vec![]));
    let bare = Database::empty(server).await;
    assert!(note(&bare.pool(1).await, "nowhere").await.is_err());
}

#[tokio::test]
async fn a_database_is_dropped_with_those_who_use_it() {
    let server = Server::shared().await;
    let database = Database::empty(server).await;
    let (options, pool) = (database.options(), database.pool(1).await);
    drop(database);
    assert!(sqlx::query("SELECT 1").execute(&pool).await.is_err());
    let Err(Error::Database(error)) = PgConnection::connect_with(&options).await else {
        panic!("it is there")
    };
    assert_eq!(error.code().as_deref(), Some("3D000"));
}

#[tokio::test]
async fn texts_are_ordered_as_people_do() {
    let database = Database::empty(Server::shared().await).await;
    let pool = database.pool(1).await;
    let sorted = "SELECT string_agg(word, ' ' ORDER BY word) FROM unnest(ARRAY['b', 'A', 'a', 'B']) AS word";
    assert_eq!(ask(&pool, sorted).await, "a A b B");
}

#[tokio::test]
async fn a_connection_without_the_password_is_refused() {
    let options = Server::shared().await.options().password("a guess");
    let Err(Error::Database(error)) = PgConnection::connect_with(&options).await else {
        panic!("anyone may")
    };
    assert_eq!(error.code().as_deref(), Some("28P01"));
}

#[tokio::test]
async fn clients_of_one_database_are_cut_off() {
    let server = Server::shared().await;
    let (one, other) = (Database::empty(server).await, Database::empty(server).await);
    let (cut, kept) = (one.pool(3).await, other.pool(1).await);
    let mut cut = cut.acquire().await.unwrap();
    assert_eq!(one.terminate_backends(2).await, 1);
    assert!(sqlx::query("SELECT 1").execute(&mut *cut).await.is_err());
    sqlx::query("SELECT 1").execute(&kept).await.unwrap();
}

#[tokio::test]
async fn what_is_committed_outlives_a_kill_and_a_stop() {
    let server = Server::start(Fsync::On).await;
    let database = Database::fresh(&server, migrate).await;
    let pool = database.pool(1).await;
    assert_eq!(ask(&pool, "SHOW fsync").await, "on");
    note(&pool, "before the kill").await.unwrap();
    server.kill9().await;
    assert!(PgConnection::connect_with(&database.options()).await.is_err());
    server.restart().await;
    let pool = database.pool(1).await;
    assert_eq!(notes(&pool).await, ["before the kill"]);
    assert!(server.log().contains("was not properly shut down"), "{}", server.log());
    server.stop().await;
    assert!(PgConnection::connect_with(&database.options()).await.is_err());
    server.restart().await;
    assert_eq!(notes(&database.pool(1).await).await, ["before the kill"]);
}

#[tokio::test]
async fn a_promoted_standby_has_all_that_was_answered() {
    let primary = Server::start(Fsync::On).await;
    let database = Database::fresh(&primary, migrate).await;
    let standby = primary.standby().await;
    note(&database.pool(1).await, "answered").await.unwrap();
    primary.kill9().await;
    let moved = database.options().port(standby.port());
    let pool = PgPool::connect_with(moved).await.unwrap();
    assert!(note(&pool, "too early").await.is_err());
    standby.promote().await;
    note(&pool, "after").await.unwrap();
    assert_eq!(notes(&pool).await, ["after", "answered"]);
}

/// Set in the environment of a second run of this file, whose only test then starts a server and waits to be
/// killed.
const HOLD: &str = "TIKETI_HARNESS_HOLDS_A_SERVER";

#[tokio::test]
async fn a_server_ends_with_the_process_that_was_killed() {
    if let Some(told) = env::var_os(HOLD) {
        let server = Server::start(Fsync::Off).await;
        fs::write(told, server.port().to_string()).unwrap();
        sleep(DEADLINE).await;
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // The user that the server runs as must be able to remove its folder from here, as from `/tmp`.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let told = folder.path().join("port");
    let mut holder = Command::new(env::current_exe().unwrap());
    holder.args(["--exact", "a_server_ends_with_the_process_that_was_killed"]);
    let mut holder =
        holder.env(HOLD, &told).env("TMPDIR", folder.path()).stdout(Stdio::null()).spawn().unwrap();
    until("no server", || port_in(&told).is_some_and(is_open)).await;
    holder.kill().unwrap();
    holder.wait().unwrap();
    let port = port_in(&told).unwrap();
    until("a server that nobody holds", || !is_open(port)).await;
    // The watchdog removes the folder as its last step.
    until("files of a server that is gone", || fs::read_dir(folder.path()).unwrap().count() == 1).await;
}

fn port_in(file: &Path) -> Option<u16> {
    fs::read_to_string(file).ok()?.parse().ok()
}

fn is_open(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

async fn until(otherwise: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(DEADLINE, wait).await.unwrap_or_else(|_| panic!("there is still {otherwise}"));
}
