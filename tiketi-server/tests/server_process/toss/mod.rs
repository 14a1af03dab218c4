//! Whole sales at a server whose buyers pay at a stub TossPayments, through every fault.

mod books;
mod counter;
mod depositing;
mod killing;
mod racing;
mod refunding;
mod selling;
mod webhooks;
