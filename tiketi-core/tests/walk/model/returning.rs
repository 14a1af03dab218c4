//! Cancellations and refunds of the reference model.

use crate::book::{ASK_AFTER, PART_REFUND, Phase, Progress, Reconciliation, Tickets, comes_back};
use crate::model::Model;
use crate::step::Buyer;

impl Model {
    pub(super) fn cancel(&mut self, by: Option<Buyer>, of: usize) -> bool {
        let booking = &self.bookings[of];
        let in_time = by.is_none() || self.called_off || comes_back(self.now).is_some();
        let free = booking.phase == Phase::Confirmed && booking.attempt.is_none() && in_time;
        let accepted = by.is_none_or(|by| by == booking.buyer) && (booking.is_pending(self.now) || free);
        if accepted {
            self.abandon(of);
            self.end(of, Phase::Cancelled);
        }
        accepted
    }

    /// Refunds a part as staff; the buyer keeps the tickets.
    pub(super) fn waive(&mut self, by: Option<Buyer>, at: usize) -> bool {
        let attempt = &self.attempts[at];
        let left = attempt.taken - attempt.returned;
        let accepted = by.is_none() && attempt.refund.is_none() && (1..=left).contains(&PART_REFUND);
        if accepted {
            self.ask_for_refund(at, PART_REFUND, None);
        }
        accepted
    }

    /// Returns tickets; for money without tickets, refunds everything that is left.
    pub(super) fn give_back(&mut self, by: Option<Buyer>, at: usize, named: Option<&Tickets>) -> bool {
        let attempt = &self.attempts[at];
        let booking = &self.bookings[attempt.of];
        let left = attempt.taken - attempt.returned;
        if by.is_some_and(|by| by != booking.buyer) || attempt.refund.is_some() || attempt.taken == 0 {
            return false;
        }
        if booking.phase != Phase::Confirmed || booking.attempt != Some(at) {
            let owed = left - attempt.fees.max(0);
            let accepted = named.is_none() && owed > 0;
            if accepted {
                self.ask_for_refund(at, owed, None);
            }
            return accepted;
        }
        let tickets = named.cloned().unwrap_or_else(|| Tickets::of(booking));
        let whole: fn(i64) -> i64 = |price| price;
        let by_policy = by.is_some() && !self.called_off;
        let rate = if by_policy { comes_back(self.now) } else { Some(whole) };
        let Some(rate) = rate.filter(|_| tickets.count() > 0 && tickets.are_of(booking)) else {
            return false;
        };
        let amount = tickets.sum(rate).min(left);
        if amount > 0 {
            self.ask_for_refund(at, amount, Some(tickets));
        } else {
            self.take_back(at, 0, &tickets);
        }
        true
    }

    fn ask_for_refund(&mut self, at: usize, amount: i64, takes: Option<Tickets>) {
        let reconciliation = Some(Reconciliation::from(self.now + ASK_AFTER[0]));
        let attempt = &mut self.attempts[at];
        (attempt.refund, attempt.takes, attempt.reconciliation) = (Some(amount), takes, reconciliation);
        attempt.for_the_event = false;
    }

    /// Returns tickets after their refund was done.
    fn take_back(&mut self, at: usize, amount: i64, tickets: &Tickets) {
        let attempt = &mut self.attempts[at];
        attempt.fees += tickets.sum(|price| price) - amount;
        let of = attempt.of;
        let booking = &mut self.bookings[of];
        if *tickets == Tickets::of(booking) {
            return self.end(of, Phase::Cancelled);
        }
        booking.seats.retain(|seat| !tickets.seats.contains(seat));
        booking.standing -= tickets.standing;
        booking.free -= tickets.free;
        for seat in &tickets.seats {
            (self.owners[*seat], self.former[*seat]) = (None, None);
        }
    }

    pub(super) fn refund_ends(&mut self, at: usize, done: bool) -> bool {
        let attempt = &mut self.attempts[at];
        let Some(amount) = attempt.refund.take() else { return false };
        let takes = attempt.takes.take();
        attempt.reconciliation = None;
        if !done && attempt.for_the_event {
            attempt.refused_for_the_event = true;
        }
        if done {
            attempt.returned += amount;
            attempt.refused_for_the_event = false;
            let (of, rest) = (attempt.of, attempt.taken - attempt.returned);
            let bought = self.bookings[of].phase == Phase::Confirmed && self.bookings[of].attempt == Some(at);
            let owed = rest - attempt.fees.max(0);
            if rest == 0 {
                attempt.progress = Progress::Over;
            }
            if owed > 0 && !bought {
                self.promise(at, owed);
            } else if let Some(takes) = takes.filter(|_| bought) {
                self.take_back(at, amount, &takes);
            }
        }
        true
    }

    /// Queues a refund.
    pub(super) fn promise(&mut self, at: usize, amount: i64) {
        let attempt = &mut self.attempts[at];
        (attempt.refund, attempt.takes, attempt.for_the_event) = (Some(amount), None, false);
        attempt.reconciliation = Some(Reconciliation::from(self.now));
    }

    /// Cancels a reservation with its event, or queues a refund of everything that is left.
    pub(super) fn call_off(&mut self, of: usize) -> bool {
        let booking = &self.bookings[of];
        match (booking.phase, booking.attempt) {
            _ if !self.called_off => return false,
            (Phase::Paying { .. }, _) => return false,
            (Phase::Held { until }, _) => {
                self.abandon(of);
                self.end(of, if until <= self.now { Phase::Expired } else { Phase::Cancelled });
            }
            (Phase::Confirmed, Some(at)) => {
                let attempt = &self.attempts[at];
                if attempt.refund.is_none() && !attempt.refused_for_the_event {
                    let (tickets, left) = (Tickets::of(booking), attempt.taken - attempt.returned);
                    match booking.total().min(left) {
                        0 => self.end(of, Phase::Cancelled),
                        owed => {
                            self.promise(at, owed);
                            self.attempts[at].takes = Some(tickets);
                            self.attempts[at].for_the_event = true;
                        }
                    }
                }
            }
            (Phase::Confirmed, None) => self.end(of, Phase::Cancelled),
            (Phase::Expired | Phase::Cancelled, _) => {}
        }
        true
    }
}
