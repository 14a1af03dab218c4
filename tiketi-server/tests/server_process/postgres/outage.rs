//! The answers of a server during and after an outage of Postgres.

use std::time::Duration;

use serde_json::json;
use tiketi_postgres_harness::{Database, Fsync, Server};
use tiketi_server_harness::{Answer, DEADLINE, Running, SECRET, migrate};
use tokio::time::{sleep, timeout};

use crate::restart::buy;

async fn until_ready(running: &Running) {
    let ready = async {
        while running.get_once("/health/ready").await.status != 200 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, ready).await.expect("it never came back");
}

#[tokio::test]
async fn a_server_answers_503_without_postgres_and_sells_when_it_is_back() {
    let postgres = Server::start(Fsync::Off).await;
    let database = Database::fresh(&postgres, migrate).await;
    let shop = ["--demo", "--store", &database.url(), "--jwt-secret", SECRET];
    let running = Running::start(&shop).await;
    let (token, path) = buy(&running, 0).await;
    postgres.stop().await;

    for health in ["/health/db", "/health/ready", "/health/all"] {
        let Answer { status, retry_after, body } = running.get_once(health).await;
        assert_eq!((status, body["details"]["checks"]["db"].as_str()), (503, Some("down")), "{body}");
        assert!(retry_after.is_some());
    }
    assert_eq!(running.get("/health/live", None).await.0, 200);
    let Answer { status, retry_after, body } = running.get_once("/api/events").await;
    assert_eq!((status, body["code"].as_str()), (503, Some("SERVICE_UNAVAILABLE")), "{body}");
    assert!(retry_after.is_some());
    let body = json!({ "eventId": NOBODYS_ID, "seatIds": [NOBODYS_ID] });
    let Answer { status, body, .. } = running.post_once("/api/seats/reserve", &token, &body).await;
    assert_eq!((status, body["code"].as_str()), (503, Some("SERVICE_UNAVAILABLE")), "{body}");

    postgres.restart().await;
    until_ready(&running).await;
    let (_, sold) = running.get(&path, Some(&token)).await;
    assert_eq!(sold["reservation"]["status"], "confirmed", "{sold}");
    buy(&running, 1).await;
    let said = running.stop().await;
    assert!(said.code == Some(0) && !said.err.contains(postgres.password()), "{said:?}");
}

/// An id that no event has.
const NOBODYS_ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[tokio::test]
async fn a_token_of_one_server_is_valid_at_the_other() {
    let database = Database::fresh(Server::shared().await, migrate).await;
    let shop = ["--store", &database.url(), "--jwt-secret", SECRET];
    let one = Running::start(&[&["--demo"], &shop[..]].concat()).await;
    let other = Running::start(&shop).await;
    let token = one.sign_in("demo@tiketi.dev", "demo1234").await;
    let (status, me) = other.get("/api/auth/me", Some(&token)).await;
    assert_eq!((status, me["user"]["email"].as_str()), (200, Some("demo@tiketi.dev")), "{me}");
    // A seat sold at one server is sold at the other, although that server has a cached map.
    let (_, events) = other.get("/api/events?status=on_sale&search=paper+lighthouse", None).await;
    let map_path = format!("/api/seats/{}", events["data"][0]["id"].as_str().unwrap());
    let (_, before) = other.get(&map_path, None).await;
    assert_eq!(before["seats"][0]["status"], "available");
    buy(&one, 0).await;
    let shown = async {
        loop {
            let (_, map) = other.get(&map_path, None).await;
            if map["seats"][0]["status"] == "reserved" {
                return map;
            }
        }
    };
    // It takes at most a second.
    let after = timeout(Duration::from_mins(1), shown).await.unwrap();
    let body = json!({ "eventId": after["event"]["id"], "seatIds": [after["seats"][0]["id"]] });
    let (status, refused) = other.post("/api/seats/reserve", Some(&token), &body).await;
    assert_eq!((status, refused["code"].as_str()), (409, Some("SEATS_TAKEN")), "{refused}");
}
