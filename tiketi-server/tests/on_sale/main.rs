//! The first minute of a sale: many buyers at a real server, and a check of what was sold.
//!
//! The check does not rely on the answers to the buyers: it reads their reservations and payments, and the seat
//! map.
//!
//! Fails if `SeatState::is_available_at` always returns true, or if the rules do not check stock, limit or sold
//! seats: a later check of the store then refuses the second owner with a 500, and a buyer fails on any 500. The
//! module `sold_tickets` has its own test that it reports a second owner.

// Always true for this target. With it, Clippy treats helper functions as tests as well.
#![cfg(test)]

mod person;
mod seated;
mod shop;
mod sold_tickets;
mod standing;

use std::future::Future;

use tiketi_server_harness::{Running, raise_open_file_limit};
use tokio::task::JoinSet;

use crate::shop::ServerShop;

const BUYERS_OF_SEATS: u128 = 1_000;
const BUYERS_OF_STANDING: u128 = 300;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_buyers_share_two_thousand_seats_and_none_is_sold_twice() {
    let server = open_server().await;
    let shop = ServerShop::with_a_hall_of_two_thousand(server.address()).await;
    let map = shop.seat_map().await;
    assert_eq!(map.seats.len(), 2_000);
    let came = crowd(BUYERS_OF_SEATS, |number| seated::come(shop.clone(), map.clone(), number)).await;
    sold_tickets::assert_every_seat_is_sold_once(&shop, &came).await;
    close(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_buyers_share_a_hundred_units_and_none_is_sold_twice() {
    let server = open_server().await;
    let shop = ServerShop::with_a_hundred_units(server.address()).await;
    let came = crowd(BUYERS_OF_STANDING, |number| standing::come(shop.clone(), number)).await;
    sold_tickets::assert_every_unit_is_sold_once(&shop, &came).await;
    close(server).await;
}

/// Starts a server that accepts the tokens of the tests.
async fn open_server() -> Running {
    raise_open_file_limit();
    let shop = ["--store", "memory:", "--jwt-secret", person::SECRET, "--log", "warn"];
    // Requests may wait long on a machine that runs other tests.
    Running::start(&[&shop[..], &["--request-timeout", "1m"]].concat()).await
}

/// Stops the server, and asserts that it logged no error.
async fn close(server: Running) {
    let said = server.stop().await;
    assert_eq!(said.code, Some(0));
    assert!(!said.err.contains("ERROR"), "{}", said.err);
}

/// Runs all buyers concurrently, and returns what each returned.
async fn crowd<F>(size: u128, come: impl Fn(u128) -> F) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let mut buyers = JoinSet::new();
    for number in 1..=size {
        buyers.spawn(come(number));
    }
    buyers.join_all().await
}
