//! The stock of a ticket type: how it changes when tickets are held, sold, blocked and returned.

use crate::ticket_type::Stock;

/// The counter of a ticket type's stock that includes a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StockBucket {
    Available,
    Held,
    Sold,
    Blocked,
}

/// Moves tickets from one counter to another; `None` if a counter would pass its limits.
pub(super) fn moved(mut stock: Stock, quantity: u32, from: StockBucket, to: StockBucket) -> Option<Stock> {
    if let Some(counter) = counter(&mut stock, from) {
        *counter = counter.checked_sub(quantity)?;
    }
    if let Some(counter) = counter(&mut stock, to) {
        *counter = counter.checked_add(quantity)?;
    }
    Some(stock)
}

/// Returns the counter; available tickets are derived, so they have none.
fn counter(stock: &mut Stock, of: StockBucket) -> Option<&mut u32> {
    match of {
        StockBucket::Available => None,
        StockBucket::Held => Some(&mut stock.held),
        StockBucket::Sold => Some(&mut stock.sold),
        StockBucket::Blocked => Some(&mut stock.blocked),
    }
}
