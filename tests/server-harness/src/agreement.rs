//! The payments of the store, compared with those of the provider.

use std::collections::BTreeMap;

use tiketi_toss_stub::Account;

/// A payment as the store has it.
#[derive(Debug)]
pub struct PaymentRow {
    /// The order id at the provider, which is the payment's id.
    pub order: String,
    /// The state as the store writes it.
    pub state: String,
    /// The captured amount, in the minor unit of the currency.
    pub taken: i64,
    /// The refunded amount, in the minor unit of the currency.
    pub returned: i64,
    /// Whether the payment awaits reconciliation or needs attention.
    pub is_open: bool,
    /// The state of the reservation that this payment belongs to, if it is the reservation's payment.
    pub bought: Option<String>,
}

/// Asserts that each buyer has the tickets or the money.
///
/// The amounts of store and provider must be equal, each order is captured at most once, and no payment is open.
pub fn assert_agrees(ledger: &BTreeMap<String, Account>, rows: &[PaymentRow]) {
    for row in rows {
        let accounts = ledger.values().filter(|account| account.order_id == row.order);
        let (mut taken, mut returned, mut captures) = (0, 0, 0);
        for account in accounts {
            taken += account.captured;
            returned += account.refunded;
            captures += account.captures;
        }
        assert_eq!((row.taken, row.returned), (taken, returned), "{} is {}", row.order, row.state);
        assert!(captures <= 1, "{} was charged {captures} times", row.order);
        let is_kept = taken > returned;
        assert_eq!(is_kept, row.bought.as_deref() == Some("confirmed"), "{} is {}", row.order, row.state);
        assert!(!row.is_open, "{} is {}, and not over", row.order, row.state);
    }
    for account in ledger.values().filter(|account| account.captured > 0) {
        assert!(rows.iter().any(|row| row.order == account.order_id), "{account:?} is on no record");
    }
}
