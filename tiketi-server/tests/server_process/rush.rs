//! Many buyers of an event with a waiting room: every seat is sold once, in the order of the line, and no buyer is
//! stuck.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use tiketi_server_harness::{
    DEADLINE, Running, SECRET, Sender, ServerShop, Stock, admin, raise_open_file_limit, run, token,
};
use tiketi_sqlite::SqliteStore;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// Number of buyers. Of each hundred, five leave after they have joined, and five after they are admitted.
const BUYERS: u64 = 500;
/// Rows of 50 seats.
const ROWS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(250);

/// How a buyer's visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visit {
    Bought { number: u64 },
    SoldOut { number: u64 },
    Vanished,
}

impl Visit {
    /// Returns the number of a buyer who got a seat.
    fn bought(&self) -> Option<u64> {
        match self {
            Self::Bought { number } => Some(*number),
            Self::SoldOut { .. } | Self::Vanished => None,
        }
    }
}

/// A buyer of one seat.
struct Person {
    name: u64,
    token: String,
    shop: Arc<ServerShop>,
    sender: Sender,
}

impl Person {
    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.sender.post(path, &self.token, body).await.unwrap()
    }

    async fn visit(self) -> Visit {
        let mut place = self.join().await;
        if self.name % 20 == 3 {
            return Visit::Vanished;
        }
        loop {
            let number = place["number"].as_u64().unwrap();
            if place["state"] == "active" {
                if self.name % 20 == 7 {
                    return Visit::Vanished;
                }
                if self.buy(&place["admission"]).await {
                    return Visit::Bought { number };
                }
            }
            if place["state"] == "active" && self.free_seats().await.is_empty() {
                self.post(&format!("/api/queue/leave/{}", self.shop.event), &json!({})).await;
                return Visit::SoldOut { number };
            }
            sleep(PAUSE).await;
            place = self.heartbeat().await;
        }
    }

    async fn join(&self) -> Value {
        let (status, place) = self.post("/api/queue", &json!({"eventId": self.shop.event})).await;
        assert_eq!(status, 200, "{place}");
        place
    }

    /// Sends a heartbeat; if the buyer's turn has ended, joins again.
    async fn heartbeat(&self) -> Value {
        let path = format!("/api/queue/heartbeat/{}", self.shop.event);
        let (status, place) = self.post(&path, &json!({})).await;
        if status == 200 {
            return place;
        }
        assert_eq!(place["code"], "PLACE_ENDED", "{place}");
        self.join().await
    }

    async fn free_seats(&self) -> Vec<Value> {
        let (_, map) = self.sender.get(&format!("/api/seats/{}", self.shop.event)).await.unwrap();
        let seats = map["seats"].as_array().unwrap().iter();
        seats.filter(|seat| seat["status"] == "available").map(|seat| seat["id"].clone()).collect()
    }

    /// Holds a free seat and pays for it; returns false if other buyers took the seats first.
    async fn buy(&self, admission: &Value) -> bool {
        let free = self.free_seats().await;
        let Some(seat) = usize::try_from(self.name).unwrap().checked_rem(free.len()) else { return false };
        let body = json!({"eventId": self.shop.event, "seatIds": [free[seat]], "admission": admission});
        let (status, held) = self.post("/api/seats/reserve", &body).await;
        if status != 201 {
            let code = held["code"].as_str().unwrap();
            assert!(["SEATS_TAKEN", "NOT_ADMITTED"].contains(&code), "{held}");
            return false;
        }
        let body = json!({"reservationId": held["reservation"]["id"], "paymentMethod": "kakao_pay"});
        let (status, paid) = self.post("/api/payments/process", &body).await;
        assert_eq!(status, 200, "{paid}");
        true
    }
}

async fn shop_in(path: &Path) -> Arc<ServerShop> {
    let store = Arc::new(SqliteStore::open(path).unwrap());
    let stock = Stock { rows: ROWS, standing: 1 };
    Arc::new(ServerShop::over(store, format!("sqlite:{}", path.display()), stock).await)
}

#[tokio::test]
async fn a_rush_sells_every_seat_once_in_the_order_of_the_line() {
    raise_open_file_limit();
    let folder = tempfile::tempdir().unwrap();
    let shop = shop_in(&folder.path().join("shop.db")).await;
    let running =
        Running::start(&["--store", &shop.store, "--jwt-secret", SECRET, "--sweep-every=50ms"]).await;
    let policy = json!({"mode": "on", "maxActive": 50, "turnWindow": 10, "sessionTtl": 10, "sessionCap": 60});
    let room = format!("/api/admin/events/{}/waiting-room", shop.event);
    assert_eq!(running.put(&room, &admin(), &policy).await.0, 200);

    let visits = (0..BUYERS).map(|name| {
        let token = token(Uuid::from_u128(u128::from(name) + 1));
        Person { name, token, shop: Arc::clone(&shop), sender: running.sender() }.visit()
    });
    let visits = timeout(DEADLINE, join_all(visits)).await.expect("a buyer is stuck");

    let bought: BTreeSet<u64> = visits.iter().filter_map(Visit::bought).collect();
    assert_eq!(bought.len(), shop.seats.len(), "every seat is sold, each to another place");
    let last = bought.last().copied().unwrap();
    let overtaken =
        visits.iter().filter(|visit| matches!(visit, Visit::SoldOut { number } if *number < last));
    // Buyers who were admitted last may find no free seat.
    assert!(overtaken.count() <= 50, "only buyers who were inside together may be overtaken");
    let (_, answer) = running.get(&room, Some(&admin())).await;
    assert_eq!(answer["room"]["waiting"], 0, "{answer}");
    assert_eq!(running.stop().await.code, Some(0));
    let said = run(&["audit", "--store", &shop.store]).await;
    assert!(said.code == Some(0) && said.out.starts_with("no violations; "), "{said:?}");
}
