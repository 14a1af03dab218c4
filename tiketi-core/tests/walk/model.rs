//! The reference model: who has which tickets, and where each payment's money is.

use std::collections::BTreeSet;
use std::fmt;

use crate::book::{
    ASK_AFTER, ASK_NOT_BEFORE, Attempt, Booking, CAP, CLOSES, FREE, LIMIT, PART_REFUND, Phase, Progress,
    Reconciliation, SEATS, STANDING, TROUBLE_AFTER, TTL, Tickets, WINDOW, comes_back, is_in_browser,
};
use crate::step::{Ask, Buyer, Said, Step, Wait};

#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) tidies: bool,
    pub(crate) now: i64,
    pub(crate) owners: [Option<usize>; SEATS],
    pub(crate) blocked: [bool; SEATS],
    pub(crate) bookings: Vec<Booking>,
    pub(crate) attempts: Vec<Attempt>,
    /// Whether the latest step was accepted.
    pub(crate) accepted: bool,
    /// Whether the event is cancelled.
    pub(crate) called_off: bool,
    /// The outcome of late money.
    pub(crate) late: Option<Late>,
}

/// The outcome of money that came after its reservation had ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Late {
    /// It bought what was still held.
    InTime,
    /// It took the same again.
    TakenAgain,
    /// It goes back.
    GivenBack,
    /// It goes back, and what it was for ends: the event is off.
    CalledOff,
}

