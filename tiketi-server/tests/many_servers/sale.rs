//! A sale to a crowd, and the answers that the buyers received.

use std::collections::HashSet;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::stream::{self, StreamExt};
use serde_json::Value;
use tiketi_server_harness::{DEADLINE, Fleet, ServerShop, send_with_retries};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::buyer::Buyer;
use crate::map::SharedMap;

/// Most requests under way at the three servers together.
const AT_ONCE: usize = 96;

/// How a buyer's visit ended.
#[derive(Debug, Clone)]
pub(crate) enum Visit {
    /// The buyer has a ticket.
    Bought { token: String, reservation: String, seat: Option<String> },
    /// The buyer has no ticket, because none was left.
    Left,
    /// The outcome of the buyer's payment is unknown.
    Stuck,
}

/// The answer to a buyer who has a ticket: the token, the reservation and the seat.
type Ticket = (String, String, Option<String>);

/// One event and its buyers.
#[derive(Debug)]
pub(crate) struct Sale {
    pub(crate) client: reqwest::Client,
    pub(crate) addresses: Arc<[String]>,
    pub(crate) shop: Arc<ServerShop>,
    pub(crate) map: SharedMap,
    /// Limits the requests under way; the other requests wait here.
    pub(crate) in_flight: Semaphore,
    may_fail: bool,
    sold: AtomicUsize,
    ended: AtomicBool,
    visits: Mutex<Vec<Visit>>,
}

impl Sale {
    /// Starts a sale in which no server fails.
    pub(crate) fn without_faults(fleet: &Fleet) -> Arc<Self> {
        Self::of(fleet, false)
    }

    /// Starts a sale in which servers are killed and started again.
    pub(crate) fn with_faults(fleet: &Fleet) -> Arc<Self> {
        Self::of(fleet, true)
    }

    fn of(fleet: &Fleet, may_fail: bool) -> Arc<Self> {
        let client = reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap();
        let (addresses, shop) = (Arc::clone(&fleet.addresses), Arc::clone(&fleet.shop));
        let map = SharedMap::of(&shop.seats);
        let (in_flight, visits) = (Semaphore::new(AT_ONCE), Mutex::default());
        let (sold, ended) = Default::default();
        Arc::new(Self { client, addresses, shop, map, in_flight, may_fail, sold, ended, visits })
    }

    /// Fails the test if no server may fail in this sale.
    pub(crate) fn assert_faults(&self, what: &str) {
        assert!(self.may_fail, "{what}");
    }

    /// Counts one buyer whose purchase was acknowledged.
    pub(crate) fn note_one_sold(&self) {
        self.sold.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until this many purchases were acknowledged.
    pub(crate) async fn reaches(&self, count: usize) {
        let reached = async {
            while self.sold.load(Ordering::Relaxed) < count {
                assert!(!self.ended.load(Ordering::Relaxed), "it was over before {count} were sold");
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(DEADLINE, reached).await.expect("the servers sell no more");
    }

    /// Runs all buyers concurrently, and waits until all have ended.
    pub(crate) async fn crowd<F>(self: Arc<Self>, size: u64, visit: impl Fn(Buyer) -> F)
    where
        F: Future<Output = Visit> + Send + 'static,
    {
        let mut visits = JoinSet::new();
        for number in 1..=size {
            visits.spawn(visit(Buyer::new(Arc::clone(&self), number)));
        }
        *self.visits.lock().unwrap() = visits.join_all().await;
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Returns the answers to the buyers who have a ticket.
    pub(crate) fn bought(&self) -> Vec<Ticket> {
        let visits = self.visits.lock().unwrap().clone().into_iter();
        visits
            .filter_map(|visit| match visit {
                Visit::Bought { token, reservation, seat } => Some((token, reservation, seat)),
                Visit::Left | Visit::Stuck => None,
            })
            .collect()
    }

    /// Counts the buyers whose payment has no recorded outcome; no other buyer can have their tickets.
    pub(crate) fn stuck(&self) -> usize {
        self.visits.lock().unwrap().iter().filter(|visit| matches!(visit, Visit::Stuck)).count()
    }

    /// Compares each buyer's answer with that of a random server.
    pub(crate) async fn assert_every_answer_is_right(&self) {
        let told = self.bought();
        let reservations: HashSet<_> = told.iter().map(|(_, reservation, _)| reservation).collect();
        assert_eq!(reservations.len(), told.len(), "a reservation has two owners");
        let checks = told.iter().enumerate().map(|(at, told)| self.assert_answer_is_right(at, told));
        stream::iter(checks).buffer_unordered(32).for_each(|()| async {}).await;
    }

    async fn assert_answer_is_right(&self, at: usize, (token, reservation, seat): &Ticket) {
        let server = &self.addresses[at % self.addresses.len()];
        let request = self.client.get(format!("http://{server}/api/reservations/{reservation}"));
        let read = send_with_retries(request.bearer_auth(token)).await.unwrap().body;
        let shown = &read["reservation"];
        assert_eq!(shown["status"], "confirmed", "{read}");
        assert_eq!(shown["seats"][0]["seatId"].as_str(), seat.as_deref(), "{read}");
    }

    /// Checks each buyer's answer, and that every server shows every seat as sold.
    pub(crate) async fn assert_every_seat_has_its_one_owner(&self) {
        self.assert_every_answer_is_right().await;
        let told = self.bought();
        let owned: HashSet<&str> = told.iter().filter_map(|(_, _, seat)| seat.as_deref()).collect();
        assert_eq!(owned.len(), told.len(), "a seat has two owners");
        let stuck = self.stuck();
        // A server may show a map that is a second old.
        sleep(Duration::from_secs(1)).await;
        for address in self.addresses.iter() {
            let url = format!("http://{address}/api/seats/{}", self.shop.event);
            let map = send_with_retries(self.client.get(url)).await.unwrap().body;
            let seats = map["seats"].as_array().unwrap();
            let sold: HashSet<&str> = ids(seats, "reserved").collect();
            let held = ids(seats, "locked").count();
            assert!(owned.is_subset(&sold), "somebody was told to own what is not sold");
            assert!(held <= stuck, "{held} are held, and {stuck} may be paid for");
            assert_eq!(sold.len() + held, self.shop.seats.len());
        }
    }
}

/// Lists the seats of a map that have this status.
fn ids<'a>(seats: &'a [Value], status: &'static str) -> impl Iterator<Item = &'a str> {
    let seats = seats.iter().filter(move |seat| seat["status"] == status);
    seats.map(|seat| seat["id"].as_str().unwrap())
}
