//! The waiting room of a server: buyers join, are admitted and hold; a restart keeps the line.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
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
        let folder = tempfile::tempdir().unwrap();
        let shop = ServerShop::make(&folder.path().join("shop.db")).await;
        let running = start(&shop, &[]).await;
        let policy = json!({"mode": "on", "maxActive": 1});
        let path = format!("/api/admin/events/{}/waiting-room", shop.event);
        let (status, answer) = running.put(&path, &admin(), &policy).await;
        assert_eq!(status, 200, "{answer}");
        Self { shop, running, folder }
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
