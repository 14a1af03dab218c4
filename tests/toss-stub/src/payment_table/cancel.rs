//! Cancels: full and partial refunds.

use std::time::Duration;

use serde::Deserialize;
use tiketi_core::Timestamp;

use super::PaymentTable;
use crate::answer::Answer;
use crate::payment::{Method, Payment, Status};

/// Least time between two cancels of one payment (source: TossPayments, cancelling payments).
const CANCEL_GAP: Duration = Duration::from_secs(1);
/// Most characters of a reason (source: the same).
const MAX_REASON_CHARS: usize = 200;

/// The body of a cancel.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CancelBody {
    cancel_reason: String,
    cancel_amount: Option<i64>,
    refundable_amount: Option<i64>,
    refund_receive_account: Option<ReceiveAccount>,
}

/// The account that a deposit is refunded to.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ReceiveAccount {
    bank: String,
    account_number: String,
    holder_name: String,
}

impl ReceiveAccount {
    /// Returns the error code with which TossPayments refuses the body, if it does.
    fn refusal(&self) -> Option<&'static str> {
        let digits = self.account_number.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !(1..=20).contains(&self.account_number.len()) {
            return Some("INVALID_REFUND_ACCOUNT_NUMBER");
        }
        let named = !self.bank.is_empty() && (1..=60).contains(&self.holder_name.chars().count());
        (!named).then_some("INVALID_REFUND_ACCOUNT_INFO")
    }
}

impl PaymentTable {
    /// Refunds a payment in full, or the amount in the body.
    pub(crate) fn cancel(&mut self, key: &str, body: CancelBody, now: Timestamp) -> Answer {
        let transaction = self.transaction();
        let Some(payment) = self.payments.get_mut(key) else {
            return Answer::error("NOT_FOUND_PAYMENT");
        };
        if let Some(code) = refusal(payment, &body, now) {
            return Answer::error(code);
        }
        let amount = body.cancel_amount.unwrap_or_else(|| payment.balance());
        payment.refunded_to.extend(body.refund_receive_account.map(|account| account.account_number));
        payment.cancel(amount, body.cancel_reason, transaction, now);
        self.add_status_webhook(key, now);
        self.show(key, now)
    }
}

fn refusal(payment: &Payment, body: &CancelBody, now: Timestamp) -> Option<&'static str> {
    let reason_chars = body.cancel_reason.chars().count();
    if reason_chars == 0 || reason_chars > MAX_REASON_CHARS {
        return Some("INVALID_REQUEST");
    }
    if payment.cancels.last().is_some_and(|last| now.since(last.at) < CANCEL_GAP) {
        return Some("FORBIDDEN_CONSECUTIVE_REQUEST");
    }
    match payment.status_at(now) {
        Status::Done | Status::PartialCanceled => {}
        Status::WaitingForDeposit if body.cancel_amount.is_none() => return None,
        Status::WaitingForDeposit => return Some("NOT_ALLOWED_PARTIAL_REFUND"),
        Status::Canceled => return Some("ALREADY_CANCELED_PAYMENT"),
        Status::Ready | Status::InProgress | Status::Aborted | Status::Expired => {
            return Some("NOT_CANCELABLE_PAYMENT");
        }
    }
    if body.refundable_amount.is_some_and(|expected| expected != payment.balance()) {
        return Some("NOT_MATCHES_REFUNDABLE_AMOUNT");
    }
    if body.cancel_amount.is_some_and(|amount| amount <= 0) {
        return Some("INVALID_REQUEST");
    }
    if body.cancel_amount.is_some_and(|amount| amount > payment.balance()) {
        return Some("NOT_CANCELABLE_AMOUNT");
    }
    match (payment.method, &body.refund_receive_account) {
        (Method::Card, _) => None,
        (Method::VirtualAccount, Some(account)) => account.refusal(),
        (Method::VirtualAccount, None) => Some("INVALID_REFUND_ACCOUNT_NUMBER"),
    }
}
