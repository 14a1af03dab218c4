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

/// Reads through the proxy as a client, signed in with a token if there is one, and returns the status and `Retry-After`.
async fn read(server: &Running, client: &str, token: Option<&str>) -> (u16, String) {
    let sender = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = sender.get(format!("http://{}/api/events", server.address()));
    let request = request.header("x-forwarded-for", client);
    let request = token.map_or(request.try_clone().unwrap(), |token| request.bearer_auth(token));
    let answer = request.send().await.unwrap();
    let wait = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), wait.unwrap_or_default())
}

const FEW_REQUESTS: [&str; 7] = [
    "--trusted-proxies=127.0.0.0/8",
    "--read-limit-ipv4=3/1h",
    "--read-limit-user=2/1h",
    "--write-limit-user=2/1h",
    "--write-limit-ipv4=2/1h",
    "--auth-limit-ipv4=2/1h",
    "--register-limit-ipv4=1/1h",
];

/// Seen to fail with users counted by their network.
#[tokio::test]
async fn a_network_beyond_its_limit_keeps_neither_others_nor_its_own_users_out() {
    let server = Running::start(&[&FEW_REQUESTS[..], &["--jwt-secret", SECRET]].concat()).await;
    for _ in 0..3 {
        assert_eq!(read(&server, "192.0.2.1", None).await.0, 200);
    }
    let (status, wait) = read(&server, "192.0.2.9", None).await;
    assert_eq!(status, 429);
    assert!((1..=1_200).contains(&wait.parse::<u32>().unwrap()), "{wait}");
    assert_eq!(read(&server, "198.51.100.1", None).await.0, 200);
    let (one, other) = (token(Uuid::from_u128(1)), token(Uuid::from_u128(2)));
    for _ in 0..2 {
        assert_eq!(read(&server, "192.0.2.1", Some(&one)).await.0, 200);
    }
    assert_eq!(read(&server, "192.0.2.1", Some(&one)).await.0, 429);
    assert_eq!(read(&server, "192.0.2.1", Some(&other)).await.0, 200);
    assert_eq!(read(&server, "192.0.2.1", Some("no token")).await.0, 429);
    // Health checks are never limited.
    for _ in 0..10 {
        assert_eq!(server.get_once("/health/live").await.status, 200);
    }
}

#[tokio::test]
async fn writes_sign_ins_and_registrations_have_allowances_of_their_own() {
    let server = Running::start(&[&FEW_REQUESTS[..], &["--jwt-secret", SECRET]].concat()).await;
    let nothing = json!({});
    let one = token(Uuid::from_u128(1));
    let statuses = async |client: &str, path: &str, token: &str, times: usize| {
        let mut found = Vec::new();
        for _ in 0..times {
            found.push(send(&server, client, path, token, &nothing).await.0);
        }
        found
    };
    assert_eq!(statuses("192.0.2.1", "/api/seats/reserve", &one, 3).await, [422, 422, 429]);
    assert_eq!(statuses("192.0.2.1", "/api/seats/reserve", "", 3).await, [401, 401, 429]);
    assert_eq!(statuses("192.0.2.1", "/api/auth/login", "", 3).await, [422, 422, 429]);
    assert_eq!(statuses("192.0.2.1", "/api/auth/register", "", 2).await, [422, 429]);
    assert_eq!(statuses("198.51.100.1", "/api/auth/register", "", 2).await, [422, 429]);
    // A buyer who wrote too much in one network has written too much in every one.
    assert_eq!(statuses("198.51.100.1", "/api/seats/reserve", &one, 1).await, [429]);
    let (_, refused) = send(&server, "198.51.100.1", "/api/seats/reserve", &one, &nothing).await;
    assert_eq!(refused["code"], "TOO_MANY_REQUESTS");
}

/// Fails with each server counting alone.
#[tokio::test]
async fn servers_that_share_a_redis_count_writes_together_and_alone_without_it() {
    let redis = tokio::task::spawn_blocking(tiketi_redis_harness::Server::start).await.unwrap();
    let url = redis.url();
    let options = [&FEW_REQUESTS[..], &["--redis", &url, "--jwt-secret", SECRET]].concat();
    let (one, other) = (Running::start(&options).await, Running::start(&options).await);
    let buyer = token(Uuid::from_u128(1));
    let write =
        async |server: &Running| send(server, "192.0.2.1", "/api/seats/reserve", &buyer, &json!({})).await.0;
    assert_eq!((write(&one).await, write(&other).await, write(&one).await), (422, 422, 429));
    redis.kill();
    // Each has counted none of them alone, and counts from now on.
    assert_eq!([write(&one).await, write(&one).await, write(&one).await], [422, 422, 429]);
}

/// Registers an account, and returns its token.
async fn registered(server: &Running, client: &str, name: &str) -> String {
    let body =
        json!({"email": format!("{name}@example.com"), "name": name, "password": "lantern paper boat"});
    let (status, answer) = send(server, client, "/api/auth/register", "", &body).await;
    assert_eq!(status, 201, "{answer}");
    answer["token"].as_str().unwrap().to_owned()
}

/// Fails if holds are counted for their users only: every account holds its seats.
#[tokio::test]
async fn accounts_without_a_proved_address_do_not_take_the_hall_from_one_network() {
    let folder = tempfile::tempdir().unwrap();
    let shop = ServerShop::make(&folder.path().join("shop.db")).await;
    let limits =
        ["--trusted-proxies=127.0.0.0/8", "--unverified-hold-limit-ipv4=2/10m", "--hold-limit-ipv4=3/10m"];
    let own = ["--store", &shop.store, "--jwt-secret", SECRET];
    let server = Running::start(&[&own[..], &limits].concat()).await;
    let hold = async |client: &str, token: &str, seat: usize| {
        let body = json!({"eventId": shop.event, "seatIds": [shop.seats[seat]]});
        send(&server, client, "/api/reservations", token, &body).await.0
    };
    let mut statuses = Vec::new();
    for seat in 0..4 {
        let client = format!("192.0.2.{seat}");
        let buyer = registered(&server, &client, &format!("buyer{seat}")).await;
        statuses.push(hold(&client, &buyer, seat).await);
    }
    assert_eq!(statuses, [201, 201, 429, 429]);
    let elsewhere = registered(&server, "198.51.100.1", "elsewhere").await;
    assert_eq!(hold("198.51.100.1", &elsewhere, 4).await, 201);
    // Users who are vouched for have a larger allowance of their own.
    for seat in 5..9 {
        let expected = if seat < 8 { 201 } else { 429 };
        assert_eq!(hold("192.0.2.1", &token(Uuid::from_u128(seat as u128)), seat).await, expected);
    }
}
