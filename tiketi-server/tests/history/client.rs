//! Sends a request until its answer is certain, or the buyer has had enough.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::SmallRng;
use reqwest::Method;
use serde_json::Value;
use tiketi_seat_history::{Act, Answer};
use tiketi_server_harness::send_once;
use tokio::time::sleep;
use uuid::Uuid;

use crate::record::Record;

/// A buyer who gets no answer goes on with the same key this often at most.
const TRIES: usize = 4;
/// Pause of a buyer whom a server asked to come back.
const PAUSE: Duration = Duration::from_millis(100);
/// A server that asks to come back this often is down.
const PATIENCE: usize = 100;

/// What came of a request.
#[derive(Debug)]
pub(crate) enum Told {
    /// It took effect, and this is the answer.
    Yes(Value),
    /// It was refused.
    No,
    /// Nothing certain.
    Unknown,
}

/// What one attempt was answered.
enum Attempt {
    Told(Told),
    /// It had no effect; the server asks to come back.
    Again,
}

/// A buyer's way to the servers.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) addresses: Arc<[String]>,
    pub(crate) record: Arc<Record>,
    pub(crate) chance: SmallRng,
}

impl Client {
    /// Posts to a path, and records what was told about a seat.
    ///
    /// An attempt without an answer may take effect as long as no attempt with its key was answered with yes.
    pub(crate) async fn ask(
        &mut self,
        (buyer, token): (u64, &str),
        (seat, act): (usize, Act),
        (path, body): (&str, Value),
    ) -> Told {
        let key = Uuid::from_u64_pair(self.chance.random(), self.chance.random()).to_string();
        let mut lost_since = None;
        let (mut tries, mut waits) = (0, 0);
        let told = loop {
            let start = self.record.now();
            match self.attempt(token, &key, path, &body).await {
                Attempt::Told(Told::Yes(value)) => {
                    self.record.add(seat, (buyer, act), lost_since.unwrap_or(start), Answer::Yes);
                    return Told::Yes(value);
                }
                Attempt::Told(Told::No) => {
                    self.record.add(seat, (buyer, act), start, Answer::No);
                    break Told::No;
                }
                Attempt::Told(Told::Unknown) => {
                    lost_since.get_or_insert(start);
                    tries += 1;
                    if tries == TRIES || self.chance.random_ratio(1, 3) {
                        break Told::Unknown;
                    }
                }
                Attempt::Again if waits == PATIENCE => break Told::Unknown,
                Attempt::Again => {
                    waits += 1;
                    sleep(PAUSE).await;
                }
            }
        };
        if let Some(since) = lost_since {
            self.record.add(seat, (buyer, act), since, Answer::Unknown);
        }
        told
    }

    async fn attempt(&mut self, token: &str, key: &str, path: &str, body: &Value) -> Attempt {
        let request = self.request(Method::POST, path).bearer_auth(token).header("idempotency-key", key);
        let Ok(answer) = send_once(request.json(body)).await else { return Attempt::Told(Told::Unknown) };
        let code = answer.body["code"].as_str().unwrap_or_default();
        match (answer.status, code) {
            (200 | 201, _) => Attempt::Told(Told::Yes(answer.body)),
            (202, _) | (503, "TIMED_OUT") => Attempt::Told(Told::Unknown),
            (503, _) | (409, "REQUEST_IN_PROGRESS") => Attempt::Again,
            (
                402 | 409,
                "SEATS_TAKEN"
                | "PAYMENT_DECLINED"
                | "PAYMENT_IN_PROGRESS"
                | "PAYMENT_NOT_READY"
                | "RESERVATION_NOT_PENDING"
                | "RESERVATION_ENDED"
                | "REFUND_REFUSED"
                | "REFUND_IN_PROGRESS",
            ) => Attempt::Told(Told::No),
            (status, _) => panic!("{path}: {status} {}", answer.body),
        }
    }

    /// Reads a path at any server; `None` without an answer.
    pub(crate) async fn read(&mut self, token: &str, path: &str) -> Option<Value> {
        let answer = send_once(self.request(Method::GET, path).bearer_auth(token)).await.ok()?;
        (answer.status == 200).then_some(answer.body)
    }

    fn request(&mut self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let at = self.chance.random_range(..self.addresses.len());
        self.http.request(method, format!("http://{}{path}", self.addresses[at]))
    }
}
