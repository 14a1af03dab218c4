//! One payment in the stub's books, and how the API shows it.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, SecondsFormat};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tiketi_core::Timestamp;

/// Seoul, whose offset every time of the API carries.
const SEOUL_SECONDS: i32 = 9 * 3600;

/// How long the shop has to confirm what a buyer authenticated (source: TossPayments, payment flow).
const CONFIRM_WITHIN: Duration = Duration::from_mins(10);

/// How long a buyer may take to pay into a virtual account.
const DEPOSIT_WINDOW: Duration = Duration::from_hours(24);

/// Where a payment stands, in the API's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Made; the buyer has not authenticated.
    Ready,
    /// The buyer authenticated; the shop has not confirmed.
    InProgress,
    /// A virtual account waits for the buyer's money.
    WaitingForDeposit,
    /// Paid.
    Done,
    /// All of it was given back.
    Canceled,
    /// Some of it was given back.
    PartialCanceled,
    /// The buyer's bank or card said no.
    Aborted,
    /// Nobody confirmed in time.
    Expired,
}

/// How the buyer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Method {
    /// By card: paid as it is confirmed.
    #[default]
    Card,
    /// Into an account of its own: paid when the money arrives.
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
    /// What a deposit callback proves itself with.
    pub(crate) secret: String,
    pub(crate) captures: usize,
    pub(crate) last_transaction: Option<String>,
    pub(crate) failure: Option<String>,
    pub(crate) cancels: Vec<Cancel>,
    /// Numbers of the accounts that money went back to.
    pub(crate) refunded_to: Vec<String>,
}

/// Money given back.
#[derive(Debug, Clone)]
pub(crate) struct Cancel {
    pub(crate) transaction: String,
    pub(crate) amount: i64,
    pub(crate) reason: String,
    pub(crate) at: Timestamp,
    /// What could be given back after it.
    pub(crate) refundable: i64,
}

impl Payment {
    /// Returns what was taken and could still be given back.
    pub(crate) fn balance(&self) -> i64 {
        self.amount - self.refunded()
    }

    /// Returns what was given back.
    pub(crate) fn refunded(&self) -> i64 {
        self.cancels.iter().filter(|_| self.captures > 0).map(|cancel| cancel.amount).sum()
    }

    /// Returns where it stands now: what nobody confirms or pays in time expires without a word.
    pub(crate) fn status_at(&self, now: Timestamp) -> Status {
        let late = match self.status {
            Status::InProgress => now >= self.authenticated_at.after(CONFIRM_WITHIN),
            Status::WaitingForDeposit => self.deposit_due.is_some_and(|due| now >= due),
            _ => false,
        };
        if late { Status::Expired } else { self.status }
    }

    /// Approves it; a virtual account now waits for its money.
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

    /// Takes the money.
    pub(crate) fn capture(&mut self, now: Timestamp) {
        self.status = Status::Done;
        self.captures += 1;
        self.approved_at = Some(now);
    }

    /// Gives money back.
    pub(crate) fn cancel(&mut self, amount: i64, reason: String, transaction: String, now: Timestamp) {
        let refundable = self.balance() - amount;
        self.status = if refundable == 0 { Status::Canceled } else { Status::PartialCanceled };
        self.last_transaction = Some(transaction.clone());
        self.cancels.push(Cancel { transaction, amount, reason, at: now, refundable });
    }

    /// Shows it as the API does.
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

/// Shows a moment with Seoul's offset.
fn seoul(at: Timestamp) -> String {
    zoned(at).map(|zoned| zoned.to_rfc3339_opts(SecondsFormat::Secs, false)).unwrap_or_default()
}

/// Shows a moment in Seoul's time without saying so, as webhooks do.
pub(crate) fn seoul_unsaid(at: Timestamp) -> String {
    zoned(at).map(|zoned| zoned.format("%Y-%m-%dT%H:%M:%S%.6f").to_string()).unwrap_or_default()
}

fn zoned(at: Timestamp) -> Option<DateTime<FixedOffset>> {
    let utc = DateTime::from_timestamp_micros(at.as_micros())?;
    Some(utc.with_timezone(&FixedOffset::east_opt(SEOUL_SECONDS)?))
}
