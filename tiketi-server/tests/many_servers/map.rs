//! The public seat map, shared by all buyers as by a cache before the servers.

use std::collections::HashMap;

use serde_json::Value;
use tokio::sync::Mutex;

use crate::buyer::Buyer;

/// Which seats of the shop are free, by their index in its list.
#[derive(Debug)]
pub(crate) struct SharedMap {
    places: HashMap<String, usize>,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    version: u64,
    free: Vec<bool>,
}

impl SharedMap {
    /// Creates a map in which all seats are free.
    pub(crate) fn of(seats: &[String]) -> Self {
        let places = seats.iter().enumerate().map(|(place, seat)| (seat.clone(), place)).collect();
        Self { places, seen: Mutex::new(Seen { version: 1, free: vec![true; seats.len()] }) }
    }

    /// Reads the changes of the map from the buyer's server, and returns the indexes of the free seats.
    pub(crate) async fn look(&self, buyer: &mut Buyer) -> Vec<usize> {
        let mut seen = self.seen.lock().await;
        let path = format!("/api/seats/{}?since={}", buyer.sale.shop.event, seen.version);
        let map = buyer.get(&path).await;
        for seat in map["seats"].as_array().unwrap() {
            seen.free[self.place_of(seat)] = seat["status"] == "available";
        }
        seen.version = map["version"].as_u64().unwrap();
        (0..).zip(&seen.free).filter_map(|(place, free)| free.then_some(place)).collect()
    }

    fn place_of(&self, seat: &Value) -> usize {
        self.places[seat["id"].as_str().unwrap()]
    }
}
