//! Limits by account and address: behind a proxy, and counted by several servers together.

use serde_json::{Value, json};
use tiketi_server_harness::{Running, ServerShop, admin, token};
use tiketi_server_harness::{SECRET, run};
use uuid::Uuid;

/// A server behind a proxy on the loopback, with few failed sign-ins and places.
const LIMITED: [&str; 3] =
    ["--trusted-proxies=127.0.0.0/8", "--sign-in-limit-account=2/1h", "--join-limit-ipv4=2/1h"];

/// Sends JSON through the proxy, which names the client, and returns the status and the body.
async fn send(server: &Running, client: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let sender = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = sender.post(format!("http://{}{path}", server.address())).bearer_auth(token).json(body);
    let answer = request.header("x-forwarded-for", client).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Signs in with a wrong password, and returns the status.
async fn fail(server: &Running, client: &str) -> u16 {
    let body = json!({"email": "buyer@example.com", "password": "not the password"});
    send(server, client, "/api/auth/login", "", &body).await.0
}

#[tokio::test]
async fn a_networks_places_beyond_the_limit_are_at_the_back() {
    let folder = tempfile::tempdir().unwrap();
    let shop = ServerShop::make(&folder.path().join("shop.db")).await;
    let own = ["--store", &shop.store, "--jwt-secret", SECRET];
    let server = Running::start(&[&own[..], &LIMITED].concat()).await;
    let path = format!("/api/admin/events/{}/waiting-room", shop.event);
    assert_eq!(server.put(&path, &admin(), &json!({"mode": "on", "maxActive": 1})).await.0, 200);
    let mut classes = Vec::new();
    for (buyer, client) in (1..).zip(["192.0.2.1", "192.0.2.2", "203.0.113.9, 192.0.2.3", "198.51.100.1"]) {
        let buyer = token(Uuid::from_u128(buyer));
        let (status, place) =
            send(&server, client, "/api/queue", &buyer, &json!({"eventId": shop.event})).await;
        assert_eq!(status, 200, "{place}");
        let id = place["queueId"].as_str().unwrap().to_owned();
        classes.push(id.split_once('.').unwrap().1.chars().next().unwrap());
    }
    assert_eq!(classes, ['s', 's', 'd', 's']);
}

/// Seen to fail with each server counting alone.
#[tokio::test]
async fn servers_that_share_a_redis_count_failed_sign_ins_together() {
    let redis = tokio::task::spawn_blocking(tiketi_redis_harness::Server::start).await.unwrap();
    let url = redis.url();
    let options = [&LIMITED[..], &["--redis", &url, "--jwt-secret", SECRET]].concat();
    let (one, other) = (Running::start(&options).await, Running::start(&options).await);
    assert_eq!((fail(&one, "192.0.2.1").await, fail(&other, "192.0.2.2").await), (401, 401));
    assert_eq!((fail(&one, "192.0.2.3").await, fail(&other, "192.0.2.4").await), (429, 429));
    assert_eq!(fail(&other, "198.51.100.1").await, 401);
}

#[tokio::test]
async fn limits_that_make_no_sense_are_refused_by_name() {
    for (option, name) in [
        ("--trusted-proxies=proxy.example", "--trusted-proxies"),
        ("--join-limit-ipv6=many", "--join-limit-ipv6"),
        ("--sign-in-limit-ipv4=0/1h", "--sign-in-limit-ipv4"),
        ("--forwarded-header=via", "--forwarded-header"),
    ] {
        let refused = run(&[option]).await;
        assert!(refused.code != Some(0) && refused.err.contains(name), "{refused:?}");
    }
}
