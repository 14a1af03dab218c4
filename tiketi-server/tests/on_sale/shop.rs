//! The event of a test, created through the administrator's routes and read through the buyers'.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::person::Person;

/// Most tickets that one buyer may have of an event.
pub(crate) const LIMIT: usize = 2;

/// One event on sale.
#[derive(Debug, Clone)]
pub(crate) struct ServerShop {
    pub(crate) address: Arc<str>,
    pub(crate) event: String,
    /// The general-admission ticket type; `None` if seats are sold.
    pub(crate) standing: Option<String>,
}

/// A seat map as a buyer's page reads it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SeatMap {
    pub(crate) version: u64,
    pub(crate) complete: bool,
    pub(crate) seats: Vec<Seat>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Seat {
    pub(crate) id: String,
    pub(crate) price: i64,
    pub(crate) status: SeatStatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SeatStatus {
    Available,
    Locked,
    Reserved,
    Blocked,
}

impl ServerShop {
    /// Opens the sale of a hall with 500 expensive and 1,500 cheaper seats.
    pub(crate) async fn with_a_hall_of_two_thousand(address: &str) -> Self {
        let rows = |count: usize, seats: usize| -> Vec<Value> {
            (1..=count).map(|row| json!({"label": row.to_string(), "seats": seats})).collect()
        };
        let layout = json!({
            "venue": "Harbour Hall", "name": "Great hall", "currency": "KRW",
            "sections": [
                {"name": "VIP", "price": 150_000, "rows": rows(20, 25)},
                {"name": "R", "price": 110_000, "rows": rows(30, 50)},
            ],
        });
        let admin = Person::admin(address);
        let made: Value = admin.post("/api/admin/layouts", &layout).await.ok();
        Self::open(address, &admin, &json!({"layoutId": made["layout"]["id"]})).await
    }

    /// Opens the sale of a hundred units of general admission.
    pub(crate) async fn with_a_hundred_units(address: &str) -> Self {
        let standing = json!({"ticketTypes": [{"name": "Standing", "price": 66_000, "capacity": 100}]});
        Self::open(address, &Person::admin(address), &standing).await
    }

    async fn open(address: &str, admin: &Person, sold: &Value) -> Self {
        let mut event = json!({
            "title": "Night of the Lighthouse", "eventDate": "2100-01-01T19:00:00+09:00",
            "limits": {"maxSeatsPerBuyer": LIMIT},
        });
        event.as_object_mut().unwrap().extend(sold.as_object().unwrap().clone());
        let made: Value = admin.post("/api/admin/events", &event).await.ok();
        let id = id(&made["event"]["id"]);
        let _: Value = admin.post(&format!("/api/admin/events/{id}/publish"), &json!({})).await.ok();
        let ticket_type = &made["event"]["ticketTypes"][0];
        let standing = ticket_type["section"].is_null().then(|| self::id(&ticket_type["id"]));
        Self { address: address.into(), event: id, standing }
    }

    /// Reads every seat.
    pub(crate) async fn seat_map(&self) -> Arc<SeatMap> {
        Arc::new(Person::buyer(&self.address, 0).get(&format!("/api/seats/{}", self.event)).await.ok())
    }

    /// Reads the event's status, and how many tickets of all types are left.
    pub(crate) async fn stock(&self) -> (String, u64) {
        let visitor = Person::buyer(&self.address, 0);
        let read: Value = visitor.get(&format!("/api/events/{}", self.event)).await.ok();
        let types = read["event"]["ticketTypes"].as_array().unwrap().iter();
        let left = types.map(|ticket_type| ticket_type["available"].as_u64().unwrap()).sum();
        (read["event"]["status"].as_str().unwrap().to_owned(), left)
    }
}

/// Reads an id.
pub(crate) fn id(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