impl fmt::Debug for Model {
    /// Shows what a walk starts from; the steps say the rest.
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
        let of = pending.unwrap_or_else(|| self.new_booking(buyer));
        self.abandon(of);
        for seat in &new {
            self.owners[*seat] = Some(of);
        }
        let booking = &mut self.bookings[of];
        booking.attempt = None;
        booking.seats.extend(new);
        booking.standing += standing;
        booking.free += free;
        self.renew(of);
        true
    }

    fn new_booking(&mut self, buyer: Buyer) -> usize {
        self.bookings.push(Booking {
            buyer,
            seats: BTreeSet::new(),
            standing: 0,
            free: 0,
            phase: Phase::Held { until: self.now + TTL },
            created: self.now,
            window: None,
            attempt: None,
        });
        self.bookings.len() - 1
    }

    /// Renews a hold, and returns whether it lasts any longer.
    fn renew(&mut self, of: usize) -> bool {
        let booking = &mut self.bookings[of];
        let Phase::Held { until: before } = booking.phase else { return false };
        let until = before.max((self.now + TTL).min(booking.created + CAP));
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
        for seat in seats {
            self.owners[*seat] = None;
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
        self.owners.iter_mut().filter(|owner| **owner == Some(of)).for_each(|owner| *owner = None);
        self.bookings[of].phase = phase;
    }

    fn prepare(&mut self, by: Buyer, of: usize) -> bool {
        let amount = self.bookings[of].total();
        if !self.may(by, of) || amount == 0 || self.called_off {
            return false;
        }
        self.abandon(of);
        let progress = Progress::Ready;
        let in_browser = is_in_browser(self.attempts.len());
        let reconciliation = in_browser.then(|| Reconciliation::from(self.now + ASK_AFTER[0]));
        self.attempts.push(Attempt {
            of,
            amount,
            progress,
            taken: 0,
            returned: 0,
            refund: None,
            takes: None,
            fees: 0,
            for_the_event: false,
            refused_for_the_event: false,
            since: self.now,
            reconciliation,
        });
        let booking = &mut self.bookings[of];
        booking.attempt = Some(self.attempts.len() - 1);
        if booking.window.is_none() {
            booking.window = Some(self.now + WINDOW);
            if let Phase::Held { until } = booking.phase {
                booking.phase = Phase::Held { until: until.max(self.now + WINDOW) };
            }
        }
        true
    }

    fn confirm_free(&mut self, by: Buyer, of: usize) -> bool {
        let accepted = self.may(by, of) && self.bookings[of].total() == 0 && !self.called_off;
        if accepted {
            self.bookings[of].phase = Phase::Confirmed;
        }
        accepted
    }

    fn confirm(&mut self, by: Buyer, at: usize) -> bool {
        let Attempt { of, progress, .. } = self.attempts[at];
        if self.called_off {
            return false;
        }
        let booking = &mut self.bookings[of];
        match booking.phase {
            Phase::Held { until }
                if until > self.now
                    && booking.buyer == by
                    && booking.attempt == Some(at)
                    && progress == Progress::Ready =>
            {
                booking.phase = Phase::Paying { deadline: until };
                let attempt = &mut self.attempts[at];
                (attempt.progress, attempt.since) = (Progress::Confirming, self.now);
                attempt.reconciliation = Some(Reconciliation::from(self.now + ASK_AFTER[0]));
                true
            }
            _ => false,
        }
    }

    fn outcome(&mut self, at: usize, said: Said) -> bool {
        let Attempt { of, amount, progress, taken, .. } = self.attempts[at];
        match said {
            Said::Declined if progress == Progress::Confirming => {
                (self.attempts[at].progress, self.attempts[at].reconciliation) = (Progress::Over, None);
                self.resume(of, at);
                true
            }
            Said::AnotherOrder if progress == Progress::Confirming => {
                (self.attempts[at].progress, self.attempts[at].reconciliation) = (Progress::Stuck, None);
                self.resume(of, at);
                true
            }
            Said::Declined | Said::AnotherOrder => false,
            // That it was taken is known once; nothing can be learned twice.
            Said::Paid | Said::WrongAmount if taken > 0 => false,
            Said::Paid => {
                (self.attempts[at].taken, self.attempts[at].progress) = (amount, Progress::Paid);
                self.attempts[at].reconciliation = None;
                self.spend(of, at);
                true
            }
            Said::WrongAmount => {
                let attempt = &mut self.attempts[at];
                (attempt.taken, attempt.progress) = (amount - 1, Progress::Stuck);
                self.promise(at, amount - 1);
                self.resume(of, at);
                true
            }
        }
    }

    fn resume(&mut self, of: usize, at: usize) {
        let booking = &mut self.bookings[of];
        if let Phase::Paying { deadline } = booking.phase
            && booking.attempt == Some(at)
        {
            booking.phase = Phase::Held { until: deadline };
        }
    }

    /// Buys what the money was meant for, if that can still be had.
    fn spend(&mut self, of: usize, at: usize) {
        let booking = &self.bookings[of];
        let fits = booking.total() == self.attempts[at].amount;
        match booking.phase {
            Phase::Paying { .. } if booking.attempt == Some(at) && self.called_off => {
                self.end(of, Phase::Cancelled);
                self.late = Some(Late::CalledOff);
                return self.promise(at, self.attempts[at].amount);
            }
            Phase::Paying { .. } if booking.attempt == Some(at) => {}
            Phase::Held { until } if until > self.now && fits && !self.called_off => {
                if booking.attempt != Some(at) {
                    self.abandon(of);
                }
                self.late = Some(Late::InTime);
            }
            Phase::Expired if fits && self.can_be_taken_again(of) => {
                for seat in self.bookings[of].seats.clone() {
                    self.owners[seat] = Some(of);
                }
                self.late = Some(Late::TakenAgain);
            }
            _ => {
                self.late = Some(Late::GivenBack);
                return self.promise(at, self.attempts[at].amount);
            }
        }
        let booking = &mut self.bookings[of];
        (booking.phase, booking.attempt) = (Phase::Confirmed, Some(at));
    }

    fn can_be_taken_again(&self, of: usize) -> bool {
        let booking = &self.bookings[of];
        let own = self.bookings.iter().filter(|other| other.buyer == booking.buyer && other.is_live());
        let owned: u32 = own.map(Booking::tickets).sum();
        self.now < CLOSES
            && !self.called_off
            && owned + booking.tickets() <= LIMIT
            && booking.seats.iter().all(|seat| self.is_available(*seat))
            && booking.standing <= self.left(STANDING, |booking| booking.standing)
            && booking.free <= self.left(FREE, |booking| booking.free)
    }

    fn cancel(&mut self, by: Option<Buyer>, of: usize) -> bool {
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

    /// Sends a part back as staff; the tickets stay.
    fn waive(&mut self, by: Option<Buyer>, at: usize) -> bool {
        let attempt = &self.attempts[at];
        let left = attempt.taken - attempt.returned;
        let accepted = by.is_none() && attempt.refund.is_none() && (1..=left).contains(&PART_REFUND);
        if accepted {
            self.ask_for_refund(at, PART_REFUND, None);
        }
        accepted
    }

    /// Gives tickets back, or all that is owed of money that owns none.
    fn give_back(&mut self, by: Option<Buyer>, at: usize, named: Option<&Tickets>) -> bool {
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

    /// Takes tickets from their buyer, for what came back.
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
            self.owners[*seat] = None;
        }
    }

    fn refund_ends(&mut self, at: usize, done: bool) -> bool {
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

    /// Owes money, to be sent from now on.
    fn promise(&mut self, at: usize, amount: i64) {
        let attempt = &mut self.attempts[at];
        (attempt.refund, attempt.takes, attempt.for_the_event) = (Some(amount), None, false);
        attempt.reconciliation = Some(Reconciliation::from(self.now));
    }

    fn schedule_reconciliation(&mut self, at: usize, how: Ask) -> bool {
        let (now, called_off, attempt) = (self.now, self.called_off, &mut self.attempts[at]);
        match how {
            Ask::Deposit => return attempt.wait_for_deposit(Progress::Confirming, now, called_off),
            Ask::DepositGone => return attempt.wait_for_deposit(Progress::Paid, now, called_off),
            _ => {}
        }
        let Some(reconciliation) = &mut attempt.reconciliation else { return false };
        match how {
            Ask::Claim if reconciliation.next <= now => {
                reconciliation.tries += 1;
                reconciliation.next = now + ASK_AFTER[usize::try_from(reconciliation.tries).unwrap().min(3)];
                *reconciliation = reconciliation.not_after_due(now);
                true
            }
            Ask::DepositBack
                if attempt.progress == Progress::Paid && reconciliation.deposit.take().is_some() =>
            {
                attempt.reconciliation = attempt.reconciliation.filter(|_| attempt.refund.is_some());
                true
            }
            Ask::Claim | Ask::StaleClaim | Ask::Deposit | Ask::DepositGone | Ask::DepositBack => false,
            Ask::Doubt => true,
            Ask::Wait => {
                reconciliation.next = reconciliation.next.max(now + ASK_NOT_BEFORE);
                true
            }
            Ask::GiveUp => {
                let abandoned = attempt.progress == Progress::Over;
                attempt.reconciliation = attempt.reconciliation.filter(|_| !abandoned);
                abandoned
            }
        }
    }

    /// Ends what its provider has not told for long; it is asked all the same.
    fn end_payment(&mut self, at: usize) -> bool {
        let (now, attempt) = (self.now, &mut self.attempts[at]);
        let deposit =
            attempt.reconciliation.and_then(|reconciliation| reconciliation.deposit).unwrap_or(attempt.since);
        if attempt.progress != Progress::Confirming || now < attempt.since.max(deposit) + TROUBLE_AFTER {
            return false;
        }
        attempt.progress = Progress::Over;
        attempt.reconciliation =
            attempt.reconciliation.map(|reconciliation| Reconciliation { deposit: None, ..reconciliation });
        let of = attempt.of;
        self.resume(of, at);
        true
    }

    /// Ends what is cancelled with its event, or owes the buyer all that is left.
    fn call_off(&mut self, of: usize) -> bool {
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

    fn block(&mut self, seat: usize) -> bool {
        let accepted = self.blocked[seat] || self.is_available(seat);
        if accepted {
            self.owners[seat] = None;
            self.blocked[seat] = true;
        }
        accepted
    }
}
