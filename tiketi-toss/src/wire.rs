//! What goes over the wire, as far as the gateway reads and writes it.

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tiketi_core::refund_account::RefundAccount;

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
    /// Where a deposit is to go, of one that is paid by deposit.
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
    /// Until when the deposit is waited for, with Seoul's offset or without any.
    pub(crate) due_date: Option<String>,
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

/// Why a payment failed.
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
    /// Where to, for what was deposited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refund_receive_account: Option<ReceiveAccount<'a>>,
}

/// A buyer's own account.
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
