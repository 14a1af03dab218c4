//! Webhooks to the shop, and the task that sends them.

use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tiketi_core::Timestamp;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

use crate::payment::{Payment, Status, seoul_unsaid};

/// How long the shop may take to answer (source: TossPayments, webhooks).
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How many times a webhook is sent again after a failure (source: the same).
const RETRIES: u32 = 7;

/// A webhook to the shop.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// The header by which the shop recognises a repetition: `tosspayments-webhook-transmission-id`.
    pub id: String,
    /// The header `tosspayments-webhook-transmission-time`.
    pub time: String,
    /// The JSON body.
    pub body: Value,
}

impl Webhook {
    /// Creates a webhook about a changed payment; it carries no proof of its sender.
    pub(crate) fn status_changed(id: String, payment: &Payment, status: Status, now: Timestamp) -> Self {
        let mut data = payment.shown(now);
        if let Some(said) = data.get_mut("status") {
            *said = json!(status);
        }
        let at = seoul_unsaid(now);
        let body = json!({"eventType": "PAYMENT_STATUS_CHANGED", "createdAt": at, "data": data});
        Self { id, time: at, body }
    }

    /// Creates a webhook about a deposit, with the payment's secret as proof.
    pub(crate) fn deposit(id: String, payment: &Payment, now: Timestamp) -> Self {
        let at = seoul_unsaid(now);
        let body = json!({
            "createdAt": at,
            "secret": payment.secret,
            "status": payment.status_at(now),
            "transactionKey": payment.last_transaction,
            "orderId": payment.order_id,
        });
        Self { id, time: at, body }
    }
}

/// Sends webhooks in order until the stub ends.
pub(crate) async fn send_all(mut messages: UnboundedReceiver<Webhook>, to: String) {
    let client = Client::new();
    while let Some(message) = messages.recv().await {
        tokio::spawn(send(client.clone(), to.clone(), message));
    }
}

/// Sends one webhook until the shop accepts it, at most 1 + `RETRIES` times.
///
/// The pauses have the lengths of TossPayments, in seconds instead of minutes: 1, 4, 16 …
async fn send(client: Client, to: String, message: Webhook) {
    for retried in 0..=RETRIES {
        let request = client.post(&to).timeout(ANSWER_WITHIN).json(&message.body);
        let request = request
            .header("tosspayments-webhook-transmission-id", &message.id)
            .header("tosspayments-webhook-transmission-time", &message.time)
            .header("tosspayments-webhook-transmission-retried-count", retried);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => return,
            _ => sleep(Duration::from_secs(4_u64.saturating_pow(retried))).await,
        }
    }
}
