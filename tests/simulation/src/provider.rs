//! The payment provider: its own books, and what each server reaches of it.

mod deposits;
mod gateway;
mod webhooks;

pub(crate) use deposits::deposit;
pub(crate) use gateway::{BROWSER, NodeGateway, ONE_STEP};
pub(crate) use webhooks::send_webhooks;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tiketi_core::gateway::Captured;
use tiketi_core::id::RefundId;
use tiketi_core::{Money, PaymentId};

use crate::setting::Page;

/// What the provider knows of one payment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    /// The amount that was captured.
    pub(crate) taken: Option<Money>,
    /// The refunds that the shop asked for and that were made.
    pub(crate) refunds: BTreeMap<RefundId, i64>,
    /// The refunds that it refused; it says so again, however late a request comes.
    pub(crate) refused: BTreeSet<RefundId>,
    /// What staff gave back on the provider's own pages.
    pub(crate) by_hand: i64,
    /// The amount that the buyer authorised in the browser.
    pub(crate) authorised: Option<Money>,
    pub(crate) declined: Option<String>,
    pub(crate) is_void: bool,
    /// The amount that the provider's account for a deposit asks for.
    pub(crate) account: Option<Money>,
    /// Whether the deposit was withdrawn, and is awaited again.
    pub(crate) is_withdrawn: bool,
}

impl Book {
    /// Returns what went back to the buyer, in minor units.
    pub(crate) fn returned(&self) -> i64 {
        self.refunds.values().sum::<i64>() + self.by_hand
    }

    /// Returns what was taken, in minor units.
    pub(crate) fn taken_minor(&self) -> i64 {
        self.taken.map_or(0, Money::minor)
    }

    /// Returns what is left of the captured money, in minor units.
    pub(crate) fn left(&self) -> i64 {
        if self.is_withdrawn { 0 } else { self.taken_minor() - self.returned() }
    }

    /// Returns whether the provider waits for a deposit.
    fn awaits_deposit(&self) -> bool {
        !self.is_void && self.account.is_some() && (self.taken.is_none() || self.is_withdrawn)
    }

    fn captured(&self, payment: PaymentId) -> Option<Captured> {
        let amount = self.taken?;
        let refunded = Money::new(self.returned(), amount.currency());
        Some(Captured::kept(payment.to_string(), key_of(payment), amount).refunded(refunded))
    }
}

/// Returns the provider's key of a payment.
pub(crate) fn key_of(payment: PaymentId) -> String {
    format!("provider-{payment}")
}

/// The provider's books, and the webhooks that it has yet to deliver.
#[derive(Debug, Default)]
pub(crate) struct Provider {
    books: BTreeMap<PaymentId, Book>,
    webhooks: VecDeque<(u64, PaymentId)>,
    webhooks_made: u64,
    /// Accounts that were made, and whose buyers have yet to decide.
    accounts: Vec<PaymentId>,
    changed: BTreeSet<PaymentId>,
}

impl Provider {
    /// Returns what the provider knows of a payment.
    pub(crate) fn book(&self, payment: PaymentId) -> Book {
        self.books.get(&payment).cloned().unwrap_or_default()
    }

    /// Returns every payment that the provider knows.
    pub(crate) fn books(&self) -> impl Iterator<Item = (PaymentId, &Book)> {
        self.books.iter().map(|(payment, book)| (*payment, book))
    }

    fn change(&mut self, payment: PaymentId) -> &mut Book {
        self.webhooks_made += 1;
        self.webhooks.push_back((self.webhooks_made, payment));
        self.changed.insert(payment);
        self.books.entry(payment).or_default()
    }

    /// Remembers that a refund was refused.
    fn refuse(&mut self, payment: PaymentId, refund: RefundId) {
        self.books.entry(payment).or_default().refused.insert(refund);
    }

    /// Gives money back as staff do on the provider's own pages.
    pub(crate) fn give_back_by_hand(&mut self, payment: PaymentId, minor: i64) {
        self.change(payment).by_hand += minor;
    }

    /// Lets a buyer pay in the browser, and returns whether the provider accepts it.
    ///
    /// The money is taken at once, or authorised until the shop confirms.
    pub(crate) fn pay_in_browser(&mut self, payment: PaymentId, amount: Money, page: Page) -> bool {
        let known = self.book(payment);
        if known.is_void || known.declined.is_some() || known.taken.is_some() {
            return false;
        }
        let book = self.change(payment);
        book.authorised = Some(amount);
        if page == Page::Takes {
            book.taken = Some(amount);
        }
        true
    }

    /// Makes an account for a deposit.
    fn open_account(&mut self, payment: PaymentId, amount: Money) {
        self.change(payment).account = Some(amount);
        self.accounts.push(payment);
    }

    /// Takes a deposit, and returns whether the account was open.
    fn deposit(&mut self, payment: PaymentId) -> bool {
        let known = self.book(payment);
        if !known.awaits_deposit() {
            return false;
        }
        let book = self.change(payment);
        book.taken = book.account;
        book.is_withdrawn = false;
        true
    }

    /// Withdraws a deposit of which nothing was given back, and returns whether there was one.
    fn withdraw(&mut self, payment: PaymentId) -> bool {
        let known = self.book(payment);
        let is_whole = known.taken.is_some() && known.returned() == 0 && !known.is_withdrawn;
        if is_whole {
            self.change(payment).is_withdrawn = true;
        }
        is_whole
    }

    /// Returns the payments of which something is left that could be given back by hand.
    pub(crate) fn with_money(&self) -> Vec<(PaymentId, i64)> {
        let left = self.books.iter().map(|(payment, book)| (*payment, book.left()));
        left.filter(|(_, left)| *left > 0).collect()
    }

    fn next_webhook(&mut self) -> Option<(u64, PaymentId)> {
        self.webhooks.pop_front()
    }
}

impl Book {
    /// Returns whether the shop can learn of a change by a webhook only.
    pub(crate) fn needs_webhook(&self) -> bool {
        self.by_hand > 0 || self.is_withdrawn
    }
}
