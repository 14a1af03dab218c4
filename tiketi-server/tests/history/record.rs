//! What all buyers asked and were told, by seat, on one clock.

use std::collections::BTreeMap;
use std::sync::Mutex;

use tiketi_seat_history::{Act, Answer, Request, SeatHistory};
use tokio::time::Instant;

/// The histories of the seats.
#[derive(Debug)]
pub(crate) struct Record {
    opened: Instant,
    requests: Mutex<BTreeMap<usize, Vec<Request>>>,
}

impl Record {
    pub(crate) fn new() -> Self {
        Self { opened: Instant::now(), requests: Mutex::default() }
    }

    /// Returns microseconds since the record was begun.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_micros()).unwrap()
    }

    /// Adds a request about a seat that ended now.
    pub(crate) fn add(&self, seat: usize, (buyer, act): (u64, Act), start: u64, answer: Answer) {
        let end = self.now().max(start);
        let request = Request { buyer, act, start, end, answer };
        self.requests.lock().unwrap().entry(seat).or_default().push(request);
    }

    /// Counts requests by what was asked and answered.
    pub(crate) fn counts(&self) -> BTreeMap<(Act, Answer), usize> {
        let mut counts = BTreeMap::new();
        for request in self.requests.lock().unwrap().values().flatten() {
            if !matches!(request.act, Act::Look(_) | Act::Expire) {
                *counts.entry((request.act, request.answer)).or_default() += 1;
            }
        }
        counts
    }

    /// Asserts that each seat's history has an explanation.
    pub(crate) fn assert_is_explained(&self) {
        for (seat, requests) in self.requests.lock().unwrap().iter() {
            if let Err(wrong) = SeatHistory::new(requests.clone()).explain() {
                panic!("seat {seat}: {wrong}");
            }
        }
    }
}
