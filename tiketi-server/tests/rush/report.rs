//! What a rush came to: its figures for people, and what must hold.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::person::{End, Stay, Told, Visit};
use crate::watch::Watched;

/// A call has the moment at which its server asked for the admission, which may be tried again for so long.
const ASKED_BEFORE: Duration = Duration::from_secs(5);
/// Errors of shorter waits are counted in seconds only: a second is a large share of them.
const SHORTEST_WAIT: f64 = 5.0;

pub(crate) struct Report<'v> {
    visits: &'v [Visit],
    took: Duration,
    watched: Watched,
}

/// How far expected waits were off.
#[derive(Debug, Default)]
struct Errors {
    seconds: Vec<f64>,
    /// As a share of the wait.
    shares: Vec<f64>,
    /// Answers without an expected wait.
    unknown: usize,
}

impl<'v> Report<'v> {
    pub(crate) fn of(visits: &'v [Visit], began: Instant, watched: Watched) -> Self {
        Self { visits, took: began.elapsed(), watched }
    }

    fn count(&self, end: End) -> usize {
        self.visits.iter().filter(|visit| visit.end == end).count()
    }

    fn stays(&self) -> impl Iterator<Item = &Stay> {
        self.visits.iter().flat_map(|visit| &visit.stays)
    }

    fn errors(&self) -> Errors {
        let mut errors = Errors::default();
        for stay in self.stays() {
            let Some(called_at) = stay.called_at else { continue };
            for told in &stay.told {
                let Some(wait) = told.wait else {
                    errors.unknown += 1;
                    continue;
                };
                let actual = called_at.since(told.at).as_secs_f64();
                errors.seconds.push((wait - actual).abs());
                if actual >= SHORTEST_WAIT {
                    errors.shares.push((wait - actual).abs() / actual);
                }
            }
        }
        errors.seconds.sort_by(f64::total_cmp);
        errors.shares.sort_by(f64::total_cmp);
        errors
    }

    /// Returns the mean pause of those who are nearer than `ahead`, and of the others.
    fn polls(&self, ahead: u64) -> (f64, f64) {
        let told: Vec<&Told> = self.stays().flat_map(|stay| &stay.told).collect();
        let (near, far): (Vec<&Told>, Vec<&Told>) = told.into_iter().partition(|told| told.ahead < ahead);
        (mean(&near), mean(&far))
    }

    pub(crate) fn print(&self) {
        let errors = self.errors();
        let called = self.stays().filter(|stay| stay.called_at.is_some()).count();
        let (near, far) = self.polls(u64::try_from(self.visits.len() / 20).unwrap());
        let figures = json!({
            "rush": self.visits.len(),
            "wall_seconds": rounded(self.took.as_secs_f64()),
            "bought": self.count(End::Bought),
            "sold_out": self.count(End::SoldOut),
            "vanished": self.count(End::Vanished),
            "called": called,
            "joined_again": self.stays().count() - self.visits.len(),
            "unpaid": self.visits.iter().flat_map(|visit| &visit.unpaid).collect::<Vec<_>>(),
            "most_active": self.watched.most_active,
            "eta_answers": errors.seconds.len(),
            "eta_unknown": errors.unknown,
            "eta_error_seconds_median": rounded(percentile(&errors.seconds, 50)),
            "eta_error_seconds_p90": rounded(percentile(&errors.seconds, 90)),
            "eta_error_share_median": rounded(percentile(&errors.shares, 50)),
            "eta_error_share_p90": rounded(percentile(&errors.shares, 90)),
            "poll_seconds_near": rounded(near),
            "poll_seconds_far": rounded(far),
        });
        println!("{figures}");
    }

    /// Fails unless every seat is sold to one buyer, and buyers were called in the order of their numbers.
    pub(crate) fn check(&self, seats: &[String]) {
        let bought: Vec<&String> = self.visits.iter().flat_map(|visit| &visit.seats).collect();
        let sold: BTreeSet<&String> = bought.iter().copied().collect();
        assert_eq!((sold.len(), bought.len()), (seats.len(), seats.len()), "every seat is sold, and once");
        let mut calls: Vec<_> =
            self.stays().filter_map(|stay| Some((stay.number, stay.called_at?))).collect();
        calls.sort_unstable();
        for pair in calls.windows(2) {
            assert!(pair[0].0 < pair[1].0, "two buyers have number {}", pair[0].0);
            let is_in_order = pair[0].1 <= pair[1].1.after(ASKED_BEFORE);
            assert!(is_in_order, "number {} was called before {}", pair[1].0, pair[0].0);
        }
        assert!(self.watched.looks > 0 && self.watched.most_active > 0, "{:?}", self.watched);
    }
}

fn mean(told: &[&Told]) -> f64 {
    let count = u32::try_from(told.len()).unwrap();
    told.iter().map(|told| told.poll).sum::<f64>() / f64::from(count.max(1))
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted.get(sorted.len() * percent / 100).copied().unwrap_or_default()
}

fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
