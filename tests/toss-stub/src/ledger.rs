//! The stub's own totals of captures and refunds, for tests to compare with the shop's.

use serde::Serialize;

/// Captures and refunds of one payment key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The order id of the shop.
    pub order_id: String,
    /// Captured, in won.
    pub captured: i64,
    /// Refunded, in won.
    pub refunded: i64,
    /// Number of captures.
    pub captures: usize,
    /// Number of refunds.
    pub refunds: usize,
    /// Numbers of the accounts that refunds were sent to, if not to the source of the payment.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refunded_to: Vec<String>,
}
