//! A webhook of the payment provider.

use std::sync::OnceLock;

use tiketi_core::PaymentGateway;
use tiketi_core::gateway::WebhookRequest;
use tiketi_toss::{TossGateway, TossSettings};
use tokio::runtime::Runtime;

fn gateway() -> &'static TossGateway {
    static GATEWAY: OnceLock<TossGateway> = OnceLock::new();
    GATEWAY.get_or_init(|| {
        let _chosen_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
        TossGateway::new(TossSettings::new("test_sk_fuzz".to_owned().into(), "test_ck_fuzz")).unwrap()
    })
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_current_thread().build().unwrap())
}

/// Reads a webhook: the first line is the delivery's id, the rest is the body. A hint names its delivery.
pub fn webhook(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (id, body) = bytes.split_at(end);
    let id = String::from_utf8_lossy(id).into_owned();
    let headers = vec![("TossPayments-Webhook-Transmission-Id".to_owned(), id.clone())];
    let request = WebhookRequest::new(headers, body.to_vec());
    let read = runtime().block_on(gateway().webhook(request));
    if let Ok(hint) = read {
        assert_eq!(hint.delivery, id);
        assert!(!id.is_empty() && id.len() <= 200);
    }
}
