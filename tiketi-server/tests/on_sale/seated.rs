//! A buyer of two seats, who tries popular seats first and then any free seats, until two are held and paid for.

use std::collections::HashSet;
use std::sync::Arc;

use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::index;
use serde_json::{Value, json};

use crate::person::Person;
use crate::shop::{LIMIT, SeatMap, SeatStatus, ServerShop, id};

/// Number of front seats that every buyer tries first: enough for a hundred buyers, while nine hundred are refused.
const POPULAR: usize = 200;
/// How many holds a buyer tries before reading the map again.
const CLICKS_PER_LOOK: usize = 8;
/// Far more holds than any of a thousand buyers has to try.
const MAX_CLICKS: usize = 2_000;

/// Which seats are free, as far as one buyer knows.
struct Page {
    version: u64,
    free: Vec<String>,
}

/// Buys two seats, and returns the buyer.
pub(crate) async fn come(shop: ServerShop, map: Arc<SeatMap>, number: u128) -> Person {
    let buyer = Person::buyer(&shop.address, number);
    let mut chance = SmallRng::seed_from_u64(u64::try_from(number).unwrap());
    let mut page = Page::of(&map);
    let reservation = hold(&shop, &buyer, &mut page, &mut chance).await;
    if number.is_multiple_of(10) {
        ask_for_one_too_many(&shop, &buyer, &page).await;
    }
    pay(&buyer, &reservation, number).await;
    buyer
}

/// Tries free seats until two are held.
async fn hold(shop: &ServerShop, buyer: &Person, page: &mut Page, chance: &mut SmallRng) -> String {
    for click in 0..MAX_CLICKS {
        if click % CLICKS_PER_LOOK == CLICKS_PER_LOOK - 1 || page.free.len() < LIMIT {
            page.look_again(shop, buyer).await;
        }
        let among = if click == 0 { POPULAR } else { page.free.len() };
        let wanted: Vec<_> =
            index::sample(chance, among, LIMIT).iter().map(|at| page.free[at].clone()).collect();
        let body = json!({"eventId": shop.event, "seatIds": wanted});
        let answer = buyer.post("/api/seats/reserve", &body).await;
        if answer.status == 201 {
            page.free.retain(|seat| !wanted.contains(seat));
            return id(&answer.ok::<Value>()["reservation"]["id"]);
        }
        let taken = answer.refused("SEATS_TAKEN")["unavailableSeats"].clone();
        let taken: HashSet<_> = taken.as_array().unwrap().iter().map(id).collect();
        assert!(!taken.is_empty() && taken.iter().all(|seat| wanted.contains(seat)));
        page.free.retain(|seat| !taken.contains(seat));
    }
    panic!("no two seats after {MAX_CLICKS} clicks, with {} free", page.free.len())
}

/// Asks for a third seat, which is refused: by the limit, or because another buyer has the seat.
async fn ask_for_one_too_many(shop: &ServerShop, buyer: &Person, page: &Page) {
    let Some(seat) = page.free.last() else { return };
    let answer = buyer.post("/api/seats/reserve", &json!({"eventId": shop.event, "seatIds": [seat]})).await;
    assert_eq!(answer.status, 409, "{answer:?}");
}

/// Pays; every seventh buyer sends the request twice.
pub(crate) async fn pay(buyer: &Person, reservation: &str, number: u128) {
    let body = json!({"reservationId": reservation, "paymentMethod": "kakao_pay"});
    let path = "/api/payments/process";
    let answer = if number.is_multiple_of(7) {
        buyer.post_twice(path, &body, reservation).await
    } else {
        buyer.post(path, &body).await
    };
    assert_eq!(answer.ok::<Value>()["reservation"]["status"], "confirmed");
}

impl Page {
    fn of(map: &SeatMap) -> Self {
        let free = map.seats.iter().filter(|seat| seat.status == SeatStatus::Available);
        Self { version: map.version, free: free.map(|seat| seat.id.clone()).collect() }
    }

    /// Reads the changes of the map since this buyer's last read.
    async fn look_again(&mut self, shop: &ServerShop, buyer: &Person) {
        let path = format!("/api/seats/{}?since={}", shop.event, self.version);
        let map: SeatMap = buyer.get(&path).await.ok();
        let now = Self::of(&map);
        if map.complete {
            *self = now;
            return;
        }
        let changed: HashSet<_> = map.seats.iter().map(|seat| &seat.id).collect();
        self.free.retain(|seat| !changed.contains(seat));
        self.free.extend(now.free);
        self.version = map.version;
    }
}
