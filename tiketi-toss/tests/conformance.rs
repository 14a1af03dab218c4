//! Runs every gateway case on the TossPayments gateway, against the stub.

#![expect(clippy::unwrap_used, reason = "the whole file is a test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tiketi_conformance::{FreshGateway, GatewayFactory, Provider, async_trait};
use tiketi_core::{Clock, Money, PaymentId, Timestamp};
use tiketi_toss::{TossGateway, TossSettings};
use tiketi_toss_stub::{Call, Fault, StubSettings, TossStub};

/// A clock that advances by one second on each read, since the provider demands a second between two cancels.
#[derive(Debug, Default)]
struct Ticking(AtomicU32);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(self.0.fetch_add(1, Ordering::SeqCst).into()))
    }
}

#[derive(Debug)]
struct Toss;

#[async_trait]
impl GatewayFactory for Toss {
    async fn fresh(&self) -> FreshGateway {
        let settings = StubSettings { clock: Arc::new(Ticking::default()), ..StubSettings::default() };
        let stub = TossStub::start(settings).await.unwrap();
        let settings = TossSettings::new("test_sk_stub".to_owned().into(), "test_ck_stub");
        // It returns an error if another test of this process ran first.
        let _chosen_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let gateway = TossGateway::new(settings.base_url(stub.url())).unwrap();
        FreshGateway::new(Arc::new(gateway), Arc::new(Stub(stub)))
    }
}

#[derive(Debug)]
struct Stub(TossStub);

#[async_trait]
impl Provider for Stub {
    async fn authenticate(&self, payment: PaymentId, amount: Money) -> Option<String> {
        Some(self.0.authenticate(&payment.to_string(), amount.minor()).unwrap())
    }

    async fn decline_next_confirm(&self) {
        self.0.fail_next(Fault::code(Call::Confirm, "REJECT_CARD_PAYMENT"));
    }

    async fn lose_next_confirm(&self) {
        self.0.fail_next(Fault::cut(Call::Confirm).after_effect());
    }

    async fn lose_next_refund(&self) {
        self.0.fail_next(Fault::cut(Call::Cancel).after_effect());
    }

    async fn key_never_given(&self) -> Option<String> {
        Some("tgen_20260105_never_given".to_owned())
    }

    async fn stop_answering(&self) {
        // More faults than a case needs; each request uses the first fault of its kind.
        for call in [Call::Confirm, Call::Cancel, Call::Lookup] {
            (0..16).for_each(|_| self.0.fail_next(Fault::cut(call)));
        }
    }

    async fn balance(&self, payment: PaymentId) -> i64 {
        let order = payment.to_string();
        let accounts = self.0.ledger();
        let ours = accounts.values().filter(|account| account.order_id == order);
        ours.map(|account| account.captured - account.refunded).sum()
    }
}

tiketi_conformance::gateway_cases!(crate::Toss);
