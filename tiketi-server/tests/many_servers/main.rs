//! Three servers that sell from one Postgres database, while a server or Postgres is killed.
//!
//! All buyers start at the same time. A buyer continues at another server if one does not answer, and reads the own
//! reservations when an answer was lost.
//!
//! After a kill, a payment may be left without a recorded outcome; no other buyer then gets its ticket. Without a
//! kill, every payment has an outcome.
//!
//! Fails if the event's row is read but not locked: the store's constraints then refuse the second owner with a
//! 500, and a buyer fails on any 500.

// Always true for this target. With it, Clippy treats helper functions as tests as well.
#![cfg(test)]

mod buyer;
mod frozen;
mod live;
mod map;
mod sale;
mod seated;
mod standing;

use std::sync::Arc;

use tiketi_postgres_harness::{Fsync, Server};
use tiketi_server_harness::{Fleet, Stock};
use tokio::sync::Mutex;

use crate::sale::Sale;

/// Runs one test at a time: two crowds at once would mainly measure how busy the machine is.
static TURN: Mutex<()> = Mutex::const_new(());

/// The number of buyers and the stock; seats come in rows of fifty.
#[derive(Debug, Clone, Copy)]
struct Size {
    buyers: u64,
    rows: u32,
    standing: u32,
}

const ON_SALE: Size = Size { buyers: 3_000, rows: 40, standing: 1 };
const STANDING: Size = Size { buyers: 10_000, rows: 1, standing: 5_000 };

/// Holds outlast the test, and requests may wait long on a machine that runs other tests.
const PATIENT: [&str; 4] =
    ["--max-seats-per-buyer=1", "--hold-ttl=2h", "--hold-cap=2h", "--request-timeout=1m"];

impl Size {
    fn stock(self) -> Stock {
        Stock { rows: self.rows, standing: self.standing }
    }

    fn seats(self) -> usize {
        usize::try_from(self.rows * 50).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_thousand_buyers_at_three_servers_share_two_thousand_seats() {
    let _turn = TURN.lock().await;
    let fleet = Fleet::open(Server::shared().await, ON_SALE.stock(), &PATIENT).await;
    let sale = Sale::without_faults(&fleet);
    Arc::clone(&sale).crowd(ON_SALE.buyers, seated::visit).await;
    assert_eq!(sale.bought().len(), ON_SALE.seats());
    sale.assert_every_seat_has_its_one_owner().await;
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_and_restarted_server_sells_no_seat_twice_and_loses_none() {
    let (_turn, size) = (TURN.lock().await, ON_SALE);
    let mut fleet = Fleet::open(Server::shared().await, size.stock(), &PATIENT).await;
    let sale = Sale::with_faults(&fleet);
    let crowd = tokio::spawn(Arc::clone(&sale).crowd(size.buyers, seated::visit));
    sale.reaches(size.seats() / 4).await;
    fleet.kill(0).await;
    sale.reaches(size.seats() / 2).await;
    fleet.start(0).await;
    crowd.await.unwrap();
    sale.assert_every_seat_has_its_one_owner().await;
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_postgres_loses_no_acknowledged_sale_and_the_sale_continues() {
    let (_turn, size) = (TURN.lock().await, ON_SALE);
    let postgres = Server::start(Fsync::On).await;
    let fleet = Fleet::open(&postgres, size.stock(), &PATIENT).await;
    let sale = Sale::with_faults(&fleet);
    let crowd = tokio::spawn(Arc::clone(&sale).crowd(size.buyers, seated::visit));
    sale.reaches(size.seats() / 4).await;
    postgres.kill9().await;
    postgres.restart().await;
    sale.reaches(size.seats() / 2).await;
    postgres.restart().await;
    crowd.await.unwrap();
    sale.assert_every_seat_has_its_one_owner().await;
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_buyers_at_three_servers_share_five_thousand_units() {
    let (_turn, size) = (TURN.lock().await, STANDING);
    let fleet = Fleet::open(Server::shared().await, size.stock(), &PATIENT).await;
    let sale = Sale::without_faults(&fleet);
    Arc::clone(&sale).crowd(size.buyers, standing::visit).await;
    assert_eq!(sale.bought().len(), usize::try_from(size.standing).unwrap());
    sale.assert_every_answer_is_right().await;
    fleet.close().await;
}
