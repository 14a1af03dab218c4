//! One buyer, who comes for one seat.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tiketi_core::Timestamp;
use tiketi_server_harness::{ServerShop, token};
use tokio::time::sleep;
use uuid::Uuid;

use crate::Size;
use crate::board::Board;
use crate::crowd::Line;

/// Of so many buyers, one vanishes at each step.
const VANISHES: u32 = 20;
/// Pause between two looks at the seats, in milliseconds.
const LOOK_AGAIN: std::ops::Range<u64> = 300..800;

/// How a visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Bought,
    SoldOut,
    Vanished,
}

/// The wait in seconds that a buyer was told, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) at: Timestamp,
    pub(crate) wait: Option<f64>,
    pub(crate) ahead: u64,
    pub(crate) poll: f64,
}

/// One place in the line: its number, what its buyer was told, and when it was called.
#[derive(Debug, Default)]
pub(crate) struct Stay {
    pub(crate) number: u64,
    pub(crate) told: Vec<Told>,
    pub(crate) called_at: Option<Timestamp>,
}

/// How a buyer's visit ended.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) stays: Vec<Stay>,
    /// The seats that were paid for; more than one if a hold was added to an earlier one.
    pub(crate) seats: Vec<String>,
    /// Codes of refused payments.
    pub(crate) unpaid: Vec<String>,
    pub(crate) end: End,
}

pub(crate) struct Person {
    name: u32,
    token: String,
    size: Size,
    shop: Arc<ServerShop>,
    line: Arc<Line>,
    board: Arc<Board>,
    visit: Visit,
}

/// The steps at which buyers vanish.
#[derive(Debug, Clone, Copy)]
enum Step {
    Joined = 3,
    Called = 7,
    Entered = 11,
    Held = 17,
}

impl Person {
    pub(crate) fn new(
        name: u32,
        size: Size,
        shop: &Arc<ServerShop>,
        line: &Arc<Line>,
        board: &Arc<Board>,
    ) -> Self {
        let token = token(Uuid::from_u128(u128::from(name) + 1));
        let (shop, line, board) = (Arc::clone(shop), Arc::clone(line), Arc::clone(board));
        let visit = Visit { stays: Vec::new(), seats: Vec::new(), unpaid: Vec::new(), end: End::Vanished };
        Self { name, token, size, shop, line, board, visit }
    }

    pub(crate) async fn visit(mut self) -> Visit {
        sleep(self.size.arrivals.mul_f64(rand::random_range(0.0..1.0))).await;
        self.visit.end = loop {
            self.join().await;
            if self.vanishes(Step::Joined) {
                break End::Vanished;
            }
            match self.wait().await {
                Turn::Called => {}
                Turn::Missed => continue,
                Turn::SoldOut => break End::SoldOut,
            }
            if self.vanishes(Step::Called) {
                break End::Vanished;
            }
            if let Some(end) = self.shop().await {
                break end;
            }
        };
        self.visit
    }

    fn vanishes(&self, step: Step) -> bool {
        self.name % VANISHES == step as u32
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.line.send(Method::POST, path, Some(&self.token), Some(body)).await
    }

    async fn join(&mut self) {
        let (status, place) = self.post("/api/queue", &json!({"eventId": self.shop.event})).await;
        assert_eq!(status, 200, "{place}");
        self.visit.stays.push(Stay { number: place["number"].as_u64().unwrap(), ..Stay::default() });
        self.listen(&place).await;
    }

    /// Remembers what a waiting buyer is told, and pauses as long as it says.
    async fn listen(&mut self, place: &Value) {
        if place["state"] != "waiting" {
            return;
        }
        let (poll, ahead) = (place["pollAfterMs"].as_u64().unwrap(), place["position"].as_u64().unwrap());
        assert!(place["number"].is_u64() && ahead > 0, "a number and a position are always shown: {place}");
        let poll = Duration::from_millis(poll);
        let told = Told { at: now(), wait: place["estimatedWait"].as_f64(), ahead, poll: poll.as_secs_f64() };
        self.visit.stays.last_mut().unwrap().told.push(told);
        sleep(poll).await;
    }

