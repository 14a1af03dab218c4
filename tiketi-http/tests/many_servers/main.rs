//! Many servers that sell from one Postgres, and what becomes of the sale when one of them, or it, is gone.
//!
//! Everybody comes at once, goes to another server if one does not answer, and asks what is theirs whenever an
//! answer was lost. With `TIKETI_FULL_SIZE` in the environment every crowd has the size of a real on-sale, else
//! only the first.
//!
//! A payment whose record a busy machine kept waiting for too long is stuck: its ticket is nobody else's.
//!
//! Seen to fail: with the event's row read but not locked, the store's constraints turn the second owner into a
//! 500, and nobody here may see one.

// Always true here; it tells the lints that the functions beside the tests are tests, too.
#![cfg(test)]

mod buyer;
mod fleet;
mod map;
#[path = "../server_process/process.rs"]
#[expect(dead_code, reason = "only the start and the end of a server are of use here")]
mod process;
mod sale;
mod seated;
#[path = "../server_process/crash/shop.rs"]
#[expect(dead_code, reason = "the shop that is made in a file is another's")]
mod shop;
mod standing;

use std::env;
use std::sync::Arc;

use tiketi_postgres_harness::{Fsync, Server};
use tokio::sync::Mutex;

use crate::fleet::Fleet;
use crate::sale::Sale;
use crate::shop::Stock;

/// One crowd at a time: together they would measure the machine's patience.
static TURN: Mutex<()> = Mutex::const_new(());

/// Buyers and what there is for them; seats come in rows of fifty.
#[derive(Debug, Clone, Copy)]
struct Size {
    buyers: u64,
    rows: u32,
    standing: u32,
}

const ON_SALE: Size = Size { buyers: 3_000, rows: 40, standing: 1 };
const SMALL: Size = Size { buyers: 900, rows: 12, standing: 1 };
const STANDING: Size = Size { buyers: 10_000, rows: 1, standing: 5_000 };
const SMALL_STANDING: Size = Size { buyers: 2_000, rows: 1, standing: 1_000 };

impl Size {
    /// Takes the size of a real on-sale where it is asked for.
    fn of(full: Self, small: Self) -> Self {
        if env::var_os("TIKETI_FULL_SIZE").is_some() { full } else { small }
    }

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
    let fleet = Fleet::open(Server::shared().await, ON_SALE.stock()).await;
    let sale = Sale::without_faults(&fleet);
    Arc::clone(&sale).crowd(ON_SALE.buyers, seated::come).await;
    assert_eq!(sale.bought().len() + sale.stuck(), ON_SALE.seats());
    sale.assert_every_seat_has_its_one_owner().await;
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_and_restarted_midway_sells_no_seat_twice_and_loses_none() {
    let (_turn, size) = (TURN.lock().await, Size::of(ON_SALE, SMALL));
    let mut fleet = Fleet::open(Server::shared().await, size.stock()).await;
    let sale = Sale::with_faults(&fleet);
    let crowd = tokio::spawn(Arc::clone(&sale).crowd(size.buyers, seated::come));
    sale.reaches(size.seats() / 4).await;
    fleet.kill(0).await;
    sale.reaches(size.seats() / 2).await;
    fleet.start(0).await;
    crowd.await.unwrap();
    sale.assert_every_seat_has_its_one_owner().await;
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_killed_midway_loses_nothing_that_was_answered_and_the_sale_goes_on() {
    let (_turn, size) = (TURN.lock().await, Size::of(ON_SALE, SMALL));
    let postgres = Server::start(Fsync::On).await;
    let fleet = Fleet::open(&postgres, size.stock()).await;
    let sale = Sale::with_faults(&fleet);
    let crowd = tokio::spawn(Arc::clone(&sale).crowd(size.buyers, seated::come));
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
async fn twice_as_many_buyers_at_three_servers_as_there_are_units_share_exactly_these() {
    let (_turn, size) = (TURN.lock().await, Size::of(STANDING, SMALL_STANDING));
    let fleet = Fleet::open(Server::shared().await, size.stock()).await;
    let sale = Sale::without_faults(&fleet);
    Arc::clone(&sale).crowd(size.buyers, standing::come).await;
    assert_eq!(sale.bought().len() + sale.stuck(), usize::try_from(size.standing).unwrap());
    sale.assert_all_is_told_right().await;
    fleet.close().await;
}
