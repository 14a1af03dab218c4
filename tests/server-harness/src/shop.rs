//! A shop that is written to the store directly, before a server starts on it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tiketi_core::{
    BoxOffice, Currency, EventDetails, EventInput, Money, Row, SaleWindow, SeatLayout, Section,
    TicketTypeInput,
    store::{CatalogStore, InboxStore, LayoutStore, OutboxStore, SalesStore, StoreClock, StoreProbe},
};
use tiketi_sqlite::SqliteStore;

/// The secret that signs the tokens of the shop.
pub const SECRET: &str = "a-secret-that-signs-all-the-tokens-of-this-shop";

/// How much there is to sell.
#[derive(Debug, Clone, Copy)]
pub struct Stock {
    /// Rows of fifty seats.
    pub rows: u32,
    /// Units of general admission.
    pub standing: u32,
}

/// An event on sale in a store, with seats and general admission.
#[derive(Debug)]
pub struct ServerShop {
    /// The store's address, as the server's option `--store` reads it.
    pub store: String,
    /// The event's id.
    pub event: String,
    /// The seats' ids.
    pub seats: Vec<String>,
    /// The id of the general-admission ticket type.
    pub standing: String,
}

impl ServerShop {
    /// Creates a shop with 1,500 seats and 1,000,000 units in a SQLite file.
    pub async fn make(path: &Path) -> Self {
        let store = Arc::new(SqliteStore::open(path).unwrap());
        Self::over(store, format!("sqlite:{}", path.display()), Stock { rows: 30, standing: 1_000_000 }).await
    }

    /// Creates a shop in a store with this address.
    pub async fn over<S>(store: Arc<S>, address: String, stock: Stock) -> Self
    where
        S: SalesStore + CatalogStore + LayoutStore + OutboxStore + InboxStore + StoreClock + StoreProbe,
    {
        let shop = BoxOffice::builder().store(store).build().unwrap();
        let won = |minor| Money::new(minor, Currency::KRW);
        let rows = (1..=stock.rows).map(|row| Row::numbered(row.to_string(), 50));
        let section = Section::new("R", won(110_000)).rows(rows);
        let layout = SeatLayout::new("Harbour Hall", "Great hall").section(section);
        let layout = shop.catalog().create_layout(layout, None).await.unwrap();
        let (opens, closes) = (shop.now(), shop.now().after(Duration::from_hours(24)));
        let details = EventDetails::new("Winter Lights", closes, SaleWindow::new(opens, closes).unwrap());
        let standing = TicketTypeInput::new("Standing", won(66_000), stock.standing);
        let input = EventInput::new(details, Currency::KRW).seated(layout.id).ticket_type(standing);
        let made = shop.catalog().create_event(input).await.unwrap();
        let event = made.event.id;
        shop.catalog().publish_event(event).await.unwrap();
        let seats = shop.catalog().seat_map(event, 0).await.unwrap().unwrap().seats;
        let standing = made.ticket_types.iter().find(|kind| kind.name == "Standing").unwrap().id;
        Self {
            store: address,
            event: event.to_string(),
            seats: seats.iter().map(|seat| seat.id.to_string()).collect(),
            standing: standing.to_string(),
        }
    }
}

/// Returns a token of a buyer, without the cost of a password.
pub fn token(buyer: uuid::Uuid) -> String {
    signed(buyer, "user")
}

/// Returns a token of an administrator.
pub fn admin() -> String {
    signed(uuid::Uuid::from_u128(0xAD), "admin")
}

fn signed(who: uuid::Uuid, role: &str) -> String {
    let claims = json!({
        "userId": who, "email": "somebody@example.com", "role": role, "iat": 1, "exp": 9_999_999_999_u64,
    });
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap()
}
