//! A client that buys until the server is killed.

use std::sync::Arc;

use serde_json::{Value, json};
use tiketi_server_harness::{Running, ServerShop, token};
use uuid::Uuid;

use crate::crash::Chance;
use crate::crash::ledger::Ledger;

/// Holds, pays, cancels and refunds, for one buyer after another, until the server does not answer.
pub(crate) async fn buy(seed: u64, running: Arc<Running>, shop: Arc<ServerShop>, ledger: Arc<Ledger>) {
    let mut chance = Chance::seeded(seed);
    for number in 1_u64.. {
        let token = token(Uuid::from_u64_pair(seed, number));
        let client = Client { running: &running, ledger: &ledger, token };
        if client.visit(&shop, &mut chance).await.is_err() {
            return;
        }
    }
}

struct Client<'a> {
    running: &'a Running,
    ledger: &'a Ledger,
    token: String,
}

impl Client<'_> {
    /// Runs one buyer; an error means that the server does not answer.
    async fn visit(&self, shop: &ServerShop, chance: &mut Chance) -> Result<(), reqwest::Error> {
        let wanted = if chance.below(2) == 0 {
            let seat = &shop.seats[usize::try_from(chance.below(shop.seats.len() as u64)).unwrap()];
            json!({ "eventId": shop.event, "seatIds": [seat] })
        } else {
            json!({ "eventId": shop.event, "items": [{ "ticketTypeId": shop.standing, "quantity": 2 }] })
        };
        let (status, held) = self.post("/api/reservations", &wanted).await?;
        if status == 409 {
            return Ok(()); // Another buyer has the seat.
        }
        assert_eq!(status, 201, "{held}");
        let id = held["reservation"]["id"].as_str().unwrap();
        let at = self.ledger.held(&self.token, id);
        match chance.below(8) {
            0..2 => Ok(()),
            2..4 => self.cancel(at, id).await,
            4..7 => self.pay(at, id).await,
            _ => {
                self.pay(at, id).await?;
                self.cancel(at, id).await
            }
        }
    }

    async fn pay(&self, at: usize, id: &str) -> Result<(), reqwest::Error> {
        self.ledger.asks(at, "confirmed");
        let body = json!({ "reservationId": id, "paymentMethod": "kakao_pay" });
        let (status, paid) = self.post("/api/payments/process", &body).await?;
        assert_eq!(status, 200, "{paid}");
        self.ledger.told(at, "confirmed");
        Ok(())
    }

    async fn cancel(&self, at: usize, id: &str) -> Result<(), reqwest::Error> {
        self.ledger.asks(at, "cancelled");
        let (status, cancelled) = self.post(&format!("/api/reservations/{id}/cancel"), &json!({})).await?;
        assert_eq!(status, 200, "{cancelled}");
        self.ledger.told(at, "cancelled");
        Ok(())
    }

    async fn post(&self, path: &str, body: &Value) -> Result<(u16, Value), reqwest::Error> {
        self.running.try_post(path, Some(&self.token), body).await
    }
}
