//! Sales at a server whose buyers pay at a stub TossPayments, with all its faults.

mod crashes;
mod deposits;
mod payment_rows;
mod races;
mod refunds;
mod sales;
mod toss_shop;
mod webhooks;
