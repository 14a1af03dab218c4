//! The waiting room of a server: buyers join, are admitted and hold; a restart keeps the line.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tiketi_core::Timestamp;
use tiketi_core::clock::{Clock, SystemClock};
use tiketi_server_harness::{DEADLINE, Running, SECRET, ServerShop, admin, token};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// A shop in a SQLite file, whose event has a waiting room for one buyer at a time.
struct Queue {
    shop: ServerShop,
    running: Running,
    folder: TempDir,
}

impl Queue {
    async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// Opens the shop with further options of the server.
    async fn open_with(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shop = ServerShop::make(&folder.path().join("shop.db")).await;
        let running = start(&shop, options).await;
        let policy = json!({"mode": "on", "maxActive": 1});
        let path = format!("/api/admin/events/{}/waiting-room", shop.event);
        let (status, answer) = running.put(&path, &admin(), &policy).await;
        assert_eq!(status, 200, "{answer}");
        Self { shop, running, folder }
    }

    async fn set_policy(&self, policy: &Value) -> (u16, Value) {
        let path = format!("/api/admin/events/{}/waiting-room", self.shop.event);
        self.running.put(&path, &admin(), policy).await
    }

    /// Reads the public state once: a failure is an answer, too.
    async fn serving(&self) -> (u16, Value) {
        let answer = self.running.get_once(&format!("/api/queue/{}/serving", self.shop.event)).await;
        (answer.status, answer.body)
    }

