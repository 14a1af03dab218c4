//! Sales at a server whose buyers pay at a stub TossPayments, with all its faults.

mod books;
mod counter;
mod crashes;
mod deposits;
mod races;
mod refunds;
mod sales;
mod webhooks;
