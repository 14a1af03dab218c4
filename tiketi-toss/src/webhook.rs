//! Webhooks: only the id of the payment is read.

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tiketi_core::{
    PaymentId,
    gateway::{Hint, WebhookRefused, WebhookRequest},
};

use crate::api::{Api, Found, is_payment_key};
use crate::wire::{WebhookBody, WebhookPayment};

/// The header with the delivery's id, the same for each repetition.
const DELIVERY: &str = "tosspayments-webhook-transmission-id";
/// Longest delivery id.
const MAX_DELIVERY_CHARS: usize = 200;

/// Reads the payment that a webhook is about.
pub(crate) async fn read(api: &Api, request: &WebhookRequest) -> Result<Hint, WebhookRefused> {
    let body: WebhookBody =
        serde_json::from_slice(&request.body).map_err(|_| malformed("it is no JSON of a known shape"))?;
    match body {
        WebhookBody { secret: Some(secret), order_id: Some(order), .. } => {
            let payment = ours(&order)?;
            let provider_key = prove(api, &order, &secret).await?;
            Ok(Hint::new(delivery(request)?, payment).provider_key(provider_key))
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

/// Compares the secret of a deposit with the provider's own record of the payment, and returns its key.
///
/// The secret is looked up and not stored, so no database has it and a restart does not lose it.
async fn prove(api: &Api, order: &str, secret: &SecretString) -> Result<String, WebhookRefused> {
    let payment = match api.find(order, None).await {
        Found::Payment(payment) => payment,
        Found::Nothing => return Err(WebhookRefused::Forged),
        Found::Unsaid(_) => return Err(WebhookRefused::Unavailable),
    };
    if proves(payment.secret.as_ref(), secret) { Ok(payment.key) } else { Err(WebhookRefused::Forged) }
}

/// Returns whether the secret is the known one, in constant time.
fn proves(known: Option<&SecretString>, told: &SecretString) -> bool {
    // For a payment without a secret, an empty one is no proof.
    let known = known.map(ExposeSecret::expose_secret).unwrap_or_default();
    !known.is_empty() && known.as_bytes().ct_eq(told.expose_secret().as_bytes()).into()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_secret_proves_anything_and_no_secret_nothing() {
        let secret = |text: &str| SecretString::from(text.to_owned());
        assert!(proves(Some(&secret("ps_1")), &secret("ps_1")));
        for (known, told) in [("ps_1", "ps_2"), ("ps_1", "ps_"), ("ps_1", "ps_11"), ("ps_1", ""), ("", "")] {
            assert!(!proves(Some(&secret(known)), &secret(told)), "{known} {told}");
        }
        assert!(!proves(None, &secret("")) && !proves(None, &secret("ps_1")));
    }
}
