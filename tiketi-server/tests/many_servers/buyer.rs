//! A buyer of one ticket, who continues at the next server if one does not answer.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tiketi_server_harness::{Answer as Answered, SERVERS, send_once, token};
use tokio::time::sleep;
use uuid::Uuid;

use crate::sale::{Sale, Visit};

/// Pause before a buyer asks again about a payment whose outcome is unknown.
const PAUSE: Duration = Duration::from_millis(50);
/// How many times a buyer asks about a payment whose answer was lost.
const LOOKS: usize = 60;

/// The outcome of a request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The request was successful.
    Done(Value),
    /// The request was refused, with this code and these details.
    Refused(String, Value),
    /// The outcome is unknown.
    Lost,
}

/// A buyer with a token.
#[derive(Debug)]
pub(crate) struct Buyer {
    pub(crate) sale: Arc<Sale>,
    pub(crate) number: u64,
    token: String,
    server: usize,
}

impl Buyer {
    pub(crate) fn new(sale: Arc<Sale>, number: u64) -> Self {
        let token = token(Uuid::from_u64_pair(7, number));
        let server = usize::try_from(number).unwrap() % SERVERS;
        Self { sale, number, token, server }
    }

    /// Pays for a held reservation, and repeats the request until the outcome is known.
    pub(crate) async fn pay(&mut self, reservation: String) -> Visit {
        let body = json!({ "reservationId": reservation, "paymentMethod": "kakao_pay" });
        for _ in 0..LOOKS {
            match self.post("/api/payments/process", &body).await {
                Answer::Done(paid) => {
                    assert_eq!(paid["reservation"]["status"], "confirmed", "{paid}");
                    return self.bought(&paid["reservation"]);
                }
                // An earlier request paid, but its answer was lost or was 503.
                Answer::Refused(code, details) => {
                    assert_eq!(code, "RESERVATION_NOT_PENDING", "{details}");
                }
                Answer::Lost => {}
            }
            let mine = self.mine().await.expect("it was held");
            if mine["status"] == "confirmed" {
                return self.bought(&mine);
            }
            sleep(PAUSE).await;
        }
        // A killed server began the payment: money may be moving, and no other request may change the payment.
        Visit::Stuck
    }

    fn bought(&self, reservation: &Value) -> Visit {
        self.sale.note_one_sold();
        let seat = reservation["seats"][0]["seatId"].as_str().map(str::to_owned);
        let token = self.token.clone();
        Visit::Bought { token, reservation: reservation["id"].as_str().unwrap().to_owned(), seat }
    }

    /// Reads the buyer's reservation that is pending or confirmed, if there is one.
    pub(crate) async fn mine(&mut self) -> Option<Value> {
        let read = self.get("/api/reservations/my").await;
        let live = |one: &&Value| one["status"] == "pending" || one["status"] == "confirmed";
        let mut mine = read["reservations"].as_array().unwrap().iter().filter(live);
        let first = mine.next().cloned();
        assert!(mine.next().is_none(), "a limit of one was passed: {read}");
        first
    }

    /// Reads a path until an answer arrives.
    pub(crate) async fn get(&mut self, path: &str) -> Value {
        loop {
            let request = self.sale.client.get(self.url(path));
            match self.send(request).await {
                Answer::Done(value) => return value,
                Answer::Refused(code, details) => panic!("{path}: {code} {details}"),
                Answer::Lost => {}
            }
        }
    }

    /// Sends a request. If the answer is lost, the caller has to find out whether the request took effect.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Answer {
        let request = self.sale.client.post(self.url(path)).json(body);
        self.send(request).await
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.sale.addresses[self.server])
    }

    /// Sends a request, again after each 503. A 503 with `Retry-After` means that the request had no effect.
    async fn send(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let request = request.bearer_auth(&self.token);
        loop {
            let again = request.try_clone().unwrap();
            let served = self.sale.in_flight.acquire().await.unwrap();
            let answer = send_once(again).await;
            drop(served);
            let Ok(Answered { status, retry_after, body }) = answer else {
                self.sale.assert_faults("a connection was lost");
                self.server = (self.server + 1) % SERVERS;
                return Answer::Lost;
            };
            match status {
                200 | 201 => return Answer::Done(body),
                202 => {
                    self.sale.assert_faults(&body.to_string());
                    return Answer::Lost;
                }
                503 => self.come_back(retry_after.expect("503 without Retry-After")).await,
                400..500 => {
                    return Answer::Refused(
                        body["code"].as_str().unwrap().to_owned(),
                        body["details"].clone(),
                    );
                }
                _ => panic!("{status} {body}"),
            }
        }
    }

    /// Waits for `Retry-After`, plus a spread so that buyers do not return at the same moment.
    async fn come_back(&self, pause: Duration) {
        let spread = Duration::from_millis(self.number % 20 * 50);
        sleep(pause + spread).await;
    }
}
