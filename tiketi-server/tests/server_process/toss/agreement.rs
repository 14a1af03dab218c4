//! The shop's books, held against the provider's.

use std::collections::BTreeMap;

use tiketi_toss_stub::Account;

/// A payment, as the shop's store has it.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) order: String,
    pub(crate) state: String,
    pub(crate) taken: i64,
    pub(crate) returned: i64,
    /// Whether the provider's word is awaited, or a person's.
    pub(crate) is_open: bool,
    /// The state of the reservation, if this payment is the one that counts for it.
    pub(crate) bought: Option<String>,
}

/// Fails unless every buyer has what he paid for or his money, and the provider says the same to the won.
pub(crate) fn assert_agrees(ledger: &BTreeMap<String, Account>, rows: &[Row]) {
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
