//! A restart keeps all sales, and a second server cannot open the file.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use tiketi_server_harness::{Running, run, server};

/// Starts the server like the README's first command: with the demo only, in a temporary folder.
async fn first_command(folder: &Path) -> Running {
    let mut command = server(&["--listen", "127.0.0.1:0"]);
    command.current_dir(folder).env_remove("TIKETI_STORE").env("TIKETI_DEMO", "true");
    Running::of(command).await
}

/// Buys a seat as the demo's buyer, and returns the token and the path of the reservation.
pub(crate) async fn buy(running: &Running, seat: usize) -> (String, String) {
    let token = running.sign_in("demo@tiketi.dev", "demo1234").await;
    let (_, events) = running.get("/api/events?status=on_sale&search=paper+lighthouse", None).await;
    let event = events["data"][0]["id"].as_str().unwrap();
    let (_, map) = running.get(&format!("/api/seats/{event}"), None).await;
    let body = json!({ "eventId": event, "seatIds": [map["seats"][seat]["id"]] });
    let (status, held) = running.post("/api/seats/reserve", Some(&token), &body).await;
    assert_eq!(status, 201, "{held}");
    let id = held["reservation"]["id"].as_str().unwrap();
    let body = json!({ "reservationId": id, "paymentMethod": "kakao_pay" });
    let (status, paid) = running.post("/api/payments/process", Some(&token), &body).await;
    assert_eq!(status, 200, "{paid}");
    (token, format!("/api/reservations/{id}"))
}

async fn assert_sold(running: &Running, token: &str, path: &str) {
    let (status, answer) = running.get(path, Some(token)).await;
    assert_eq!((status, answer["reservation"]["status"].as_str()), (200, Some("confirmed")), "{answer}");
}

/// Fails if each process generates its own secret, or if `--demo` creates the events a second time.
#[tokio::test]
async fn sales_survive_a_restart_and_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let running = first_command(folder.path()).await;
    let (token, path) = buy(&running, 0).await;
    let said = running.stop().await;
    assert_eq!(said.code, Some(0), "{said:?}");

    let running = first_command(folder.path()).await;
    assert_sold(&running, &token, &path).await;
    let (_, events) = running.get("/api/events", None).await;
    assert_eq!(events["pagination"]["total"], 4, "the demo was filled again");
    let (other_token, other_path) = buy(&running, 1).await;
    running.kill().await;

    let running = first_command(folder.path()).await;
    assert_sold(&running, &token, &path).await;
    assert_sold(&running, &other_token, &other_path).await;
    let (status, cancelled) = running.post(&format!("{path}/cancel"), Some(&token), &json!({})).await;
    assert_eq!(
        (status, cancelled["reservation"]["status"].as_str()),
        (200, Some("cancelled")),
        "{cancelled}"
    );
    assert!(!running.stop().await.err.contains("a secret was generated"), "a second secret was made");
}

#[cfg(unix)]
#[tokio::test]
async fn the_secret_beside_the_store_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, store) = store();
    let said = Running::start(&["--store", &store]).await.stop().await;
    let file = format!("{}.jwt-secret", file_of(&store));
    let secret = fs::read_to_string(&file).unwrap();
    assert_eq!(secret.len(), 52);
    assert!(!said.err.contains(&secret) && said.err.contains(&file), "{}", said.err);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_stored_secret_that_is_too_short_is_refused_with_its_file() {
    let (_folder, store) = store();
    fs::write(format!("{}.jwt-secret", file_of(&store)), "hush\n").unwrap();
    let said = run(&["--listen=127.0.0.1:0", "--store", &store]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.err.contains("shop.db.jwt-secret: the token secret has 4 bytes") && !said.err.contains("hush"),
        "{said:?}"
    );
}

pub(crate) fn store() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("shop.db").display());
    (folder, store)
}

pub(crate) fn file_of(store: &str) -> &str {
    store.strip_prefix("sqlite:").unwrap()
}

#[tokio::test]
async fn a_second_server_on_one_file_is_refused_and_the_first_sells_on() {
    let (_folder, store) = store();
    let first = Running::start(&["--demo", "--store", &store]).await;
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../tiketi-http/assets/layouts/paper-boat-theatre.json");
    let second = ["--listen", "127.0.0.1:0", "--store", &store];
    for arguments in
        [&second[..], &["import-layout", own, "--store", &store], &["migrate", "--store", &store]]
    {
        let said = run(arguments).await;
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains("shop.db is in use by another process"), "{said:?}");
    }
    buy(&first, 0).await;
}

#[tokio::test]
async fn an_imported_layout_is_there_for_the_server() {
    let (_folder, store) = store();
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../tiketi-http/assets/layouts/paper-boat-theatre.json");
    let said = run(&["import-layout", own, "--store", &store]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    let id = said.out.lines().find_map(|line| line.strip_prefix("stored as layout ")).expect(&said.out);
    let running = Running::start(&["--store", &store]).await;
    let (_, listed) = running.get("/api/seats/layouts", None).await;
    let ids: Vec<&Value> = listed["layouts"].as_array().unwrap().iter().map(|layout| &layout["id"]).collect();
    assert_eq!(ids, [id]);
}
