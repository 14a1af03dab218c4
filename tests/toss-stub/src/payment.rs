//! One payment of the stub, and its form in the API.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, SecondsFormat};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tiketi_core::Timestamp;

/// The offset of Seoul, which all times of the API have.
const SEOUL_SECONDS: i32 = 9 * 3600;

/// How long the shop may confirm after the buyer has authenticated (source: TossPayments, payment flow).
const CONFIRM_WITHIN: Duration = Duration::from_mins(10);

/// How long a buyer may take to pay into a virtual account.
const DEPOSIT_WINDOW: Duration = Duration::from_hours(24);

/// The status of a payment, in the words of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Created; the buyer has not authenticated.
    Ready,
    /// The buyer authenticated; the shop has not confirmed.
    InProgress,
    /// A virtual account waits for the buyer's money.
    WaitingForDeposit,
    /// Paid.
    Done,
    /// Refunded in full.
    Canceled,
    /// Refunded in part.
    PartialCanceled,
    /// The buyer's bank or card declined.
    Aborted,
    /// The shop did not confirm in time.
    Expired,
}

/// How the buyer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Method {
    /// By card: captured by the confirm.
    #[default]
    Card,
    /// By transfer to a virtual account: captured when the money arrives.
    VirtualAccount,
}

/// One payment.
#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) key: String,
    pub(crate) order_id: String,
    pub(crate) amount: i64,
    pub(crate) method: Method,
    pub(crate) status: Status,
    pub(crate) authenticated_at: Timestamp,
    pub(crate) approved_at: Option<Timestamp>,
    pub(crate) deposit_due: Option<Timestamp>,
    /// The secret that proves that a deposit callback comes from TossPayments.
    pub(crate) secret: String,
    pub(crate) captures: usize,
    pub(crate) last_transaction: Option<String>,
    pub(crate) failure: Option<String>,
    pub(crate) cancels: Vec<Cancel>,
    /// Numbers of the accounts that refunds were sent to.
    pub(crate) refunded_to: Vec<String>,
}

/// One refund.
#[derive(Debug, Clone)]
pub(crate) struct Cancel {
    pub(crate) transaction: String,
    pub(crate) amount: i64,
    pub(crate) reason: String,
    pub(crate) at: Timestamp,
    /// The amount that could still be refunded after it.
    pub(crate) refundable: i64,
}

impl Payment {
    /// Returns the captured amount that is not refunded, in won.
    pub(crate) fn balance(&self) -> i64 {
        self.amount - self.refunded()
    }

    /// Returns the refunded amount, in won.
    pub(crate) fn refunded(&self) -> i64 {
        self.cancels.iter().filter(|_| self.captures > 0).map(|cancel| cancel.amount).sum()
    }

    /// Returns the current status. A payment expires without a webhook if the shop does not confirm it, or the
    /// buyer does not pay it, in time.
    pub(crate) fn status_at(&self, now: Timestamp) -> Status {
        let late = match self.status {
            Status::InProgress => now >= self.authenticated_at.after(CONFIRM_WITHIN),
            Status::WaitingForDeposit => self.deposit_due.is_some_and(|due| now >= due),
            _ => false,
        };
        if late { Status::Expired } else { self.status }
    }

    /// Approves the payment; one by virtual account then waits for its deposit.
    pub(crate) fn approve(&mut self, transaction: String, now: Timestamp) {
        self.last_transaction = Some(transaction);
        match self.method {
            Method::Card => self.capture(now),
            Method::VirtualAccount => {
                self.status = Status::WaitingForDeposit;
                self.deposit_due = Some(now.after(DEPOSIT_WINDOW));
            }
        }
    }

    /// Captures the money.
    pub(crate) fn capture(&mut self, now: Timestamp) {
        self.status = Status::Done;
        self.captures += 1;
        self.approved_at = Some(now);
    }

    /// Refunds an amount.
    pub(crate) fn cancel(&mut self, amount: i64, reason: String, transaction: String, now: Timestamp) {
        let refundable = self.balance() - amount;
        self.status = if refundable == 0 { Status::Canceled } else { Status::PartialCanceled };
        self.last_transaction = Some(transaction.clone());
        self.cancels.push(Cancel { transaction, amount, reason, at: now, refundable });
    }

    /// Returns the payment in the form of the API.
    pub(crate) fn shown(&self, now: Timestamp) -> Value {
        let status = self.status_at(now);
        let waits = matches!(self.method, Method::VirtualAccount);
        json!({
            "version": "2022-11-16",
            "paymentKey": self.key,
            "orderId": self.order_id,
            "orderName": "tickets",
            "currency": "KRW",
            "method": if waits { "가상계좌" } else { "카드" },
            "status": status,
            "totalAmount": self.amount,
            "balanceAmount": if matches!(status, Status::Canceled) { 0 } else { self.balance() },
            "requestedAt": seoul(self.authenticated_at),
            "approvedAt": self.approved_at.map(seoul),
            "lastTransactionKey": self.last_transaction,
            "secret": waits.then_some(&self.secret),
            "virtualAccount": waits.then(|| json!({
                "accountNumber": "X0000000000001",
                "bankCode": "20",
                "dueDate": self.deposit_due.map(seoul),
            })),
            "failure": self.failure.as_ref().map(|code| json!({"code": code, "message": "the buyer was told why"})),
            "cancels": (!self.cancels.is_empty()).then(|| self.cancels.iter().map(Cancel::shown).collect::<Vec<_>>()),
        })
    }
}

impl Cancel {
    fn shown(&self) -> Value {
        json!({
            "transactionKey": self.transaction,
            "cancelAmount": self.amount,
            "cancelReason": self.reason,
            "canceledAt": seoul(self.at),
            "refundableAmount": self.refundable,
            "cancelStatus": "DONE",
        })
    }
}

/// Formats a time with the offset of Seoul.
fn seoul(at: Timestamp) -> String {
    zoned(at).map(|zoned| zoned.to_rfc3339_opts(SecondsFormat::Secs, false)).unwrap_or_default()
}

/// Formats a time in Seoul without an offset, as webhooks do.
pub(crate) fn seoul_unsaid(at: Timestamp) -> String {
    zoned(at).map(|zoned| zoned.format("%Y-%m-%dT%H:%M:%S%.6f").to_string()).unwrap_or_default()
}

fn zoned(at: Timestamp) -> Option<DateTime<FixedOffset>> {
    let utc = DateTime::from_timestamp_micros(at.as_micros())?;
    Some(utc.with_timezone(&FixedOffset::east_opt(SEOUL_SECONDS)?))
}
