//! A buyer who takes one seat, and does something with it.

use std::time::Duration;

use rand::RngExt;
use serde_json::json;
use tiketi_seat_history::{Act, Answer, Seat};
use tiketi_server_harness::{ServerShop, token};
use uuid::Uuid;

use crate::client::{Client, Told};

/// How long a hold lasts, as the servers are told.
pub(crate) const HOLD_TTL: Duration = Duration::from_secs(3);

/// How much the clocks of a buyer and a server may drift apart in that time.
const CLOCKS: Duration = Duration::from_millis(20);

/// The account of a buyer of this number.
pub(crate) const fn account(number: u64) -> Uuid {
    Uuid::from_u64_pair(7, number)
}

/// One buyer; the next visit is made by another one.
pub(crate) struct Buyer<'v> {
    pub(crate) client: &'v mut Client,
    pub(crate) shop: &'v ServerShop,
    pub(crate) number: u64,
    pub(crate) seat: usize,
}

impl Buyer<'_> {
    /// Holds the seat. Then gives it back, buys it, or leaves it to the end of its hold.
    pub(crate) async fn visit(mut self) {
        let token = token(account(self.number));
        let start = self.client.record.now();
        let seats = json!({ "eventId": self.shop.event, "seatIds": [self.shop.seats[self.seat]] });
        let held = self.ask(&token, Act::Hold, ("/api/seats/reserve", seats)).await;
        // Also after a no: an attempt before it, without an answer, may hold the seat yet.
        let ends = start + u64::try_from(HOLD_TTL.saturating_sub(CLOCKS).as_micros()).unwrap();
        self.client.record.add(self.seat, (self.number, Act::Expire), ends, Answer::Unknown);
        let Told::Yes(held) = held else { return };
        let reservation = held["reservation"]["id"].as_str().unwrap();
        match self.client.chance.random_range(0..10) {
            0..4 => {
                let path = format!("/api/reservations/{reservation}/cancel");
                self.ask(&token, Act::Release, (&path, json!({}))).await;
            }
            4..8 => self.buy(&token, reservation).await,
            _ => {}
        }
    }

    async fn buy(&mut self, token: &str, reservation: &str) {
        let body = json!({ "reservationId": reservation, "paymentMethod": "kakao_pay" });
        let Told::Yes(_) = self.ask(token, Act::Buy, ("/api/payments/process", body)).await else { return };
        self.look(token, reservation).await;
        if self.client.chance.random_ratio(4, 5) {
            let path = format!("/api/reservations/{reservation}/cancel");
            self.ask(token, Act::Refund, (&path, json!({}))).await;
        }
    }

    /// Asks any server whether the seat is bought.
    async fn look(&mut self, token: &str, reservation: &str) {
        let start = self.client.record.now();
        let Some(read) = self.client.read(token, &format!("/api/reservations/{reservation}")).await else {
            return;
        };
        let seat = match read["reservation"]["status"].as_str() {
            Some("confirmed") => Seat::Sold(self.number),
            Some("pending") => Seat::Held(self.number),
            _ => Seat::Free,
        };
        self.client.record.add(self.seat, (self.number, Act::Look(seat)), start, Answer::Yes);
    }

    async fn ask(&mut self, token: &str, act: Act, request: (&str, serde_json::Value)) -> Told {
        self.client.ask((self.number, token), (self.seat, act), request).await
    }
}
