//! The payments of the stub, and how each request changes them.

mod cancel;
mod confirm;

use std::collections::{BTreeMap, HashMap};

use tiketi_core::Timestamp;

use crate::answer::Answer;
use crate::ledger::Account;
use crate::payment::{Method, Payment, Status};
use crate::webhook::Webhook;

pub(crate) use cancel::CancelBody;
pub(crate) use confirm::ConfirmBody;

/// All payments, and the webhooks about them.
#[derive(Debug, Default)]
pub(crate) struct PaymentTable {
    payments: BTreeMap<String, Payment>,
    by_order: HashMap<String, String>,
    numbers: u64,
    webhooks: Vec<Webhook>,
}

impl PaymentTable {
    /// Records that a buyer authenticated, and returns the payment key for the confirm.
    pub(crate) fn authenticate(
        &mut self,
        order_id: &str,
        amount: i64,
        method: Method,
        now: Timestamp,
    ) -> String {
        // The time makes the keys of two runs of the stub different.
        let key = format!("stub_{:x}_{}", now.as_micros(), self.number());
        let payment = Payment {
            key: key.clone(),
            order_id: order_id.to_owned(),
            amount,
            method,
            status: Status::InProgress,
            authenticated_at: now,
            approved_at: None,
            deposit_due: None,
            secret: format!("ps_{}", self.number()),
            captures: 0,
            last_transaction: None,
            failure: None,
            cancels: Vec::new(),
            refunded_to: Vec::new(),
        };
        self.payments.insert(key.clone(), payment);
        // A lookup by order returns the attempt that was confirmed, or else the latest.
        if self.order(order_id).is_none_or(|known| known.last_transaction.is_none()) {
            self.by_order.insert(order_id.to_owned(), key.clone());
        }
        key
    }

    /// Returns the payment with this key.
    pub(crate) fn show(&self, key: &str, now: Timestamp) -> Answer {
        shown(self.payments.get(key), now)
    }

    /// Returns the payment of this order.
    pub(crate) fn show_order(&self, order_id: &str, now: Timestamp) -> Answer {
        shown(self.order(order_id), now)
    }

    /// Records that the money of a virtual account arrived, and sends webhooks.
    pub(crate) fn deposit(&mut self, order_id: &str, now: Timestamp) -> bool {
        self.move_deposit(order_id, Status::WaitingForDeposit, now, |payment| payment.capture(now))
    }

    /// Records that a bank accepted a deposit after its deadline, and sends webhooks.
    pub(crate) fn deposit_late(&mut self, order_id: &str, now: Timestamp) -> bool {
        self.move_deposit(order_id, Status::Expired, now, |payment| payment.capture(now))
    }

    /// Records that a bank withdrew a deposit, and sends webhooks.
    pub(crate) fn withdraw_deposit(&mut self, order_id: &str, now: Timestamp) -> bool {
        self.move_deposit(order_id, Status::Done, now, |payment| {
            payment.status = Status::WaitingForDeposit;
            payment.captures = 0;
            payment.approved_at = None;
        })
    }

    fn move_deposit(
        &mut self,
        order_id: &str,
        from: Status,
        now: Timestamp,
        change: impl FnOnce(&mut Payment),
    ) -> bool {
        let transaction = self.transaction();
        let Some(key) = self.by_order.get(order_id).cloned() else { return false };
        let Some(payment) = self.payments.get_mut(&key) else { return false };
        if payment.method != Method::VirtualAccount || payment.status_at(now) != from {
            return false;
        }
        change(payment);
        payment.last_transaction = Some(transaction);
        self.add_deposit_webhook(&key, now);
        self.add_status_webhook(&key, now);
        true
    }

    /// Records that the buyer's bank or card declined before the shop confirmed, and sends a webhook.
    pub(crate) fn abort(&mut self, order_id: &str, code: &str, now: Timestamp) -> bool {
        let Some(key) = self.by_order.get(order_id).cloned() else { return false };
        let Some(payment) = self.payments.get_mut(&key) else { return false };
        if payment.status_at(now) != Status::InProgress {
            return false;
        }
        payment.status = Status::Aborted;
        payment.failure = Some(code.to_owned());
        self.add_status_webhook(&key, now);
        true
    }

    /// Sends a webhook with a status that the payment does not have. TossPayments has been seen to do so.
    pub(crate) fn send_false_status(&mut self, order_id: &str, status: Status, now: Timestamp) -> bool {
        let id = self.transmission();
        let Some(payment) = self.order(order_id) else { return false };
        let message = Webhook::status_changed(id, payment, status, now);
        self.webhooks.push(message);
        true
    }

    /// Returns captures and refunds by payment key.
    pub(crate) fn ledger(&self) -> BTreeMap<String, Account> {
        let account = |payment: &Payment| Account {
            order_id: payment.order_id.clone(),
            captured: if payment.captures > 0 { payment.amount } else { 0 },
            refunded: payment.refunded(),
            captures: payment.captures,
            refunds: payment.cancels.len(),
            refunded_to: payment.refunded_to.clone(),
        };
        self.payments.iter().map(|(key, payment)| (key.clone(), account(payment))).collect()
    }

    /// Returns the webhooks that were added since the last call.
    pub(crate) fn take_webhooks(&mut self) -> Vec<Webhook> {
        std::mem::take(&mut self.webhooks)
    }

    fn order(&self, order_id: &str) -> Option<&Payment> {
        self.payments.get(self.by_order.get(order_id)?)
    }

    /// Adds a webhook with the current status of a payment.
    fn add_status_webhook(&mut self, key: &str, now: Timestamp) {
        let id = self.transmission();
        if let Some(payment) = self.payments.get(key) {
            let message = Webhook::status_changed(id, payment, payment.status_at(now), now);
            self.webhooks.push(message);
        }
    }

    fn add_deposit_webhook(&mut self, key: &str, now: Timestamp) {
        let id = self.transmission();
        if let Some(payment) = self.payments.get(key) {
            let message = Webhook::deposit(id, payment, now);
            self.webhooks.push(message);
        }
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn transmission(&mut self) -> String {
        format!("whtrans_{}", self.number())
    }

    fn transaction(&mut self) -> String {
        format!("txrd_{}", self.number())
    }
}

fn shown(payment: Option<&Payment>, now: Timestamp) -> Answer {
    payment.map_or_else(|| Answer::error("NOT_FOUND_PAYMENT"), |payment| Answer::ok(payment.shown(now)))
}
