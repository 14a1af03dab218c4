//! The model's records of reservations and payment attempts.

use std::collections::BTreeSet;

use crate::step::Buyer;

pub(crate) const SEATS: usize = 6;
/// Seats 0 to 2 are in the stalls, 3 to 5 on the balcony.
pub(crate) const SEAT_PRICES: [i64; SEATS] = [100, 100, 100, 70, 70, 70];
pub(crate) const STANDING: u32 = 5;
pub(crate) const STANDING_PRICE: i64 = 30;
pub(crate) const FREE: u32 = 4;
pub(crate) const LIMIT: u32 = 4;
pub(crate) const PART_REFUND: i64 = 10;
/// The fixed fee that the shop keeps of a ticket's price after the first tier, in addition to a tenth.
pub(crate) const FEE: i64 = 3;

/// Times are microseconds since the sale opened.
pub(crate) const MINUTE: i64 = 60_000_000;
pub(crate) const TTL: i64 = 5 * MINUTE;
/// Little more than one hold, so that random sequences often reach it.
pub(crate) const CAP: i64 = 8 * MINUTE;
pub(crate) const WINDOW: i64 = 10 * MINUTE;
/// Pauses before the provider is asked again: the first, second and third time, and the longest.
pub(crate) const ASK_AFTER: [i64; 4] = [MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE];
/// How long an outcome must be unknown before staff may end a payment.
pub(crate) const TROUBLE_AFTER: i64 = 2 * MINUTE;
pub(crate) const ASK_NOT_BEFORE: i64 = MINUTE / 2;
/// Shorter than the pauses between lookups, so that a deposit's due time comes before the next lookup.
pub(crate) const DEPOSIT: i64 = MINUTE / 2;
pub(crate) const BEGINS: i64 = 2 * CLOSES;
pub(crate) const CLOSES: i64 = 90 * MINUTE;
/// When full refunds end and when partial refunds end; early enough that random sequences reach both.
pub(crate) const FULL_UNTIL: i64 = 15 * MINUTE;
pub(crate) const PART_UNTIL: i64 = 40 * MINUTE;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Held { until: i64 },
    Paying { deadline: i64 },
    Confirmed,
    Expired,
    Cancelled,
}

/// Who gave a seat back unpaid, from when their cap counted, and when the seat became available.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Former {
    pub(crate) buyer: Buyer,
    pub(crate) since: i64,
    pub(crate) until: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Booking {
    pub(crate) buyer: Buyer,
    pub(crate) seats: BTreeSet<usize>,
    pub(crate) standing: u32,
    pub(crate) free: u32,
    pub(crate) phase: Phase,
    /// From when the cap counts.
    pub(crate) since: i64,
    /// When the payment window ends, once it is granted.
    pub(crate) window: Option<i64>,
    pub(crate) attempt: Option<usize>,
}

impl Booking {
    pub(crate) fn total(&self) -> i64 {
        let seats: i64 = self.seats.iter().map(|seat| SEAT_PRICES[*seat]).sum();
        seats + i64::from(self.standing) * STANDING_PRICE
    }

    pub(crate) fn tickets(&self) -> u32 {
        u32::try_from(self.seats.len()).unwrap() + self.standing + self.free
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Held { .. } | Phase::Paying { .. } | Phase::Confirmed)
    }

    pub(crate) fn is_pending(&self, now: i64) -> bool {
        matches!(self.phase, Phase::Held { until } if until > now)
    }

    pub(crate) fn is_lapsed(&self, now: i64) -> bool {
        matches!(self.phase, Phase::Held { until } if until <= now)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Ready,
    Confirming,
    Paid,
    Over,
    Stuck,
}

/// Tickets that a refund returns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tickets {
    pub(crate) seats: BTreeSet<usize>,
    pub(crate) standing: u32,
    pub(crate) free: u32,
}

impl Tickets {
    pub(crate) fn of(booking: &Booking) -> Self {
        Self { seats: booking.seats.clone(), standing: booking.standing, free: booking.free }
    }

    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.seats.len()).unwrap() + self.standing + self.free
    }

    pub(crate) fn are_of(&self, booking: &Booking) -> bool {
        self.seats.is_subset(&booking.seats) && self.standing <= booking.standing && self.free <= booking.free
    }

    /// Sums `of` over the prices of all tickets.
    pub(crate) fn sum(&self, of: fn(i64) -> i64) -> i64 {
        let seats: i64 = self.seats.iter().map(|seat| of(SEAT_PRICES[*seat])).sum();
        seats + i64::from(self.standing) * of(STANDING_PRICE)
    }
}

/// Returns how much of a price is refunded for a ticket that is given back now; `None` after the last tier.
pub(crate) fn comes_back(now: i64) -> Option<fn(i64) -> i64> {
    match now {
        _ if now < FULL_UNTIL => Some(|price| price),
        _ if now < PART_UNTIL => Some(|price| price - price / 10 - FEE),
        _ => None,
    }
}

/// A payment attempt, with the provider's own record of it.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) of: usize,
    pub(crate) amount: i64,
    pub(crate) progress: Progress,
    pub(crate) taken: i64,
    pub(crate) returned: i64,
    pub(crate) refund: Option<i64>,
    /// The tickets that the queued refund returns.
    pub(crate) takes: Option<Tickets>,
    /// The sum that was kept of the prices of returned tickets.
    pub(crate) fees: i64,
    /// Whether the queued refund is for the call-off of the event.
    pub(crate) for_the_event: bool,
    /// Whether the provider refused that refund, and nothing was refunded since.
    pub(crate) refused_for_the_event: bool,
    /// Since when an outcome is awaited.
    pub(crate) since: i64,
    /// When the provider is asked next, and how many times it was asked.
    pub(crate) reconciliation: Option<Reconciliation>,
}

impl Attempt {
    /// Waits for a deposit: the first one, or one that was withdrawn.
    pub(crate) fn wait_for_deposit(&mut self, while_it_is: Progress, now: i64, called_off: bool) -> bool {
        if self.progress != while_it_is {
            return false;
        }
        let due = (now + DEPOSIT).min(if called_off { now } else { BEGINS });
        let reconciliation = self.reconciliation.unwrap_or(Reconciliation::from(now + ASK_AFTER[0]));
        self.reconciliation =
            Some(Reconciliation { deposit: Some(due), ..reconciliation }.not_after_due(now));
        true
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reconciliation {
    pub(crate) next: i64,
    pub(crate) tries: u32,
    /// The due time of the awaited deposit.
    pub(crate) deposit: Option<i64>,
}

impl Reconciliation {
    pub(crate) fn from(next: i64) -> Self {
        Self { next, tries: 0, deposit: None }
    }

    /// Moves the next lookup to the due time of the deposit, if it is later.
    pub(crate) fn not_after_due(self, now: i64) -> Self {
        let due = self.deposit.filter(|due| *due > now);
        Self { next: due.map_or(self.next, |due| self.next.min(due)), ..self }
    }
}

/// Every second attempt captures its money in the browser, where the shop does not see it.
pub(crate) fn is_in_browser(attempt: usize) -> bool {
    attempt % 2 == 1
}
