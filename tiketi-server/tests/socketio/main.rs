//! Clients of Socket.IO at real servers, with the client library that browsers use.

// Always true for this target. With it, Clippy treats helper functions as tests as well.
#![cfg(test)]

mod clients;
mod connecting;
mod hall;
mod private;
mod servers;

use serde_json::{Value, json};
use tempfile::TempDir;
use tiketi_server_harness::{Running, SECRET, ServerShop, token};
use uuid::Uuid;

/// A server with an event on sale.
struct Hall {
    shop: ServerShop,
    running: Running,
    _folder: TempDir,
}

impl Hall {
    async fn open(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shop = ServerShop::make(&folder.path().join("shop.db")).await;
        let own = ["--store", &shop.store, "--jwt-secret", SECRET, "--sweep-every=50ms"];
        let running = Running::start(&[&own, options].concat()).await;
        Self { shop, running, _folder: folder }
    }

    fn event(&self) -> Value {
        json!({"eventId": self.shop.event})
    }
}

/// Holds seats at a server, and returns the reservation.
async fn hold(at: &Running, shop: &ServerShop, buyer: u128, seats: &[usize]) -> Value {
    let seats: Vec<_> = seats.iter().map(|seat| &shop.seats[*seat]).collect();
    let body = json!({"eventId": shop.event, "seatIds": seats});
    let (status, answer) = at.post("/api/seats/reserve", Some(&buyer_token(buyer)), &body).await;
    assert_eq!(status, 201, "{answer}");
    answer["reservation"].clone()
}

fn buyer_token(buyer: u128) -> String {
    token(Uuid::from_u128(buyer))
}

/// The options of a client that uses one transport, signed in or not.
fn options(transport: &str, token: Option<&str>) -> Value {
    let auth = token.map_or_else(|| json!({}), |token| json!({"token": token}));
    json!({"transports": [transport], "auth": auth})
}
