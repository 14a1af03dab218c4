//! Payments while the provider does not answer, and while buyers confirm with invented payment keys.

#![expect(clippy::unwrap_used, reason = "the whole file is a test")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::memory::MemoryStore;
use tiketi_core::{
    BoxOffice, BuyerId, Currency, EventDetails, EventInput, HoldRequest, Money, PayError, PaymentId,
    PaymentState, PrepareRequest, SaleWindow, TicketTypeInput, Timestamp,
    clock::Timer,
    clock::{CountedIds, ManualClock},
    gateway::{GuardSettings, Guarded},
};
use tiketi_toss::{TossGateway, TossSettings};
use tiketi_toss_stub::{StubSettings, TossStub};
use uuid::Uuid;

const PRICE: i64 = 66_000;

#[derive(Debug)]
struct Tokio;

#[async_trait]
impl Timer for Tokio {
    async fn sleep(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

fn buyer(which: u128) -> BuyerId {
    BuyerId::from_uuid(Uuid::from_u128(which))
}

/// A shop whose gateway has a circuit breaker, and one attempt for each buyer.
struct TestShop {
    office: BoxOffice,
    attempts: Vec<(BuyerId, PaymentId)>,
}

impl TestShop {
    async fn open(url: &str, buyers: u128) -> Self {
        // It returns an error if another test of this process ran first.
        let _chosen_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let settings = TossSettings::new("test_sk_stub".to_owned().into(), "test_ck_stub");
        let gateway = Arc::new(TossGateway::new(settings.base_url(url)).unwrap());
        let now: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(now));
        let guarded = Guarded::new(
            gateway,
            Arc::<ManualClock>::clone(&clock),
            Arc::new(Tokio),
            GuardSettings::default(),
        );
        let office = BoxOffice::builder()
            .store(Arc::new(MemoryStore::default()))
            .clock(clock)
            .ids(Arc::new(CountedIds::seeded(1)))
            .gateway(Arc::new(guarded))
            .build()
            .unwrap();
        let begins = now.after(Duration::from_hours(240));
        let details = EventDetails::new("Winter Lights", begins, SaleWindow::new(now, begins).unwrap());
        let price = Money::new(PRICE, Currency::KRW);
        let standing = TicketTypeInput::new("Standing", price, 100);
        let input = EventInput::new(details, Currency::KRW).ticket_type(standing);
        let made = office.catalog().create_event(input).await.unwrap();
        office.catalog().publish_event(made.event.id).await.unwrap();
        let standing = made.ticket_types.first().unwrap().id;
        let mut attempts = Vec::new();
        for buyer in (1..=buyers).map(buyer) {
            let held =
                office.sales().hold(HoldRequest::new(made.event.id, buyer).item(standing, 1)).await.unwrap();
            let prepared = office.payments().prepare(PrepareRequest::new(held.id, buyer)).await.unwrap();
            attempts.push((buyer, prepared.payment.id));
        }
        Self { office, attempts }
    }

    async fn confirm(&self, of: (BuyerId, PaymentId), key: &str) -> Result<PaymentState, PayError> {
        let paid = self.office.payments().confirm(of.1, of.0, None, Some(key.to_owned())).await?;
        Ok(paid.payment.unwrap().state)
    }
}

#[tokio::test]
async fn an_unreachable_provider_stops_confirms_before_their_commit() {
    // A port that was free a moment ago; no process listens on it.
    let address = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let shop = TestShop::open(&format!("http://{address}"), 50).await;
    let mut admitted = 0;
    for attempt in &shop.attempts {
        match shop.confirm(*attempt, "tgen_some_key").await {
            Ok(PaymentState::Confirming { .. }) => admitted += 1,
            Err(PayError::Unavailable(_)) => {
                let known = shop.office.support().any_payment(attempt.1).await.unwrap().unwrap();
                assert_eq!(known.state, PaymentState::Ready, "its hold goes on");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(admitted, 5, "of 50");
}

#[tokio::test]
async fn bogus_keys_stop_no_honest_buyer() {
    let stub = TossStub::start(StubSettings::default()).await.unwrap();
    let shop = TestShop::open(&stub.url(), 21).await;
    let (honest, others) = shop.attempts.split_last().unwrap();
    for attempt in others {
        let state = shop.confirm(*attempt, "tgen_never_given").await.unwrap();
        assert!(matches!(state, PaymentState::Confirming { .. }), "{state:?}");
    }
    let key = stub.authenticate(&honest.1.to_string(), PRICE).unwrap();
    let state = shop.confirm(*honest, &key).await.unwrap();
    assert!(matches!(state, PaymentState::Paid { .. }), "{state:?}");
}
