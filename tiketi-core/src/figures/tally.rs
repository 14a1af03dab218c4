//! Sums of what happened, for a day or without an end.

use std::collections::BTreeMap;

use crate::figures::entry::{Entry, Tickets, What};
use crate::id::TicketTypeId;
use crate::money::Currency;
use crate::reservation::CancelReason;

/// What happened within a time, of one event or of the whole shop.
///
/// Each thing counts on the day on which it happened: a refund on the day on which it was made, beside the gross amount of
/// that day. A difference of two tallies has negative numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Tally {
    /// Reservations made.
    pub started: i64,
    /// Reservations confirmed.
    pub confirmed: i64,
    /// Reservations whose hold ended.
    pub expired: i64,
    /// Reservations cancelled by their buyers before they were paid, or free ones.
    pub cancelled_by_buyer: i64,
    /// Reservations cancelled by the organiser.
    pub cancelled_by_organiser: i64,
    /// Paid reservations whose tickets were returned.
    pub cancelled_refunded: i64,
    /// Tickets sold.
    pub tickets_sold: i64,
    /// Sold tickets that came back.
    pub tickets_returned: i64,
    /// Payments by method and currency.
    pub methods: BTreeMap<MethodKey, MethodTally>,
    /// Tickets by type, for an event.
    pub types: BTreeMap<TicketTypeId, TypeTally>,
    /// Reservations and tickets by quarter of an hour from the beginning of the day, for a day.
    pub quarters: BTreeMap<u8, QuarterTally>,
}

/// Which parts of tallies are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "each store reads what it says")]
pub enum TallyDetail {
    /// Counts, and payments by method: neither ticket types nor quarters of an hour, which are most of a tally's bytes.
    #[default]
    Sums,
    /// Everything.
    Full,
}

/// A payment method in one currency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a part of a row: each store reads and writes every field")]
pub struct MethodKey {
    /// The method, as its gateway names it.
    pub method: String,
    /// The currency.
    pub currency: Currency,
}

/// Payments by one method in one currency; amounts are minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a part of a row: each store reads and writes every field")]
pub struct MethodTally {
    /// Payments prepared.
    pub attempts: i64,
    /// Payments captured.
    pub captured: i64,
    /// Payments declined.
    pub declined: i64,
    /// Refunds done.
    pub refunds: i64,
    /// Sum of what was captured.
    pub gross: i64,
    /// Sum of what was refunded.
    pub refunded: i64,
}

/// Money in one currency, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a sum of rows")]
pub struct MoneyTally {
    /// What was captured.
    pub gross: i64,
    /// What was refunded.
    pub refunded: i64,
}

impl MoneyTally {
    /// Returns what was captured, less what was refunded; negative if more went back.
    pub const fn net(self) -> i64 {
        self.gross.saturating_sub(self.refunded)
    }
}

/// Tickets of one ticket type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a part of a row: each store reads and writes every field")]
pub struct TypeTally {
    /// Tickets sold.
    pub sold: i64,
    /// Sold tickets that came back.
    pub returned: i64,
}

/// A quarter of an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a part of a row: each store reads and writes every field")]
pub struct QuarterTally {
    /// Reservations made.
    pub started: i64,
    /// Reservations confirmed.
    pub confirmed: i64,
    /// Tickets sold.
    pub tickets: i64,
}

impl Tally {
    /// Returns the tally without the parts that are not read.
    #[must_use]
    pub fn with(mut self, detail: TallyDetail) -> Self {
        if detail == TallyDetail::Sums {
            self.types.clear();
            self.quarters.clear();
        }
        self
    }

