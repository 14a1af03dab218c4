//! Many servers that sell from one Postgres, and what becomes of the sale when one of them, or it, is gone.
//!
//! The sizes are those of a real on-sale. Everybody comes at once, goes to another server if one does not
//! answer, and asks what is theirs whenever an answer was lost.

mod buyer;
mod commands;
mod fleet;
mod map;
mod outage;
mod sale;
mod seated;
mod standing;
mod tls;

use std::sync::Arc;

use tiketi_postgres_harness::{Fsync, Server};

use crate::crash::shop::Stock;
use crate::many::fleet::Fleet;
use crate::many::sale::Sale;

const SEATED_BUYERS: u64 = 3_000;
const STANDING_BUYERS: u64 = 10_000;
const UNITS: usize = 5_000;
/// Forty rows of fifty.
const SEATS: usize = 2_000;
const HALL: Stock = Stock { rows: 40, standing: 1 };
const ROOM: Stock = Stock { rows: 1, standing: 5_000 };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_thousand_buyers_at_three_servers_share_two_thousand_seats() {
    let fleet = Fleet::open(Server::shared().await, HALL).await;
    let sale = Sale::without_faults(&fleet);
    Arc::clone(&sale).crowd(SEATED_BUYERS, seated::come).await;
    assert_eq!(sale.bought().len(), SEATS);
    sale.assert_every_seat_has_its_one_owner().await;
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_and_restarted_midway_sells_no_seat_twice_and_loses_none() {
    let mut fleet = Fleet::open(Server::shared().await, HALL).await;
    let sale = Sale::with_faults(&fleet);
    let crowd = tokio::spawn(Arc::clone(&sale).crowd(SEATED_BUYERS, seated::come));
    sale.reaches(SEATS / 4).await;
    fleet.kill(0).await;
    sale.reaches(SEATS / 2).await;
    fleet.start(0).await;
    crowd.await.unwrap();
    sale.assert_every_seat_has_its_one_owner().await;
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_killed_midway_loses_nothing_that_was_answered_and_the_sale_goes_on() {
    let postgres = Server::start(Fsync::On).await;
    let fleet = Fleet::open(&postgres, HALL).await;
    let sale = Sale::with_faults(&fleet);
    let crowd = tokio::spawn(Arc::clone(&sale).crowd(SEATED_BUYERS, seated::come));
    sale.reaches(SEATS / 4).await;
    postgres.kill9().await;
    postgres.restart().await;
    sale.reaches(SEATS / 2).await;
    postgres.restart().await;
    crowd.await.unwrap();
    sale.assert_every_seat_has_its_one_owner().await;
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_buyers_at_three_servers_share_five_thousand_units() {
    let fleet = Fleet::open(Server::shared().await, ROOM).await;
    let sale = Sale::without_faults(&fleet);
    Arc::clone(&sale).crowd(STANDING_BUYERS, standing::come).await;
    assert_eq!(sale.bought().len(), UNITS);
    sale.assert_all_is_told_right().await;
    fleet.close().await;
}
