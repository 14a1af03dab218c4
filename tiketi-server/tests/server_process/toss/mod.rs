//! Whole sales at a server whose buyers pay at a stub TossPayments, through every fault.

mod agreement;
mod books;
mod counter;
mod depositing;
mod killing;
mod payment_client;
mod racing;
mod refunding;
mod selling;
mod webhooks;

use crate::crash::shop;
use crate::process;
