//! Webhooks: only the id of the payment is read.

use secrecy::ExposeSecret;
use tiketi_core::{
    PaymentId,
    gateway::{Hint, WebhookRefused, WebhookRequest},
    secret_digest::SecretDigest,
};

use crate::api::is_payment_key;
use crate::wire::{WebhookBody, WebhookPayment};

/// The header with the delivery's id, the same for each repetition.
const DELIVERY: &str = "tosspayments-webhook-transmission-id";
/// Longest delivery id.
const MAX_DELIVERY_CHARS: usize = 200;

/// Reads the payment that a webhook is about.
pub(crate) fn read(request: &WebhookRequest) -> Result<Hint, WebhookRefused> {
    let body: WebhookBody =
        serde_json::from_slice(&request.body).map_err(|_| malformed("it is no JSON of a known shape"))?;
    match body {
        WebhookBody { secret: Some(secret), order_id: Some(order), .. } => {
            let payment = ours(&order)?;
            // For a payment without a secret, an empty one is no proof.
            let secret = SecretDigest::of(secret.expose_secret()).ok_or(WebhookRefused::Forged)?;
            Ok(Hint::new(delivery(request)?, payment).secret(secret))
        }
        WebhookBody { event_type: Some(kind), data: Some(data), .. } if kind == "PAYMENT_STATUS_CHANGED" => {
            changed(request, data)
        }
        _ => Err(WebhookRefused::Irrelevant),
    }
}

/// Reads a change of status. It is not signed, so the caller makes a lookup.
fn changed(request: &WebhookRequest, data: WebhookPayment) -> Result<Hint, WebhookRefused> {
    let payment = ours(data.order_id.as_deref().unwrap_or_default())?;
    let provider_key = data.payment_key.filter(|key| is_payment_key(key));
    Ok(Hint::new(delivery(request)?, payment).provider_key(provider_key))
}

/// Parses an order id; ours are the texts of payment ids.
fn ours(order: &str) -> Result<PaymentId, WebhookRefused> {
    let id: PaymentId = order.parse().map_err(|_| WebhookRefused::Irrelevant)?;
    if id.to_string() == order { Ok(id) } else { Err(WebhookRefused::Irrelevant) }
}

fn delivery(request: &WebhookRequest) -> Result<String, WebhookRefused> {
    let name = request.header(DELIVERY).filter(|name| !name.is_empty() && name.len() <= MAX_DELIVERY_CHARS);
    name.map(str::to_owned).ok_or_else(|| malformed("it does not say which delivery it is"))
}

fn malformed(reason: &str) -> WebhookRefused {
    WebhookRefused::Malformed { reason: reason.to_owned() }
}
