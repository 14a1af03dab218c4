//! Options: a flag overrides the environment, which overrides the file; each error names the wrong option.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use tiketi_server_harness::{Running, ServerOutput, finish, run, server};

fn file(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.toml");
    fs::write(&path, text).unwrap();
    (folder, path)
}

async fn run_with_file(text: &str) -> ServerOutput {
    let (_folder, path) = file(text);
    run(&["--config", path.to_str().unwrap()]).await
}

#[track_caller]
fn assert_refused(said: &ServerOutput, code: i32, words: &[&str]) {
    assert_eq!(said.code, Some(code), "{said:?}");
    assert_eq!(said.out, "");
    for word in words {
        assert!(said.err.contains(word), "{word} is not in {said:?}");
    }
}

#[tokio::test]
async fn unknown_flags_and_keys_are_named() {
    assert_refused(&run(&["--speed", "9"]).await, 2, &["--speed"]);
    assert_refused(&run_with_file("speed = 9").await, 2, &["shop.toml", "`speed`"]);
}

#[tokio::test]
async fn a_bad_duration_is_named_wherever_it_comes_from() {
    assert_refused(&run(&["--hold-ttl", "soon"]).await, 2, &["--hold-ttl", "soon", "90s"]);
    assert_refused(&run_with_file("hold-cap = \"15\"").await, 2, &["shop.toml", "--hold-cap"]);
    let mut command = server(&[]);
    command.env("TIKETI_PAYMENT_WINDOW", "never");
    assert_refused(&finish(command).await, 2, &["--payment-window", "never"]);
}

#[tokio::test]
async fn terms_no_sale_can_run_under_are_refused() {
    assert_refused(&run(&["--hold-ttl=20m"]).await, 1, &["--hold-cap", "hold-ttl"]);
    assert_refused(&run(&["--max-seats-per-buyer=0"]).await, 1, &["--max-seats-per-buyer"]);
    assert_refused(&run(&["--request-timeout=0s"]).await, 1, &["--request-timeout"]);
    assert_refused(&run(&["--store-connections=0"]).await, 1, &["--store-connections"]);
    assert_refused(&run(&["--ask-again-at-most=59s"]).await, 1, &["--ask-again-at-most", "ask-again-after"]);
    assert_refused(&run(&["--trouble-after=2d"]).await, 1, &["--trouble-after"]);
    assert_refused(&run(&["--deposit-window=31d"]).await, 1, &["--deposit-window", "30 days"]);
    assert_refused(&run(&["--sweep-every=0s"]).await, 1, &["--sweep-every", "10ms"]);
    assert_refused(&run(&["--admission-secret=hush"]).await, 1, &["--admission-secret", "32 bytes"]);
    assert_refused(&run(&["--redis=redis://a:secret@"]).await, 1, &["--redis", "not an address"]);
    assert_refused(&run(&["--redis=redis://a", "--single-server"]).await, 1, &["--single-server"]);
    assert_refused(&run(&["--reconcilers=0"]).await, 1, &["--reconcilers"]);
    let unknown = run(&["--toss-methods=card,cash"]).await;
    assert_refused(
        &unknown,
        2,
        &["--toss-methods", "`cash`", "card, transfer, virtual-account, mobile-phone"],
    );
}

#[tokio::test]
async fn a_short_secret_is_refused_and_not_repeated() {
    let said = run(&["--jwt-secret", "hush-hush"]).await;
    assert_refused(&said, 1, &["--jwt-secret", "9 bytes", "32"]);
    assert!(!said.err.contains("hush"));
}

#[tokio::test]
async fn an_unknown_store_is_refused_without_its_password() {
    assert_refused(&run(&["--store", "sqlite:"]).await, 1, &["--store", "sqlite:tiketi.db"]);
    let said = run(&["--store", "mysql://me:hush@db/shop"]).await;
    assert_refused(&said, 1, &["--store", "mysql", "postgres://", "memory:"]);
    assert!(!said.err.contains("hush"));
    assert_refused(&run(&["--store", "floppy:a"]).await, 1, &["--store", "floppy"]);
}

#[tokio::test]
async fn an_administrator_needs_an_address_and_a_long_enough_password() {
    let said = run(&["--admin-password", "hush-hush-hush"]).await;
    assert_refused(&said, 1, &["--admin-email"]);
    assert!(!said.err.contains("hush"));
    assert_refused(&run(&["--admin-email", "nobody"]).await, 1, &["--admin-email"]);
    let said = run(&["--listen=127.0.0.1:0", "--admin-email=a@b.dev", "--admin-password=hush"]).await;
    assert_refused(&said, 1, &["--admin-password", "8"]);
    assert!(!said.err.contains("hush"));
}

#[tokio::test]
async fn a_bad_log_filter_is_named() {
    assert_refused(&run(&["--log", "tiketi=shouting"]).await, 1, &["--log", "shouting"]);
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let first = Running::start(&[]).await;
    let said = run(&["--listen", first.address()]).await;
    assert_refused(&said, 1, &[first.address(), "in use"]);
}

/// Returns the per-buyer limit of the demo's first seated event, which shows which value was used.
async fn limit_of(arguments: &[&str], variable: Option<&str>) -> i64 {
    let mut command = server(&[&["--listen=127.0.0.1:0", "--demo"], arguments].concat());
    if let Some(value) = variable {
        command.env("TIKETI_MAX_SEATS_PER_BUYER", value);
    }
    let running = Running::of(command).await;
    let (_, events) = running.get("/api/events", None).await;
    let limits = events["data"].as_array().unwrap().iter().map(|event| &event["limits"]["maxSeatsPerBuyer"]);
    limits.filter_map(serde_json::Value::as_i64).max().unwrap()
}

#[tokio::test]
async fn flags_win_over_environment_and_environment_over_file() {
    let (_folder, path) = file("max-seats-per-buyer = 21");
    let config = ["--config", path.to_str().unwrap()];
    let flag = ["--max-seats-per-buyer", "23"];
    assert_eq!(limit_of(&[], None).await, 8);
    assert_eq!(limit_of(&config, None).await, 21);
    assert_eq!(limit_of(&config, Some("22")).await, 22);
    assert_eq!(limit_of(&config, Some("")).await, 21);
    assert_eq!(limit_of(&[&config[..], &flag[..]].concat(), Some("22")).await, 23);
}

#[tokio::test]
async fn the_file_may_be_named_by_the_environment_and_every_option_set_in_it() {
    let text = "listen = \"127.0.0.1:0\"\ndemo = true\nrequest-timeout = \"10s\"\nbody-limit = 1024\n\
                store = \"memory:\"\nlog = \"warn\"\nlog-format = \"json\"\nhold-ttl = \"4m\"\n";
    let (_folder, path) = file(text);
    let mut command = server(&["serve"]);
    command.env("TIKETI_CONFIG", path);
    let running = Running::of(command).await;
    let body = serde_json::json!({ "email": "x".repeat(2_000), "password": "y" });
    assert_eq!(running.post("/api/auth/login", None, &body).await.0, 413);
    let (_, events) = running.get("/api/events", None).await;
    assert_eq!(events["data"][0]["limits"]["holdSeconds"], 240);
}
