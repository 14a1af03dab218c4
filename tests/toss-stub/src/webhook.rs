//! Messages to the shop, and the task that sends them.

use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tiketi_core::Timestamp;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

use crate::payment::{Payment, Status, seoul_unsaid};

/// How long the shop may take to answer (source: TossPayments, webhooks).
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How often a message that was not taken is sent again (source: the same).
const RETRIES: u32 = 7;

/// A message to the shop.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// What the shop knows a repetition by: `tosspayments-webhook-transmission-id`.
    pub id: String,
    /// `tosspayments-webhook-transmission-time`.
    pub time: String,
    /// What it says.
    pub body: Value,
}

impl Webhook {
    /// Tells that a payment changed; anybody could have written this.
    pub(crate) fn status_changed(id: String, payment: &Payment, status: Status, now: Timestamp) -> Self {
        let mut data = payment.shown(now);
        if let Some(said) = data.get_mut("status") {
            *said = json!(status);
        }
        let at = seoul_unsaid(now);
        let body = json!({"eventType": "PAYMENT_STATUS_CHANGED", "createdAt": at, "data": data});
        Self { id, time: at, body }
    }

    /// Tells of money on a virtual account, with the payment's secret for a proof.
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

/// Sends messages in order, until there are none to come.
pub(crate) async fn send_all(mut messages: UnboundedReceiver<Webhook>, to: String) {
    let client = Client::new();
    while let Some(message) = messages.recv().await {
        tokio::spawn(send(client.clone(), to.clone(), message));
    }
}

/// Sends one message until it is taken or the shop had its chances.
///
/// The waits are those of TossPayments in seconds instead of minutes: 1, 4, 16 …
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
