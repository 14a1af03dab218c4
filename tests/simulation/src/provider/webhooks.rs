//! Webhooks: the provider repeats each until a server has accepted it.

use std::sync::Arc;
use std::time::Duration;

use tiketi_core::PaymentId;
use tiketi_core::box_office::WebhookError;
use tiketi_core::gateway::{WebhookRefused, WebhookRequest};

use crate::fault::Fault;
use crate::provider::{BROWSER, ONE_STEP};
use crate::shop::Shop;
use crate::world::OUTSIDE;

/// How long the provider waits before it sends a webhook again.
const AGAIN_AFTER: Duration = Duration::from_secs(30);

/// Sends the webhooks of the provider, until the run is over.
pub(crate) async fn send_webhooks(shop: Arc<Shop>) {
    let world = Arc::clone(&shop.world);
    loop {
        world.executor.sleep(Duration::from_millis(500)).await;
        loop {
            // Bound first: the lock must not be held over a wait.
            let next = world.provider().next_webhook();
            let Some((number, payment)) = next else { break };
            if !world.setting.has_webhooks && !world.provider().book(payment).needs_webhook() {
                continue;
            }
            let copies = if world.strikes(Fault::WebhookTwice) { 2 } else { 1 };
            for _ in 0..copies {
                world.executor.spawn(OUTSIDE, deliver(Arc::clone(&shop), number, payment));
            }
        }
    }
}

async fn deliver(shop: Arc<Shop>, number: u64, payment: PaymentId) {
    let world = &shop.world;
    if world.strikes(Fault::WebhookLate) {
        world.executor.sleep(world.delay(1_000, 120_000)).await;
    }
    loop {
        if !world.strikes(Fault::WebhookLost) {
            let mut is_accepted = true;
            for gateway in [ONE_STEP, BROWSER] {
                is_accepted &= offer(&shop, gateway, number, payment).await;
            }
            if is_accepted {
                return;
            }
        }
        world.executor.sleep(AGAIN_AFTER).await;
    }
}

/// Offers a webhook to one server, and returns whether it need not be sent again.
async fn offer(shop: &Arc<Shop>, gateway: &'static str, number: u64, payment: PaymentId) -> bool {
    let request = WebhookRequest::new(Vec::new(), format!("delivery-{number} {payment}").into_bytes());
    let answer = shop
        .call(move |office| {
            let request = request.clone();
            async move { office.payments().receive_webhook(gateway, request).await }
        })
        .await;
    match answer {
        Ok(Ok(_) | Err(WebhookError::Refused(WebhookRefused::Irrelevant))) => true,
        Ok(Err(_)) | Err(_) => false,
    }
}
