//! Whole sales at a server whose buyers pay at a stub TossPayments, through every fault.

mod books;
mod counter;
mod crashes;
mod deposits;
mod races;
mod refunds;
mod sales;
mod webhooks;
