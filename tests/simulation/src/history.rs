//! What the checker saw: kept by the simulation, and compared after every commit.
//!
//! Nothing here is taken from the rules under test. A commit is seen as the rows before and after it and the command
//! that caused it; the checks say which differences that command may make.

mod cause;
mod facts;
mod line;
mod money;
mod owners;
mod steps;

pub(crate) use cause::Cause;

use std::collections::{BTreeMap, BTreeSet};

use tiketi_core::decide::{Scope, Snapshot};
use tiketi_core::fact::FactId;
use tiketi_core::lease::Lease;
use tiketi_core::payment::{Payment, PaymentState};
use tiketi_core::{BuyerId, CommandKey, PaymentId, Reservation, ReservationId, Timestamp};

use crate::history::facts::Received;
use crate::history::line::LineSeen;
use crate::provider::Provider;
use crate::sometimes::Sometimes;
use crate::watcher::Shown;

/// The rows of the last commit, and what is known of what came before.
#[derive(Debug, Default)]
pub(crate) struct History {
    reservations: BTreeMap<ReservationId, Reservation>,
    payments: BTreeMap<PaymentId, Payment>,
    /// How often each key was applied.
    applied: BTreeMap<CommandKey, u32>,
    /// Keys whose last answer was that nothing was applied.
    refuted: BTreeSet<CommandKey>,
    /// Tickets that each buyer asked to hold, each request once, and that holds gave.
    asked: BTreeMap<BuyerId, u64>,
    given: BTreeMap<BuyerId, u64>,
    line: LineSeen,
    received: Received,
    cursor: Option<FactId>,
    lease: Option<Lease>,
    token: u64,
    shown: Option<Shown>,
    reached: Vec<Sometimes>,
    broken: Option<String>,
}

impl History {
    /// Takes in the rows after a commit, and returns what was reached.
    ///
    /// # Errors
    ///
    /// What must not happen, in words.
    pub(crate) fn take(
        &mut self,
        cause: &Cause<'_>,
        rows: &Snapshot,
        provider: &Provider,
        now: Timestamp,
    ) -> Result<Vec<Sometimes>, String> {
        let mut is_changed = false;
        let payment = cause.about().and_then(|about| about.payment).and_then(|payment| rows.payment(payment));
        let paid_for = payment.map(|payment| payment.reservation);
        for after in rows.reservations() {
            let before = self.reservations.get(&after.id);
            if before.is_some_and(|before| before.version == after.version) {
                continue;
            }
            is_changed = true;
            self.reached.extend(steps::check_reservation(cause, before, after, paid_for, now)?);
            owners::check_given(&mut self.given, &self.asked, cause, before, after)?;
        }
        for after in rows.payments() {
            let before = self.payments.get(&after.id);
            if before.is_some_and(|before| before.version == after.version) {
                continue;
            }
            is_changed = true;
            self.reached.extend(money::check_payment(cause, before, after, &provider.book(after.id))?);
        }
        if is_changed || matches!(cause, Cause::Block(_)) {
            owners::check_seats(rows)?;
            owners::check_units(rows)?;
            owners::check_limit(cause, rows)?;
            money::check_sold(cause, &self.reservations, rows, provider)?;
            self.reservations = rows.reservations().map(|row| (row.id, row.clone())).collect();
            self.payments = rows.payments().map(|row| (row.id, row.clone())).collect();
        }
        Ok(std::mem::take(&mut self.reached))
    }

    /// Notes a command that was applied, and not repeated.
    pub(crate) fn note_applied(&mut self, key: CommandKey) {
        let times = self.applied.entry(key).or_default();
        *times += 1;
        if *times > 1 {
            self.broken.get_or_insert(format!("a command was applied twice under its key {}", key.as_uuid()));
        }
        if self.refuted.contains(&key) {
            let why = "a command was applied although its answer said that it was not";
            self.broken.get_or_insert(why.to_owned());
        }
    }

    /// Notes that a client is about to send a request under a key.
    pub(crate) fn note_sent(&mut self, key: CommandKey) {
        self.refuted.remove(&key);
    }

    /// Notes an answer which says that a request under a key had no effect.
    pub(crate) fn note_refuted(&mut self, key: CommandKey) {
        if self.applied.contains_key(&key) {
            let why = "a client was told that nothing was applied, although it was";
            self.broken.get_or_insert(why.to_owned());
        }
        self.refuted.insert(key);
    }

