//! Payments of the reference model: attempts, their outcomes, and what late money buys.

use crate::book::{
    ASK_AFTER, ASK_NOT_BEFORE, Attempt, Booking, CLOSES, FREE, LIMIT, Phase, Progress, Reconciliation,
    STANDING, TROUBLE_AFTER, WINDOW, is_in_browser,
};
use crate::model::{Late, Model};
use crate::step::{Ask, Buyer, Said};

impl Model {
    pub(super) fn prepare(&mut self, by: Buyer, of: usize) -> bool {
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

    pub(super) fn confirm_free(&mut self, by: Buyer, of: usize) -> bool {
        let accepted = self.may(by, of) && self.bookings[of].total() == 0 && !self.called_off;
        if accepted {
            self.bookings[of].phase = Phase::Confirmed;
        }
        accepted
    }

    pub(super) fn confirm(&mut self, by: Buyer, at: usize) -> bool {
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

    pub(super) fn outcome(&mut self, at: usize, said: Said) -> bool {
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
            // A capture is recorded once.
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

    pub(super) fn resume(&mut self, of: usize, at: usize) {
        let booking = &mut self.bookings[of];
        if let Phase::Paying { deadline } = booking.phase
            && booking.attempt == Some(at)
        {
            booking.phase = Phase::Held { until: deadline };
        }
    }

    /// Buys the tickets of an attempt, if they are still available.
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
                    (self.owners[seat], self.former[seat]) = (Some(of), None);
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

    pub(super) fn schedule_reconciliation(&mut self, at: usize, how: Ask) -> bool {
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

    /// Ends an attempt whose outcome has been unknown for long; reconciliation continues.
    pub(super) fn end_payment(&mut self, at: usize) -> bool {
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
}
