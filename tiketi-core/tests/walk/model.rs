//! The reference model: the tickets of each buyer, and the money of each payment.

mod paying;
mod returning;

use std::collections::BTreeSet;
use std::fmt;

use crate::book::{
    Attempt, Booking, CAP, CLOSES, FREE, Former, LIMIT, Phase, Progress, SEATS, STANDING, TTL,
};
use crate::step::{Buyer, Step, Wait};

#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) tidies: bool,
    pub(crate) now: i64,
    pub(crate) owners: [Option<usize>; SEATS],
    pub(crate) blocked: [bool; SEATS],
    pub(crate) former: [Option<Former>; SEATS],
    pub(crate) bookings: Vec<Booking>,
    pub(crate) attempts: Vec<Attempt>,
    /// Whether the latest step was accepted.
    pub(crate) accepted: bool,
    /// Whether the event is cancelled.
    pub(crate) called_off: bool,
    /// The outcome of late money in the latest step.
    pub(crate) late: Option<Late>,
}

/// The outcome of money that came after its reservation had ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Late {
    /// It pays for what was still held.
    InTime,
    /// It takes the same tickets again.
    TakenAgain,
    /// It is refunded.
    GivenBack,
    /// It is refunded, and its reservation ends, because the event is called off.
    CalledOff,
}

impl fmt::Debug for Model {
    /// Shows the start of a sequence; the steps show the rest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.tidies { "StoreThatTidiesFirst" } else { "StoreThatLeavesLapsedHolds" })
    }
}

impl Model {
    pub(crate) fn new(tidies: bool) -> Self {
        Self {
            tidies,
            now: 0,
            owners: [None; SEATS],
            blocked: [false; SEATS],
            former: [None; SEATS],
            bookings: Vec::new(),
            attempts: Vec::new(),
            accepted: true,
            called_off: false,
            late: None,
        }
    }

    pub(crate) fn take(&mut self, step: &Step) {
        if let Step::Wait(wait) = step {
            self.now = self.after(*wait);
        } else if self.tidies || *step == Step::Tidy {
            self.tidy();
        }
        self.late = None;
        self.accepted = self.accepts(step);
    }

    fn accepts(&mut self, step: &Step) -> bool {
        match step {
            Step::Hold { buyer, seats, standing, free } => self.hold(*buyer, seats, *standing, *free),
            Step::Extend { by, of } => self.extend(*by, *of),
            Step::Release { by, of, seats } => self.release(*by, *of, seats.as_deref()),
            Step::Prepare { by, of } => self.prepare(*by, *of),
            Step::ConfirmFree { by, of } => self.confirm_free(*by, *of),
            Step::Confirm { by, attempt } => self.confirm(*by, *attempt),
            Step::Outcome { attempt, said } => self.outcome(*attempt, *said),
            Step::Cancel { by, of } => self.cancel(*by, *of),
            Step::Refund { by, attempt, part: true } => self.waive(*by, *attempt),
            Step::Refund { by, attempt, part: false } => self.give_back(*by, *attempt, None),
            Step::GiveBack { by, attempt, tickets } => self.give_back(*by, *attempt, Some(tickets)),
            Step::RefundEnds { attempt, done } => self.refund_ends(*attempt, *done),
            Step::ScheduleReconciliation { attempt, how } => self.schedule_reconciliation(*attempt, *how),
            Step::EndPayment { attempt } => self.end_payment(*attempt),
            Step::CancelEvent => !std::mem::replace(&mut self.called_off, true),
            Step::CallOff { of } => self.call_off(*of),
            Step::Block { seat } => self.block(*seat),
            Step::Unblock { seat } => {
                self.blocked[*seat] = false;
                true
            }
            Step::Tidy | Step::Wait(_) => true,
        }
    }

    fn after(&self, wait: Wait) -> i64 {
        let ends = self.bookings.iter().filter_map(|booking| match booking.phase {
            Phase::Held { until } if until > self.now => Some(until),
            _ => None,
        });
        let next = ends.min().unwrap_or(self.now);
        match wait {
            Wait::Seconds(seconds) => self.now + seconds * 1_000_000,
            Wait::ToNextEnd => next,
            Wait::JustBeforeNextEnd => self.now.max(next - 1),
        }
    }

    fn tidy(&mut self) {
        for of in 0..self.bookings.len() {
            if self.bookings[of].is_lapsed(self.now) {
                self.abandon(of);
                self.end(of, Phase::Expired);
            }
        }
    }

    fn is_available(&self, seat: usize) -> bool {
        let lapsed = |of: usize| self.bookings[of].is_lapsed(self.now);
        !self.blocked[seat] && self.owners[seat].is_none_or(lapsed)
    }

    fn left(&self, capacity: u32, count: fn(&Booking) -> u32) -> u32 {
        capacity - self.bookings.iter().filter(|booking| booking.is_live()).map(count).sum::<u32>()
    }

