//! What goes over the wire, as far as the gateway reads and writes it.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// A payment, as the provider shows it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payment {
    #[serde(rename = "paymentKey")]
    pub(crate) key: String,
    pub(crate) order_id: String,
    pub(crate) status: Status,
    pub(crate) total_amount: i64,
    pub(crate) balance_amount: i64,
    pub(crate) currency: String,
    /// When money was taken, if ever; read for whether it is there.
    pub(crate) approved_at: Option<String>,
    /// What a deposit callback of this payment proves itself with.
    pub(crate) secret: Option<SecretString>,
    pub(crate) cancels: Option<Vec<Cancel>>,
    pub(crate) failure: Option<Failure>,
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    Ready,
    InProgress,
    WaitingForDeposit,
    Done,
    Canceled,
    PartialCanceled,
    Aborted,
    Expired,
    /// One that was invented later.
    #[serde(other)]
    Unlisted,
}

/// Money given back.
#[derive(Debug, Deserialize)]
pub(crate) struct Cancel {
    #[serde(rename = "cancelAmount")]
    pub(crate) amount: i64,
    #[serde(rename = "cancelReason")]
    pub(crate) reason: Option<String>,
    #[serde(rename = "cancelStatus")]
    pub(crate) status: Option<String>,
}

/// Why a payment came to nothing.
#[derive(Debug, Deserialize)]
pub(crate) struct Failure {
    pub(crate) code: String,
}

/// An error; its message may name the buyer's bank or card, and is not read.
#[derive(Debug, Deserialize)]
pub(crate) struct ErrorBody {
    pub(crate) code: String,
}

/// A request to take money.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConfirmBody<'a> {
    pub(crate) payment_key: &'a str,
    pub(crate) order_id: &'a str,
    pub(crate) amount: i64,
}

/// A request to give money back.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CancelBody<'a> {
    pub(crate) cancel_reason: &'a str,
    /// All of it, if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cancel_amount: Option<i64>,
    /// What can be given back before this; the provider refuses if that is not so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refundable_amount: Option<i64>,
}

/// A webhook of either kind.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookBody {
    pub(crate) event_type: Option<String>,
    /// Of a change of status: the payment it is about.
    pub(crate) data: Option<WebhookPayment>,
    /// Of a deposit: the payment's secret.
    pub(crate) secret: Option<SecretString>,
    /// Of a deposit: the order it is about.
    pub(crate) order_id: Option<String>,
}

/// What is read of the payment in a webhook: its names.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookPayment {
    pub(crate) order_id: Option<String>,
    pub(crate) payment_key: Option<String>,
}