    /// Adds what happened `times` times; −1 takes it back.
    pub(super) fn count(&mut self, entry: &Entry, times: i64, parts: Parts) {
        match &entry.what {
            What::Started => self.started += times,
            What::Confirmed(tickets) => {
                self.confirmed += times;
                self.tickets_sold += times * sum(tickets);
                self.count_types(tickets, times, parts, |tally| &mut tally.sold);
            }
            What::Expired => self.expired += times,
            What::Cancelled(CancelReason::ByBuyer) => self.cancelled_by_buyer += times,
            What::Cancelled(CancelReason::ByOrganiser) => self.cancelled_by_organiser += times,
            What::Cancelled(CancelReason::Refunded) => self.cancelled_refunded += times,
            What::Returned(tickets) => {
                self.tickets_returned += times * sum(tickets);
                self.count_types(tickets, times, parts, |tally| &mut tally.returned);
            }
            What::Attempted(method, currency) => self.method(method, *currency).attempts += times,
            What::Declined(method, currency) => self.method(method, *currency).declined += times,
            What::Captured(method, money) => {
                let tally = self.method(method, money.currency());
                tally.captured += times;
                tally.gross = tally.gross.saturating_add(money.minor().saturating_mul(times));
            }
            What::Refunded(method, money) => {
                let tally = self.method(method, money.currency());
                tally.refunds += times;
                tally.refunded = tally.refunded.saturating_add(money.minor().saturating_mul(times));
            }
        }
        if parts.quarters {
            self.count_quarter(entry, times);
        }
    }

    fn count_quarter(&mut self, entry: &Entry, times: i64) {
        let mut quarter = QuarterTally::default();
        match &entry.what {
            What::Started => quarter.started = times,
            What::Confirmed(tickets) => {
                (quarter.confirmed, quarter.tickets) = (times, times * sum(tickets));
            }
            _ => return,
        }
        self.quarters.entry(entry.quarter).or_default().add(quarter);
    }

    fn count_types(
        &mut self,
        tickets: &Tickets,
        times: i64,
        parts: Parts,
        of: impl Fn(&mut TypeTally) -> &mut i64,
    ) {
        if parts.types {
            for (ticket_type, quantity) in tickets {
                *of(self.types.entry(*ticket_type).or_default()) += times * i64::from(*quantity);
            }
        }
    }

    fn method(&mut self, method: &str, currency: Currency) -> &mut MethodTally {
        self.methods.entry(MethodKey { method: method.to_owned(), currency }).or_default()
    }

    /// Adds another tally; parts that become zero are left out.
    pub fn add(&mut self, other: &Self) {
        self.started += other.started;
        self.confirmed += other.confirmed;
        self.expired += other.expired;
        self.cancelled_by_buyer += other.cancelled_by_buyer;
        self.cancelled_by_organiser += other.cancelled_by_organiser;
        self.cancelled_refunded += other.cancelled_refunded;
        self.tickets_sold += other.tickets_sold;
        self.tickets_returned += other.tickets_returned;
        for (key, tally) in &other.methods {
            self.methods.entry(key.clone()).or_default().add(*tally);
        }
        for (key, tally) in &other.types {
            let sum = self.types.entry(*key).or_default();
            sum.sold += tally.sold;
            sum.returned += tally.returned;
        }
        for (key, tally) in &other.quarters {
            self.quarters.entry(*key).or_default().add(*tally);
        }
        self.methods.retain(|_, tally| *tally != MethodTally::default());
        self.types.retain(|_, tally| *tally != TypeTally::default());
        self.quarters.retain(|_, tally| *tally != QuarterTally::default());
    }

    /// Returns the money of all methods, by currency. Currencies are never added.
    pub fn money(&self) -> BTreeMap<Currency, MoneyTally> {
        let mut money: BTreeMap<Currency, MoneyTally> = BTreeMap::new();
        for (key, tally) in &self.methods {
            let sum = money.entry(key.currency).or_default();
            sum.gross = sum.gross.saturating_add(tally.gross);
            sum.refunded = sum.refunded.saturating_add(tally.refunded);
        }
        money.retain(|_, sum| *sum != MoneyTally::default());
        money
    }
}

impl MethodTally {
    fn add(&mut self, other: Self) {
        self.attempts += other.attempts;
        self.captured += other.captured;
        self.declined += other.declined;
        self.refunds += other.refunds;
        self.gross = self.gross.saturating_add(other.gross);
        self.refunded = self.refunded.saturating_add(other.refunded);
    }
}

impl QuarterTally {
    fn add(&mut self, other: Self) {
        self.started += other.started;
        self.confirmed += other.confirmed;
        self.tickets += other.tickets;
    }
}

/// The parts that a tally has: types for an event, quarters for a day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    pub(super) types: bool,
    pub(super) quarters: bool,
}

fn sum(tickets: &Tickets) -> i64 {
    tickets.values().map(|quantity| i64::from(*quantity)).sum()
}
