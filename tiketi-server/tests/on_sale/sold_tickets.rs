//! The sold tickets, read from the buyers' own reservations and payments.

use std::collections::HashMap;

use futures::stream::{self, StreamExt};
use serde_json::Value;

use crate::person::Person;
use crate::shop::{LIMIT, SeatStatus, ServerShop, id};

/// What one buyer owns, according to the buyer's reservations and payments.
#[derive(Debug, Default)]
struct Owned {
    seats: Vec<String>,
    units: u64,
    paid: i64,
}

/// Checks that every seat of the map is in exactly one paid reservation.
pub(crate) async fn assert_every_seat_is_sold_once(shop: &ServerShop, buyers: &[Person]) {
    let mut prices = HashMap::new();
    for seat in &shop.seat_map().await.seats {
        assert_eq!(seat.status, SeatStatus::Reserved, "{}", seat.id);
        assert!(prices.insert(seat.id.clone(), seat.price).is_none(), "{} is on the map twice", seat.id);
    }
    assert_eq!(faults(prices, &all_owned(buyers).await), [""; 0]);
    assert_eq!(shop.stock().await, ("sold_out".to_owned(), 0));
}

/// Lists every reason why these buyers do not own exactly these seats, each once and at its price.
fn faults(mut prices: HashMap<String, i64>, buyers: &[Owned]) -> Vec<String> {
    let mut faults = Vec::new();
    for owned in buyers {
        let mut price = 0;
        for seat in &owned.seats {
            match prices.remove(seat) {
                Some(one) => price += one,
                None => faults.push(format!("{seat} has two owners, or is not on the map")),
            }
        }
        if owned.seats.len() > LIMIT || owned.units > 0 || owned.paid != price {
            faults.push(format!("{price} is the price of {owned:?}"));
        }
    }
    faults.extend(prices.into_keys().map(|seat| format!("{seat} belongs to nobody")));
    faults
}

/// Checks that exactly one hundred units are in paid reservations.
pub(crate) async fn assert_every_unit_is_sold_once(shop: &ServerShop, buyers: &[Person]) {
    let owned = all_owned(buyers).await;
    assert!(owned.iter().all(|owned| owned.seats.is_empty() && owned.units <= LIMIT as u64));
    assert_eq!(owned.iter().map(|owned| owned.units).sum::<u64>(), 100);
    assert_eq!(owned.iter().map(|owned| owned.paid).sum::<i64>(), 100 * 66_000);
    assert_eq!(shop.stock().await, ("sold_out".to_owned(), 0));
}

async fn all_owned(buyers: &[Person]) -> Vec<Owned> {
    stream::iter(buyers).map(owned).buffer_unordered(16).collect().await
}

async fn owned(buyer: &Person) -> Owned {
    let mine: Value = buyer.get("/api/reservations/my").await.ok();
    let mut owned = Owned::default();
    for reservation in mine["reservations"].as_array().unwrap() {
        assert_eq!(reservation["status"], "confirmed", "{reservation}");
        owned.seats.extend(list(reservation, "seats").map(|seat| id(&seat["seatId"])));
        owned.units += list(reservation, "items").map(|item| item["quantity"].as_u64().unwrap()).sum::<u64>();
        owned.paid += paid(buyer, reservation).await;
    }
    owned
}

/// Returns the paid amount of a reservation, in the minor unit of the currency.
async fn paid(buyer: &Person, reservation: &Value) -> i64 {
    let path = format!("/api/payments/{}", id(&reservation["paymentId"]));
    let payment = buyer.get(&path).await.ok::<Value>()["payment"].clone();
    assert_eq!((&payment["status"], &payment["refundedAmount"]), (&"completed".into(), &0.into()));
    assert_eq!(payment["reservationId"], reservation["id"]);
    payment["amount"].as_i64().unwrap()
}

fn list<'r>(reservation: &'r Value, field: &str) -> impl Iterator<Item = &'r Value> {
    reservation[field].as_array().unwrap().iter()
}

#[test]
fn two_owners_no_owner_too_many_seats_and_a_wrong_price_are_found() {
    let prices: HashMap<_, _> = ["a", "b", "c"].map(|seat| (seat.to_owned(), 10)).into();
    let buyer = |seats: &[&str], paid| Owned {
        seats: seats.iter().map(|seat| (*seat).to_owned()).collect(),
        units: 0,
        paid,
    };
    let count = |buyers: &[Owned]| faults(prices.clone(), buyers).len();
    assert_eq!(count(&[buyer(&["a", "b"], 20), buyer(&["c"], 10)]), 0);
    assert_eq!(count(&[buyer(&["a", "b"], 20), buyer(&["b", "c"], 10)]), 1);
    assert_eq!(count(&[buyer(&["a", "b"], 20)]), 1);
    assert_eq!(count(&[buyer(&["a", "b", "c"], 30)]), 1);
    assert_eq!(count(&[buyer(&["a", "b"], 20), buyer(&["c"], 9)]), 1);
}
