//! The stub's own account of the money, for tests to compare with theirs.

use serde::Serialize;

/// What was taken and given back under one payment key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The shop's order.
    pub order_id: String,
    /// Taken from the buyer, in won.
    pub captured: i64,
    /// Given back, in won.
    pub refunded: i64,
    /// How many times money was taken.
    pub captures: usize,
    /// How many times money was given back.
    pub refunds: usize,
    /// Numbers of the accounts it went back to, if it did not go where it came from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refunded_to: Vec<String>,
}
