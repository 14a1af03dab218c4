//! Confirms: the money is captured.

use serde::Deserialize;
use tiketi_core::Timestamp;

use super::PaymentTable;
use crate::answer::Answer;
use crate::payment::{Payment, Status};

/// The body of a confirm.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConfirmBody {
    payment_key: String,
    order_id: String,
    amount: i64,
}

impl PaymentTable {
    /// Captures the money of a payment that the buyer authenticated.
    pub(crate) fn confirm(&mut self, body: &ConfirmBody, now: Timestamp) -> Answer {
        let transaction = self.transaction();
        let confirmed_before =
            self.order(&body.order_id).is_some_and(|known| known.key != body.payment_key && is_taken(known));
        let Some(payment) = self.payments.get_mut(&body.payment_key) else {
            return Answer::error("NOT_FOUND_PAYMENT_SESSION");
        };
        if let Some(code) = refusal(payment, body, confirmed_before, now) {
            return Answer::error(code);
        }
        payment.approve(transaction, now);
        self.by_order.insert(body.order_id.clone(), body.payment_key.clone());
        self.add_status_webhook(&body.payment_key, now);
        self.show(&body.payment_key, now)
    }
}

fn refusal(
    payment: &Payment,
    body: &ConfirmBody,
    confirmed_before: bool,
    now: Timestamp,
) -> Option<&'static str> {
    if payment.order_id != body.order_id || payment.amount != body.amount {
        return Some("INVALID_REQUEST");
    }
    match payment.status_at(now) {
        Status::Ready | Status::InProgress if confirmed_before => Some("DUPLICATED_ORDER_ID"),
        Status::InProgress => None,
        Status::Ready | Status::Expired | Status::Aborted => Some("NOT_FOUND_PAYMENT_SESSION"),
        Status::WaitingForDeposit | Status::Done | Status::Canceled | Status::PartialCanceled => {
            Some("ALREADY_PROCESSED_PAYMENT")
        }
    }
}

fn is_taken(payment: &Payment) -> bool {
    match payment.status {
        Status::WaitingForDeposit | Status::Done | Status::Canceled | Status::PartialCanceled => true,
        Status::Ready | Status::InProgress | Status::Aborted | Status::Expired => false,
    }
}