    /// Waits until the buyer's place has a state, without a command about it.
    async fn wait_for(&self, buyer: &str, state: &str) -> Value {
        let waits = async {
            loop {
                let place = self.place(buyer).await;
                if place["state"] == state {
                    return place;
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(DEADLINE, waits).await.unwrap_or_else(|_| panic!("the place was never {state}"))
    }

    /// Kills the server, and starts another one on the same file.
    async fn restarted(self, options: &[&str]) -> Self {
        let Self { shop, running, folder } = self;
        running.kill().await;
        let running = start(&shop, options).await;
        Self { shop, running, folder }
    }

    async fn join(&self, buyer: &str) -> Value {
        let body = json!({"eventId": self.shop.event});
        let (status, answer) = self.running.post("/api/queue/join", Some(buyer), &body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    async fn place(&self, buyer: &str) -> Value {
        let path = format!("/api/queue/status/{}", self.shop.event);
        let (status, answer) = self.running.get(&path, Some(buyer)).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Sends heartbeats until the buyer is admitted, and returns the place with its pass.
    async fn admitted(&self, buyer: &str) -> Value {
        let path = format!("/api/queue/heartbeat/{}", self.shop.event);
        let waits = async {
            loop {
                let (status, answer) = self.running.post(&path, Some(buyer), &json!({})).await;
                assert_eq!(status, 200, "{answer}");
                if answer["state"] == "active" {
                    return answer;
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(DEADLINE, waits).await.expect("the buyer was not admitted")
    }

    async fn hold(&self, buyer: &str, seat: usize, admission: &Value) -> (u16, Value) {
        let body =
            json!({"eventId": self.shop.event, "seatIds": [self.shop.seats[seat]], "admission": admission});
        self.running.post("/api/seats/reserve", Some(buyer), &body).await
    }
}

async fn start(shop: &ServerShop, options: &[&str]) -> Running {
    let own = ["--store", &shop.store, "--jwt-secret", SECRET, "--sweep-every=50ms"];
    Running::start(&[&own, options].concat()).await
}

fn buyer(number: u128) -> String {
    token(Uuid::from_u128(number))
}

#[tokio::test]
async fn a_crash_keeps_the_line_and_the_passes() {
    let queue = Queue::open().await;
    let (first, second, third) = (buyer(1), buyer(2), buyer(3));
    for (number, buyer) in [(1, &first), (2, &second), (3, &third)] {
        assert_eq!(queue.join(buyer).await["number"], number);
    }
    let active = queue.admitted(&first).await;
    let (status, refused) = queue.hold(&second, 0, &Value::Null).await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("NOT_ADMITTED")), "{refused}");

    let queue = queue.restarted(&[]).await;
    let after = queue.place(&first).await;
    assert_eq!((&after["state"], &after["queueId"]), (&json!("active"), &active["queueId"]));
    let (status, held) = queue.hold(&first, 0, &active["admission"]).await;
    assert_eq!(status, 201, "the pass of before the crash: {held}");
    for (number, buyer) in [(2, &second), (3, &third), (4, &buyer(4))] {
        let place = queue.join(buyer).await;
        assert_eq!((&place["state"], &place["number"]), (&json!("waiting"), &json!(number)), "{place}");
    }

    let body = json!({"reservationId": held["reservation"]["id"], "paymentMethod": "kakao_pay"});
    let (status, paid) = queue.running.post("/api/payments/process", Some(&first), &body).await;
    assert_eq!(status, 200, "{paid}");
    let next = queue.admitted(&second).await;
    assert_eq!(queue.place(&third).await["state"], "waiting", "one at a time, in the order of the line");
    assert_eq!(queue.hold(&second, 1, &next["admission"]).await.0, 201);
}

#[tokio::test]
async fn a_pass_of_another_admission_secret_is_refused() {
    let queue = Queue::open().await;
    let first = buyer(1);
    queue.join(&first).await;
    let pass = queue.admitted(&first).await["admission"].clone();
    let queue = queue.restarted(&["--admission-secret", "another secret of at least thirty-two bytes"]).await;
    let (status, refused) = queue.hold(&first, 0, &pass).await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("NOT_ADMITTED")), "{refused}");
    let renewed = queue.admitted(&first).await["admission"].clone();
    assert_eq!(queue.hold(&first, 0, &renewed).await.0, 201);
}

#[tokio::test]
async fn the_metrics_and_the_admin_view_show_a_waiting_room() {
    let queue = Queue::open().await;
    let room = format!("/api/admin/events/{}/waiting-room", queue.shop.event);
    let policy = json!({
        "mode": "on", "maxActive": 1, "rate": "adaptive", "admitPerMinute": 60, "admitPerMinuteAtMost": 600,
    });
    assert_eq!(queue.running.put(&room, &admin(), &policy).await.0, 200);
    for id in 1..=3 {
        queue.join(&buyer(id)).await;
    }
    queue.admitted(&buyer(1)).await;
    let page = reqwest::get(format!("http://{}/metrics", queue.running.address())).await.unwrap();
    let text = page.text().await.unwrap();
    let event = &queue.shop.event;
    for line in [
        &format!("tiketi_queue_users{{event=\"{event}\",state=\"waiting\"}} 2"),
        &format!("tiketi_queue_users{{event=\"{event}\",state=\"active\"}} 1"),
        &format!("tiketi_queue_adaptive_per_minute{{event=\"{event}\"}} 60"),
        "tiketi_queue_rate_decisions_total{reason=\"started\"} 1",
        "tiketi_queue_called_total 1",
        "tiketi_outbox_lag_seconds 0.0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in:\n{text}");
    }
    let (_, answer) = queue.running.get(&room, Some(&admin())).await;
    let shown = &answer["room"];
    assert_eq!(
        (&shown["waiting"], &shown["active"], &shown["servingNumber"]),
        (&json!(2), &json!(1), &json!(1))
    );
    let adaptive = &shown["adaptive"];
    let reason = adaptive["reason"].as_str().unwrap();
    // Without a hold the rate is kept, should the machine be so slow that it is decided again.
    assert!(adaptive["perMinute"] == 60 && ["started", "kept"].contains(&reason), "{answer}");
}

/// Buyers are called by the jobs, and learn of it by asking: the crash is between the two.
#[tokio::test]
async fn buyers_who_were_called_before_a_crash_are_called_once() {
    let queue = Queue::open().await;
    assert_eq!(queue.set_policy(&json!({"mode": "on", "maxActive": 2})).await.0, 200);
    let buyers = [buyer(1), buyer(2), buyer(3)];
    for buyer in &buyers {
        queue.join(buyer).await;
    }
    let before = [queue.wait_for(&buyers[0], "called").await, queue.wait_for(&buyers[1], "called").await];
    let queue = queue.restarted(&[]).await;
    let after = [queue.place(&buyers[0]).await, queue.place(&buyers[1]).await];
    for (before, after) in before.iter().zip(&after) {
        for field in ["state", "queueId", "number", "until"] {
            assert_eq!(before[field], after[field], "{field}");
        }
    }
    for buyer in &buyers[..2] {
        queue.admitted(buyer).await;
    }
    assert_eq!(queue.place(&buyers[2]).await["state"], "waiting", "two at a time");
    let (_, serving) = queue.serving().await;
    assert_eq!((&serving["servingNumber"], &serving["totalWaiting"]), (&json!(2), &json!(1)));
}

/// The beacon is round 1,000 of drand's chain `quicknet`, which was published in 2023; so the line opened before it.
#[tokio::test]
async fn a_draw_awaits_a_published_round_and_refuses_a_forged_one() {
    const CHAIN: &str = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971";
    const SIGNATURE: &str =
        "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39";
    let queue = Queue::open().await;
    let policy = |opens_at: &str| {
        let beacon = json!({"chain": CHAIN, "round": 1_000});
        json!({"mode": "on", "maxActive": 1, "fairness": "draw", "opensAt": opens_at, "beacon": beacon})
    };
    let (status, refused) = queue.set_policy(&policy("2023-08-23T16:00:00Z")).await;
    assert_eq!(
        (status, &refused["details"]["publishedAt"]),
        (422, &json!("2023-08-23T15:59:24Z")),
        "{refused}"
    );
    let (status, set) = queue.set_policy(&policy("2023-08-23T15:00:00Z")).await;
    assert_eq!(status, 200, "{set}");
    let first = buyer(1);
    queue.join(&first).await;

    let path = format!("/api/admin/events/{}/waiting-room/beacon", queue.shop.event);
    let supply = async |signature: &str| {
        let body = json!({"round": 1_000, "signature": signature});
        queue.running.post(&path, Some(&admin()), &body).await
    };
    let (status, refused) = supply(&SIGNATURE.replace("5e39", "5e38")).await;
    assert_eq!((status, &refused["code"]), (422, &json!("BEACON_REFUSED")), "{refused}");
    assert_eq!(queue.place(&first).await["state"], "waiting");
    let (status, supplied) = supply(SIGNATURE).await;
    assert_eq!((status, &supplied["policy"]["beacon"]["signature"]), (200, &json!(SIGNATURE)), "{supplied}");
    queue.admitted(&first).await;
}

/// How old the public state may be, plus what the two sides of the comparison are apart.
const OLDEST: Duration = Duration::from_millis(2_050);

#[tokio::test]
async fn while_redis_is_down_no_one_enters_and_nothing_old_is_shown() {
    let redis = tokio::task::spawn_blocking(tiketi_redis_harness::Server::start).await.unwrap();
    let queue = Queue::open_with(&["--redis", &redis.url()]).await;
    let (first, second) = (buyer(1), buyer(2));
    queue.join(&first).await;
    let pass = queue.admitted(&first).await["admission"].clone();
    queue.join(&second).await;
    assert_eq!(queue.serving().await.0, 200);

    redis.kill();
    let goes_down = async {
        loop {
            let asked = SystemClock.now();
            let (status, serving) = queue.serving().await;
            if status == 503 {
                return;
            }
            let as_of: Timestamp = serving["asOf"].as_str().unwrap().parse().unwrap();
            assert!(as_of.after(OLDEST) >= asked, "{serving} at {asked}");
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(DEADLINE, goes_down).await.expect("an old state was shown for ever");
    let path = format!("/api/queue/heartbeat/{}", queue.shop.event);
    let beat = queue.running.post_once(&path, &second, &json!({})).await;
    assert!([202, 503].contains(&beat.status), "a heartbeat: {beat:?}");
    let body = json!({"eventId": queue.shop.event});
    let join = queue.running.post_once("/api/queue", &second, &body).await;
    assert!([202, 503].contains(&join.status), "a join: {join:?}");
    let (status, refused) = queue.hold(&second, 0, &Value::Null).await;
    assert_eq!((status, &refused["code"]), (403, &json!("NOT_ADMITTED")), "closed is closed");
    assert_eq!(queue.hold(&first, 0, &pass).await.0, 201, "who has a pass buys on");

    // Redis is empty now: buyers join again, and the jobs call them, without a restart of the server.
    redis.start_again();
    let recovers = async {
        while queue.running.post("/api/queue", Some(&second), &body).await.0 != 200 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, recovers).await.expect("the server did not recover");
    queue.admitted(&second).await;
    let shown = async {
        while queue.serving().await.0 != 200 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, shown).await.expect("the public state did not come back");
}
