//! Two servers on one Postgres, of which one has a clock that is 301 seconds ahead.

use std::path::PathBuf;

use serde_json::json;
use tiketi_postgres_harness::{Database, Server};

use crate::crash::shop::SECRET;
use crate::many::migrate;
use crate::process::{Running, server};

/// Finds what gives a program another clock; of the Debian package `faketime`.
fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap().map(|folder| folder.unwrap().path());
    let mut libraries = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    libraries.find(|library| library.exists()).expect("the package faketime is installed")
}

/// Starts a server on a shop, by a clock that is ahead.
async fn start_ahead(shop: &[&str]) -> Running {
    let mut command = server(&[&["--listen", "127.0.0.1:0"], shop].concat());
    // Waits and time-outs go by the clock that nobody sets, which stays as it is.
    command.env("LD_PRELOAD", library()).env("FAKETIME", "+301s").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    Running::of(command).await
}

/// Seen to fail, with the hold taken over, while no clock but the server's own was looked at.
#[tokio::test]
async fn a_server_whose_clock_is_ahead_is_not_ready_warns_and_ends_no_hold() {
    let database = Database::fresh(Server::shared().await, migrate).await;
    let shop = ["--store", &database.url(), "--jwt-secret", SECRET];
    let right = Running::start(&[&["--demo"], &shop[..]].concat()).await;
    let token = right.sign_in("demo@tiketi.dev", "demo1234").await;
    let (_, events) = right.get("/api/events?status=on_sale&search=paper+lighthouse", None).await;
    let event = events["data"][0]["id"].as_str().unwrap().to_owned();
    let (_, map) = right.get(&format!("/api/seats/{event}"), None).await;
    let seats = map["seats"].as_array().unwrap().iter().filter(|seat| seat["status"] == "available");
    let seats: Vec<_> = seats.map(|seat| seat["id"].clone()).take(2).collect();
    let body = json!({ "eventId": event, "seatIds": [seats[0]] });
    let (status, held) = right.post("/api/seats/reserve", Some(&token), &body).await;
    assert_eq!(status, 201, "{held}");

    let wrong = start_ahead(&shop).await;
    let (status, told) = wrong.get("/health/ready", None).await;
    assert_eq!(status, 503, "{told}");
    let clock = told["details"]["checks"]["clock"].as_str().unwrap();
    assert!(clock.ends_with("s ahead of the store's"), "{clock}");
    assert_eq!(right.get("/health/ready", None).await.0, 200);
    // Its token is of a moment that is yet to come for the other, and good here.
    let token_there = wrong.sign_in("demo@tiketi.dev", "demo1234").await;
    let body = json!({ "eventId": event, "seatIds": [seats[1]] });
    let (status, refused) = wrong.post("/api/seats/reserve", Some(&token_there), &body).await;
    assert_eq!((status, refused["code"].as_str()), (503, Some("SERVICE_UNAVAILABLE")), "{refused}");

    let said = wrong.stop().await;
    assert!(said.err.contains("the clock differs from the store's"), "{}", said.err);
    // Its sweeps ran while it was up; what the other's buyer holds is as it was.
    let path = format!("/api/reservations/{}", held["reservation"]["id"].as_str().unwrap());
    let (_, still) = right.get(&path, Some(&token)).await;
    assert_eq!(still["reservation"]["status"], "pending", "{still}");
    assert_eq!(right.stop().await.code, Some(0));
}
