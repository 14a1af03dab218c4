//! The invariants, checked after every case from what the store returns.

mod facts;
mod money;
mod seats;
mod stock;

use std::collections::HashSet;

use tiketi_core::{Reservation, ReservationState};

use crate::picture::Picture;
use crate::shop::TestShop;

impl TestShop {
    /// Checks a whole store by its answers: owners, counters, money, limits and facts.
    ///
    /// Every case about selling ends with it.
    ///
    /// # Panics
    ///
    /// If two of the store's answers contradict each other, or an invariant does not hold.
    pub async fn audit(&self) {
        let picture = self.settled_picture().await;
        for (view, map) in &picture.events {
            seats::check(&picture, view, map);
            stock::check(&picture, view, map);
            self.check_buyers(&picture, view);
        }
        self.check_reservations(&picture).await;
        money::check(&picture);
        let (facts, quiet, without_facts) = {
            let known = self.known();
            (known.facts.clone(), known.quiet, known.without_facts)
        };
        if !without_facts {
            facts::check(&picture, &facts, quiet);
        }
    }

    /// Each buyer has at most one pending reservation, and never more tickets than the limit.
    fn check_buyers(&self, picture: &Picture, view: &tiketi_core::store::EventView) {
        let limit = view.event.details.terms.over(&self.terms()).max_seats_per_buyer;
        for buyer in self.known().buyers.clone() {
            let of_buyer = |row: &&Reservation| row.buyer == buyer && row.is_live();
            let live: Vec<_> = picture.reservations_of(view.event.id).filter(of_buyer).collect();
            let tickets: u32 = live.iter().map(|row| row.tickets()).sum();
            assert!(tickets <= limit, "{buyer:?} has {tickets} tickets, more than {limit}");
            let confirmed =
                live.iter().filter(|row| matches!(row.state, ReservationState::Confirmed { .. })).count();
            assert!(live.len() - confirmed <= 1, "{buyer:?} has two pending reservations: {live:?}");
        }
    }

    async fn check_reservations(&self, picture: &Picture) {
        let mut numbers = HashSet::new();
        for row in &picture.reservations {
            assert!(numbers.insert(row.number), "the number {} was given twice", row.number);
            let total = lines_total(row);
            assert_eq!(row.total.minor(), total, "the total is not the sum of the lines: {row:?}");
            let single = self.store().reservation(row.id).await.expect("a reservation can be read");
            assert_eq!(single.as_ref(), Some(row), "listed and single reads differ");
        }
    }
}

fn lines_total(row: &Reservation) -> i64 {
    let seats: i64 = row.seats.iter().map(|line| line.price.minor()).sum();
    let items = row.items.iter().map(|line| line.unit_price.minor() * i64::from(line.quantity));
    seats + items.sum::<i64>()
}
