//! The JSON that the gateway sends and reads.

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tiketi_core::refund_account::RefundAccount;

/// A payment in the provider's form.
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
    /// When the money was captured; absent before.
    pub(crate) approved_at: Option<String>,
    /// The secret that proves a deposit callback of this payment.
    pub(crate) secret: Option<SecretString>,
    /// The account of a payment by virtual account.
    pub(crate) virtual_account: Option<VirtualAccount>,
    pub(crate) cancels: Option<Vec<Cancel>>,
    pub(crate) failure: Option<Failure>,
}

/// An account made for one payment.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VirtualAccount {
    pub(crate) bank_code: Option<String>,
    pub(crate) account_number: Option<String>,
    /// When the deposit is due, with or without Seoul's offset.
    pub(crate) due_date: Option<String>,
}

/// The status of a payment.
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
    /// A status that this release does not know.
    #[serde(other)]
    Unlisted,
}

/// One refund.
#[derive(Debug, Deserialize)]
pub(crate) struct Cancel {
    #[serde(rename = "cancelAmount")]
    pub(crate) amount: i64,
    #[serde(rename = "cancelReason")]
    pub(crate) reason: Option<String>,
    #[serde(rename = "cancelStatus")]
    pub(crate) status: Option<String>,
}

/// Why a payment failed.
#[derive(Debug, Deserialize)]
pub(crate) struct Failure {
    pub(crate) code: String,
}

/// An error; its message may name the buyer's bank or card, so it is not read.
#[derive(Debug, Deserialize)]
pub(crate) struct ErrorBody {
    pub(crate) code: String,
}

/// The body of a confirm.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConfirmBody<'a> {
    pub(crate) payment_key: &'a str,
    pub(crate) order_id: &'a str,
    pub(crate) amount: i64,
}

/// The body of a cancel.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CancelBody<'a> {
    pub(crate) cancel_reason: &'a str,
    /// The amount; absent for all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cancel_amount: Option<i64>,
    /// The expected balance before the refund; the provider refuses if it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refundable_amount: Option<i64>,
    /// The account for the refund of a deposit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refund_receive_account: Option<ReceiveAccount<'a>>,
}

/// An account of the buyer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReceiveAccount<'a> {
    pub(crate) bank: &'a str,
    pub(crate) account_number: &'a str,
    pub(crate) holder_name: &'a str,
}

impl<'a> From<&'a RefundAccount> for ReceiveAccount<'a> {
    fn from(account: &'a RefundAccount) -> Self {
        Self { bank: account.bank(), account_number: account.number(), holder_name: account.holder() }
    }
}

impl fmt::Debug for ReceiveAccount<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiveAccount").finish_non_exhaustive()
    }
}

/// A webhook of either kind.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookBody {
    pub(crate) event_type: Option<String>,
    /// For a change of status: the payment.
    pub(crate) data: Option<WebhookPayment>,
    /// For a deposit: the payment's secret.
    pub(crate) secret: Option<SecretString>,
    /// For a deposit: the order id.
    pub(crate) order_id: Option<String>,
}

/// The ids of the payment in a webhook.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookPayment {
    pub(crate) order_id: Option<String>,
    pub(crate) payment_key: Option<String>,
}
