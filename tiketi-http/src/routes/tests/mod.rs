//! The routes as clients see them: requests and answers, without sockets.

mod administration;
mod buying;
mod crowds;
mod draw;
mod events;
mod giving_back;
mod images;
mod layouts;
mod news;
mod paying;
mod proofs;
mod refusals;
mod reservations;
mod seat_states;
mod seats;
mod settling;
mod staff_reservations;
mod stats;
mod texts;
mod unread;
mod waiting_room;

use std::fmt::Display;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use tiketi_core::account::Role;

use crate::test_support::{Answered, Server, json_request, signed};

/// A server with one published event, an administrator and two buyers.
pub(crate) struct Shop {
    pub(crate) server: Server,
    pub(crate) admin: String,
    pub(crate) buyer: String,
    pub(crate) other: String,
    /// The event: 10 VIP seats at 150,000 won, 20 R seats at 110,000 won, and 50 units of standing room at 88,000
    /// won.
    pub(crate) event: String,
}

impl Shop {
    /// Opens a shop whose event is on sale.
    pub(crate) async fn open() -> Self {
        Self::over(Server::new()).await
    }

    /// Opens a shop on this server.
    pub(crate) async fn over(server: Server) -> Self {
        let admin = server.token_of("admin@example.com", Role::Admin).await;
        let buyer = server.token_of("buyer@example.com", Role::Buyer).await;
        let other = server.token_of("other@example.com", Role::Buyer).await;
        let mut shop = Self { server, admin, buyer, other, event: String::new() };
        let layout = shop.create_layout().await;
        shop.event = shop.publish(&event_on(&layout)).await;
        shop
    }

    /// Moves the clock, and signs every user in again.
    pub(crate) async fn wait(&mut self, by: Duration) {
        self.server.clock.advance(by);
        self.admin = self.server.token_of("admin@example.com", Role::Admin).await;
        self.buyer = self.server.token_of("buyer@example.com", Role::Buyer).await;
        self.other = self.server.token_of("other@example.com", Role::Buyer).await;
    }

    /// Sends a request, with a token unless `token` is empty, and with JSON unless `body` is null.
    pub(crate) async fn call(&self, method: Method, path: &str, token: &str, body: &Value) -> Answered {
        let request = match body {
            Value::Null => Request::builder().method(method).uri(path).body(Body::empty()).unwrap(),
            body => json_request(method, path, body),
        };
        let request = if token.is_empty() { request } else { signed(request, token) };
        self.server.send(request).await
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answered {
        self.call(Method::GET, path, token, &Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: &Value) -> Answered {
        self.call(Method::POST, path, token, body).await
    }

    /// Sends a request that must succeed, and returns its JSON.
    pub(crate) async fn ok(&self, method: Method, path: &str, token: &str, body: &Value) -> Value {
        let answer = self.call(method, path, token, body).await;
        assert!(
            answer.status.is_success(),
            "{path}: {} {}",
            answer.status,
            String::from_utf8_lossy(&answer.bytes)
        );
        if answer.bytes.is_empty() { Value::Null } else { answer.json() }
    }

    pub(crate) async fn read(&self, path: &str, token: &str) -> Value {
        self.ok(Method::GET, path, token, &Value::Null).await
    }

    pub(crate) async fn create_layout(&self) -> String {
        let made = self.ok(Method::POST, "/api/admin/layouts", &self.admin, &layout()).await;
        text(&made["layout"]["id"])
    }

    /// Creates an event and publishes it.
    pub(crate) async fn publish(&self, event: &Value) -> String {
        let made = self.ok(Method::POST, "/api/admin/events", &self.admin, event).await;
        let id = text(&made["event"]["id"]);
        self.ok(Method::POST, &format!("/api/admin/events/{id}/publish"), &self.admin, &Value::Null).await;
        id
    }

    /// Returns the ids of the event's seats, ordered from the stage backwards.
    pub(crate) async fn seats(&self) -> Vec<String> {
        let map = self.read(&format!("/api/seats/{}", self.event), "").await;
        map["seats"].as_array().unwrap().iter().map(|seat| text(&seat["id"])).collect()
    }

    pub(crate) async fn reserve(&self, token: &str, seats: &[String]) -> Answered {
        self.post("/api/seats/reserve", token, &json!({"eventId": self.event, "seatIds": seats})).await
    }

    /// Holds seats, and returns the reservation.
    pub(crate) async fn held(&self, token: &str, seats: &[String]) -> Value {
        let body = json!({"eventId": self.event, "seatIds": seats});
        self.ok(Method::POST, "/api/seats/reserve", token, &body).await["reservation"].clone()
    }

    /// Pays for a reservation.
    pub(crate) async fn paid(&self, token: &str, reservation: &Value) -> Value {
        let body = json!({"reservationId": reservation["id"], "paymentMethod": "kakao_pay"});
        self.ok(Method::POST, "/api/payments/process", token, &body).await
    }

    /// Returns the id of the general-admission ticket type.
    pub(crate) async fn standing(&self) -> String {
        let event = self.read(&format!("/api/events/{}", self.event), "").await;
        let types = event["event"]["ticketTypes"].as_array().unwrap().clone();
        text(&types.iter().find(|known| known["name"] == "Standing").unwrap()["id"])
    }

    /// Returns all that a refused request must leave unchanged.
    pub(crate) async fn everything(&self) -> Value {
        json!([
            self.read(&format!("/api/seats/{}", self.event), "").await,
            self.read("/api/admin/events", &self.admin).await,
            self.read("/api/admin/layouts", &self.admin).await,
            self.read("/api/reservations/my", &self.buyer).await,
            self.read("/api/reservations/my", &self.other).await,
        ])
    }

    /// Returns the status of one seat.
    pub(crate) async fn status(&self, seat: &str) -> String {
        let map = self.read(&format!("/api/seats/{}", self.event), "").await;
        let found = map["seats"].as_array().unwrap().iter().find(|known| known["id"] == seat).cloned();
        text(&found.unwrap()["status"])
    }
}

/// Checks the status and the code of a refusal.
pub(crate) fn assert_refused(answer: &Answered, status: u16, code: &str, what: impl Display) {
    assert_eq!(
        (answer.status.as_u16(), answer.code()),
        (status, code.to_owned()),
        "{what}: {}",
        answer.json()
    );
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

pub(crate) fn layout() -> Value {
    json!({
        "venue": "Harbour Hall", "name": "Great hall", "currency": "KRW",
        "sections": [
            {"name": "VIP", "price": 150_000, "rows": [
                {"label": "A", "seats": 10, "gapsAfter": ["5"], "accessible": ["1", "10"]},
            ]},
            {"name": "R", "price": 110_000, "rows": [
                {"label": "A", "seats": 10},
                {"label": "B", "seats": ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"]},
            ]},
        ],
    })
}

/// An event whose sale is open from the start.
pub(crate) fn event_on(layout: &str) -> Value {
    json!({
        "title": "Night of the Lighthouse", "artist": "The Paper Boats", "venue": "Harbour Hall",
        "description": "Two hours, no break.", "keywords": ["등대의 밤", "종이배"],
        "eventDate": "2026-02-14T19:00:00+09:00", "saleStart": "2026-01-05T10:00:00Z",
        "saleEnd": "2026-02-14T09:00:00Z", "layoutId": layout,
        "ticketTypes": [{"name": "Standing", "price": 88_000, "capacity": 50}],
    })
}
