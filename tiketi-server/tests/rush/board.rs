//! Which seats are free, as the pages of all buyers show it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use tokio::time::sleep;

use crate::crowd::Line;

/// How often the changes are read.
const EVERY: Duration = Duration::from_millis(250);

/// The seats by their state; it is a moment old.
#[derive(Debug)]
pub(crate) struct Board {
    seats: Mutex<Seats>,
}

#[derive(Debug)]
struct Seats {
    version: u64,
    free: Vec<String>,
    unsold: BTreeSet<String>,
}

impl Board {
    pub(crate) fn new(seats: &[String]) -> Self {
        let seats = Seats { version: 0, free: seats.to_vec(), unsold: seats.iter().cloned().collect() };
        Self { seats: Mutex::new(seats) }
    }

    /// Returns a free seat at random.
    pub(crate) fn choose(&self) -> Option<String> {
        let seats = self.seats.lock().unwrap();
        if seats.free.is_empty() {
            return None;
        }
        Some(seats.free[rand::random_range(0..seats.free.len())].clone())
    }

    /// Returns whether every seat is sold.
    pub(crate) fn is_sold_out(&self) -> bool {
        self.seats.lock().unwrap().unsold.is_empty()
    }

    /// Reads what changed, again and again.
    pub(crate) async fn keep_current(self: Arc<Self>, line: Arc<Line>, path: String) {
        loop {
            let since = self.seats.lock().unwrap().version;
            let (status, map) = line.send(Method::GET, &format!("{path}?since={since}"), None, None).await;
            assert_eq!(status, 200, "{map}");
            self.take(&map);
            sleep(EVERY).await;
        }
    }

    fn take(&self, map: &serde_json::Value) {
        let version = map["version"].as_u64().unwrap();
        let mut seats = self.seats.lock().unwrap();
        // Another server may be behind the one that was asked before.
        if version <= seats.version {
            return;
        }
        seats.version = version;
        for changed in map["seats"].as_array().unwrap() {
            let id = changed["id"].as_str().unwrap();
            seats.free.retain(|free| free != id);
            match changed["status"].as_str().unwrap() {
                "available" => seats.free.push(id.to_owned()),
                "reserved" => {
                    seats.unsold.remove(id);
                }
                _ => {}
            }
        }
    }
}
