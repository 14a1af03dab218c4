//! A buyer of one seat, who tries free seats until one is held and paid for, or none is left.

use std::sync::Arc;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

use crate::buyer::{Answer, Buyer};
use crate::sale::Visit;

/// How many holds a buyer tries before reading the map again.
const CLICKS_PER_LOOK: usize = 4;

/// Which seats are free, as far as one buyer knows, by their index in the shop's list.
struct Page {
    free: Vec<usize>,
    chance: SmallRng,
}

/// Buys one seat.
pub(crate) async fn visit(mut buyer: Buyer) -> Visit {
    match hold(&mut buyer).await {
        Some(reservation) => buyer.pay(reservation).await,
        None => Visit::Left,
    }
}

/// Tries free seats until one is held.
async fn hold(buyer: &mut Buyer) -> Option<String> {
    // The first hold needs no seat map: the hall is empty.
    let sale = Arc::clone(&buyer.sale);
    let everything = (0..sale.shop.seats.len()).collect();
    let mut page = Page { free: everything, chance: SmallRng::seed_from_u64(buyer.number) };
    let mut clicks = 0;
    loop {
        if page.free.is_empty() || clicks == CLICKS_PER_LOOK {
            page.free = sale.map.look(buyer).await;
            clicks = 0;
        }
        let Some(place) = page.choose() else { return held_after_all(buyer).await };
        let seat = &sale.shop.seats[place];
        clicks += 1;
        let body = json!({ "eventId": sale.shop.event, "seatIds": [seat] });
        match buyer.post("/api/seats/reserve", &body).await {
            Answer::Done(held) => return Some(held["reservation"]["id"].as_str().unwrap().to_owned()),
            Answer::Refused(code, details) if code == "SEATS_TAKEN" => {
                assert_eq!(details["unavailableSeats"], json!([seat]));
            }
            // The limit refuses, because an earlier request held a seat and its answer was lost.
            Answer::Refused(code, details) => {
                sale.assert_faults(&format!("{code} {details}"));
                return held_after_all(buyer).await;
            }
            Answer::Lost => {
                if let Some(reservation) = held_after_all(buyer).await {
                    return Some(reservation);
                }
            }
        }
    }
}

/// Returns the reservation of a hold whose answer was lost.
async fn held_after_all(buyer: &mut Buyer) -> Option<String> {
    buyer.mine().await.map(|mine| mine["id"].as_str().unwrap().to_owned())
}

impl Page {
    /// Chooses one of the free seats at random.
    fn choose(&mut self) -> Option<usize> {
        if self.free.is_empty() {
            return None;
        }
        let at = self.chance.random_range(..self.free.len());
        Some(self.free.swap_remove(at))
    }
}