    /// Asks where the buyer stands until it is the buyer's turn.
    async fn wait(&mut self) -> Turn {
        let path = format!("/api/queue/status/{}", self.shop.event);
        loop {
            let (status, place) = self.line.send(Method::GET, &path, Some(&self.token), None).await;
            assert_eq!(status, 200, "{place}");
            match place["state"].as_str().unwrap() {
                "waiting" if place["note"] == "sold_out" => {
                    self.leave().await;
                    return Turn::SoldOut;
                }
                "waiting" => self.listen(&place).await,
                "called" => {
                    let until: Timestamp = place["until"].as_str().unwrap().parse().unwrap();
                    let stay = self.visit.stays.last_mut().unwrap();
                    stay.called_at = Some(until.before(self.size.patience));
                    return Turn::Called;
                }
                "lapsed" => return Turn::Missed,
                other => panic!("{other}: {place}"),
            }
        }
    }

    async fn leave(&self) {
        let (status, _) = self.post(&format!("/api/queue/leave/{}", self.shop.event), &json!({})).await;
        assert_eq!(status, 204);
    }

    /// Enters, chooses a seat and pays; `None` if the session ended before.
    async fn shop(&mut self) -> Option<End> {
        let heartbeat = format!("/api/queue/heartbeat/{}", self.shop.event);
        let mut has_looked = false;
        loop {
            let (status, place) = self.post(&heartbeat, &json!({})).await;
            if status != 200 {
                assert_eq!(place["code"], "PLACE_ENDED", "{place}");
                return None;
            }
            if self.vanishes(Step::Entered) {
                return Some(End::Vanished);
            }
            if !has_looked {
                self.think().await;
                has_looked = true;
            }
            if self.board.is_sold_out() {
                self.leave().await;
                return Some(End::SoldOut);
            }
            if let Some(end) = self.buy(&place["admission"]).await {
                return Some(end);
            }
            sleep(Duration::from_millis(rand::random_range(LOOK_AGAIN))).await;
        }
    }

    async fn think(&self) {
        sleep(self.size.think.mul_f64(rand::random_range(0.1..0.5))).await;
    }

    /// Holds a seat that looks free, and pays; `None` if others were faster or the session ended.
    async fn buy(&mut self, admission: &Value) -> Option<End> {
        let seat = self.board.choose()?;
        let body = json!({"eventId": self.shop.event, "seatIds": [seat], "admission": admission});
        let (status, held) = self.post("/api/seats/reserve", &body).await;
        if status != 201 {
            let code = held["code"].as_str().unwrap();
            assert!(["SEATS_TAKEN", "NOT_ADMITTED"].contains(&code), "{held}");
            return None;
        }
        if self.vanishes(Step::Held) {
            return Some(End::Vanished);
        }
        self.think().await;
        let body = json!({"reservationId": held["reservation"]["id"], "paymentMethod": "kakao_pay"});
        let (status, paid) = self.post("/api/payments/process", &body).await;
        if status != 200 {
            // On a busy machine the hold may end before its buyer pays.
            assert!([404, 409].contains(&status), "{paid}");
            self.visit.unpaid.push(paid["code"].to_string());
            return None;
        }
        let seats = paid["reservation"]["seats"].as_array().unwrap().iter();
        self.visit.seats = seats.map(|seat| seat["seatId"].as_str().unwrap().to_owned()).collect();
        Some(End::Bought)
    }
}

/// What waiting led to.
enum Turn {
    Called,
    /// The buyer asked after the turn had ended.
    Missed,
    SoldOut,
}

fn now() -> Timestamp {
    tiketi_core::Clock::now(&tiketi_core::clock::SystemClock)
}
