//! Webhooks: read for the name of a payment, and for nothing else.

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tiketi_core::{Hint, PaymentId, WebhookRefused, WebhookRequest};

use crate::api::{Api, Found, is_payment_key};
use crate::wire::{WebhookBody, WebhookPayment};

/// What the provider names a delivery by, the same each time it is sent again.
const DELIVERY: &str = "tosspayments-webhook-transmission-id";
/// Longest name of a delivery.
const MAX_DELIVERY_CHARS: usize = 200;

/// Reads a webhook: which payment to ask about.
pub(crate) async fn read(api: &Api, request: &WebhookRequest) -> Result<Hint, WebhookRefused> {
    let body: WebhookBody =
        serde_json::from_slice(&request.body).map_err(|_| malformed("it is no JSON of a known shape"))?;
    match body {
        WebhookBody { secret: Some(secret), order_id: Some(order), .. } => {
            let payment = ours(&order)?;
            let provider_key = prove(api, &order, &secret).await?;
            Ok(Hint { delivery: delivery(request)?, payment, provider_key: Some(provider_key) })
        }
        WebhookBody { event_type: Some(kind), data: Some(data), .. } if kind == "PAYMENT_STATUS_CHANGED" => {
            changed(request, data)
        }
        _ => Err(WebhookRefused::Irrelevant),
    }
}

/// Reads a change of status; anybody may have written it, and whoever asks the provider learns the truth.
fn changed(request: &WebhookRequest, data: WebhookPayment) -> Result<Hint, WebhookRefused> {
    let payment = ours(data.order_id.as_deref().unwrap_or_default())?;
    let provider_key = data.payment_key.filter(|key| is_payment_key(key));
    Ok(Hint { delivery: delivery(request)?, payment, provider_key })
}

/// Compares the secret of a deposit with the one the provider gave that payment, and returns its key.
///
/// It is asked for rather than kept: so it is in no database, and right after a restart as well.
async fn prove(api: &Api, order: &str, secret: &SecretString) -> Result<String, WebhookRefused> {
    let payment = match api.find(order, None).await {
        Found::Payment(payment) => payment,
        Found::Nothing => return Err(WebhookRefused::Forged),
        Found::Unsaid(_) => return Err(WebhookRefused::Unavailable),
    };
    let known = payment.secret.as_ref().filter(|known| !known.expose_secret().is_empty());
    let known = known.ok_or(WebhookRefused::Forged)?;
    if bool::from(known.expose_secret().as_bytes().ct_eq(secret.expose_secret().as_bytes())) {
        Ok(payment.key)
    } else {
        Err(WebhookRefused::Forged)
    }
}

/// Reads an order's name; ours are the texts of payment ids, exactly as written.
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