    fn hold(&mut self, buyer: Buyer, seats: &[usize], standing: u32, free: u32) -> bool {
        let own = |booking: &&Booking| booking.buyer == buyer && booking.is_live();
        let mine: Vec<&Booking> = self.bookings.iter().filter(own).collect();
        let paying = mine.iter().any(|booking| matches!(booking.phase, Phase::Paying { .. }));
        let owned: u32 = mine.iter().map(|booking| booking.tickets()).sum();
        let pending = |booking: &Booking| booking.buyer == buyer && booking.is_pending(self.now);
        let pending = self.bookings.iter().position(pending);
        let is_new = |seat: &usize| pending.is_none() || self.owners[*seat] != pending;
        let new: Vec<usize> = seats.iter().copied().filter(is_new).collect();
        let asked = u32::try_from(new.len()).unwrap() + standing + free;
        if self.now >= CLOSES
            || self.called_off
            || seats.is_empty() && standing + free == 0
            || paying
            || !new.iter().all(|seat| self.is_available(*seat))
            || standing > self.left(STANDING, |booking| booking.standing)
            || free > self.left(FREE, |booking| booking.free)
            || owned + asked > LIMIT
        {
            return false;
        }
        let had: Vec<i64> = new.iter().filter_map(|seat| self.had_since(buyer, *seat)).collect();
        let must_last = match pending.map(|of| self.bookings[of].phase) {
            Some(Phase::Held { until }) => until,
            _ => self.now + 1,
        };
        if had.iter().any(|since| since + CAP < must_last) {
            return false;
        }
        let of = pending.unwrap_or_else(|| self.new_booking(buyer));
        self.abandon(of);
        for seat in &new {
            (self.owners[*seat], self.former[*seat]) = (Some(of), None);
        }
        let booking = &mut self.bookings[of];
        booking.since = had.into_iter().fold(booking.since, i64::min);
        booking.attempt = None;
        booking.seats.extend(new);
        booking.standing += standing;
        booking.free += free;
        self.renew(of);
        true
    }

    /// Since when a buyer has had an available seat, if they gave it back too short a time ago to have given it up.
    fn had_since(&self, buyer: Buyer, seat: usize) -> Option<i64> {
        let lapsed = self.owners[seat].map(|of| &self.bookings[of]).and_then(|booking| match booking.phase {
            Phase::Held { until } => Some(Former { buyer: booking.buyer, since: booking.since, until }),
            _ => None,
        });
        let former = lapsed.or(self.former[seat])?;
        (former.buyer == buyer && self.now < former.until + TTL).then_some(former.since)
    }

    fn new_booking(&mut self, buyer: Buyer) -> usize {
        self.bookings.push(Booking {
            buyer,
            seats: BTreeSet::new(),
            standing: 0,
            free: 0,
            // `renew` sets its end.
            phase: Phase::Held { until: self.now },
            since: self.now,
            window: None,
            attempt: None,
        });
        self.bookings.len() - 1
    }

    /// Renews a hold, and returns whether its end moved.
    fn renew(&mut self, of: usize) -> bool {
        let booking = &mut self.bookings[of];
        let Phase::Held { until: before } = booking.phase else { return false };
        let until = before.max((self.now + TTL).min(booking.since + CAP));
        booking.phase = Phase::Held { until };
        until > before
    }

    fn may(&self, by: Buyer, of: usize) -> bool {
        self.bookings[of].buyer == by && self.bookings[of].is_pending(self.now)
    }

    fn extend(&mut self, by: Buyer, of: usize) -> bool {
        self.may(by, of) && self.renew(of)
    }

    fn release(&mut self, by: Buyer, of: usize, seats: Option<&[usize]>) -> bool {
        let has = |seat: &usize| self.bookings[of].seats.contains(seat);
        if !self.may(by, of) || seats.is_some_and(|seats| seats.is_empty() || !seats.iter().all(has)) {
            return false;
        }
        self.abandon(of);
        let Some(seats) = seats else {
            self.end(of, Phase::Cancelled);
            return true;
        };
        let booking = &self.bookings[of];
        if seats.len() == booking.seats.len() && booking.standing + booking.free == 0 {
            self.end(of, Phase::Cancelled);
            return true;
        }
        let former = Former { buyer: booking.buyer, since: booking.since, until: self.now };
        for seat in seats {
            (self.owners[*seat], self.former[*seat]) = (None, Some(former));
            self.bookings[of].seats.remove(seat);
        }
        self.bookings[of].attempt = None;
        true
    }

    fn abandon(&mut self, of: usize) {
        if let Some(attempt) = self.bookings[of].attempt
            && self.attempts[attempt].progress == Progress::Ready
        {
            self.attempts[attempt].progress = Progress::Over;
        }
    }

    fn end(&mut self, of: usize, phase: Phase) {
        let Booking { buyer, since, phase: before, .. } = self.bookings[of];
        let until = match before {
            Phase::Held { until } if phase == Phase::Expired => Some(until),
            Phase::Held { .. } | Phase::Paying { .. } => Some(self.now),
            Phase::Confirmed | Phase::Expired | Phase::Cancelled => None,
        };
        for seat in 0..SEATS {
            if self.owners[seat] == Some(of) {
                self.owners[seat] = None;
                self.former[seat] = until.map(|until| Former { buyer, since, until });
            }
        }
        self.bookings[of].phase = phase;
    }

    fn block(&mut self, seat: usize) -> bool {
        let accepted = self.blocked[seat] || self.is_available(seat);
        if accepted {
            (self.owners[seat], self.former[seat]) = (None, None);
            self.blocked[seat] = true;
        }
        accepted
    }
}