    /// Notes tickets that a buyer asks for, once for each request however often it is sent.
    pub(crate) fn note_asked(&mut self, buyer: BuyerId, tickets: u64) {
        *self.asked.entry(buyer).or_default() += tickets;
    }

    /// Returns what was found between commits.
    pub(crate) fn take_broken(&mut self) -> Option<String> {
        self.broken.take()
    }

    /// Checks a reservation that a buyer was shown.
    ///
    /// # Errors
    ///
    /// What must not happen, in words.
    pub(crate) fn check_answer(&self, shown: &Reservation) -> Result<(), String> {
        let known = self.reservations.get(&shown.id);
        match known {
            None => Err("a buyer was shown a reservation that was never committed".into()),
            Some(known) if known.buyer != shown.buyer => {
                Err("a buyer was shown another's reservation".into())
            }
            Some(known) if known.version < shown.version => {
                Err("a buyer was shown a version that was never committed".into())
            }
            Some(known) if known.version == shown.version && known.state != shown.state => {
                Err("a buyer was shown a state that was never committed".into())
            }
            Some(_) => Ok(()),
        }
    }

    /// Returns whether any payment awaits its outcome.
    pub(crate) fn is_confirming(&self) -> bool {
        self.payments.values().any(|payment| matches!(payment.state, PaymentState::Confirming { .. }))
    }

    /// Returns whose a reservation is.
    pub(crate) fn buyer_of(&self, reservation: ReservationId) -> Option<BuyerId> {
        self.reservations.get(&reservation).map(|known| known.buyer)
    }

    /// Returns the payments, by id.
    pub(crate) fn payments(&self) -> impl Iterator<Item = &Payment> {
        self.payments.values()
    }

    /// Returns the reservations, by id.
    pub(crate) fn reservations(&self) -> impl Iterator<Item = &Reservation> {
        self.reservations.values()
    }

    /// Moves the cursor of a planted outbox, and returns where it was.
    pub(crate) fn move_cursor(&mut self, seen: impl Iterator<Item = FactId>) -> Option<FactId> {
        let before = self.cursor;
        self.cursor = seen.max().max(before);
        before
    }

    /// Keeps what a page shows.
    pub(crate) fn show(&mut self, shown: Shown) {
        self.shown = Some(shown);
    }

    /// Returns what the page that was changed last shows.
    pub(crate) fn shown(&self) -> Option<&Shown> {
        self.shown.as_ref()
    }
}

/// The leases, and the register that their owners write to.
impl History {
    /// Notes a lease that was given or extended at `now` of its owner.
    ///
    /// # Errors
    ///
    /// What must not happen, in words.
    pub(crate) fn note_lease(&mut self, given: &Lease, now: Timestamp) -> Result<(), String> {
        if let Some(held) = &self.lease {
            if held.owner != given.owner && held.until > now {
                return Err("a lease was given to another owner before it ended".into());
            }
            if given.token < held.token {
                return Err("a fencing token went back".into());
            }
        }
        self.lease = Some(given.clone());
        Ok(())
    }

    /// Returns the lease that was given last.
    pub(crate) fn lease(&self) -> Option<Lease> {
        self.lease.clone()
    }

    /// Notes that a store confirmed a release.
    pub(crate) fn note_released(&mut self, released: &Lease) {
        if self
            .lease
            .as_ref()
            .is_some_and(|held| held.owner == released.owner && held.token == released.token)
        {
            self.lease = None;
        }
    }

    /// Writes to the register under a token, and returns whether the register accepts it.
    pub(crate) fn write_under(&mut self, token: u64) -> bool {
        let accepts = token >= self.token;
        self.token = self.token.max(token);
        accepts
    }
}

/// Returns the tickets of live reservations of a buyer.
fn tickets_of(rows: &Snapshot, buyer: BuyerId) -> u32 {
    rows.reservations_of(buyer).filter(|row| row.is_live()).map(Reservation::tickets).sum()
}

/// Returns the limit per buyer, as the event says or else the shop.
fn limit_of(rows: &Snapshot, shop: u32) -> u32 {
    rows.event().details.terms.max_seats_per_buyer.unwrap_or(shop)
}
