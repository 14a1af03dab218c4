use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::*;
use crate::clock::ManualClock;
use crate::error::StoreErrorKind;
use crate::gateway::Hint;
use crate::id::PaymentId;
use crate::memory::{MemoryStore, TestGateway};
use crate::store::InboxStore;
use crate::time::Timestamp;

/// An inbox that fails to acknowledge the delivery `bad`.
#[derive(Debug)]
struct FailingInbox(Arc<MemoryStore>);

#[async_trait]
impl InboxStore for FailingInbox {
    async fn receive_delivery(&self, delivery: Delivery, most: usize) -> Result<Receipt, StoreError> {
        self.0.receive_delivery(delivery, most).await
    }

    async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.0.claim_deliveries(now, lease, limit).await
    }

    async fn ack_delivery(&self, gateway: &str, delivery: &str) -> Result<(), StoreError> {
        if delivery == "bad" {
            return Err(StoreError::new(StoreErrorKind::Internal, "this one always fails"));
        }
        self.0.ack_delivery(gateway, delivery).await
    }

    async fn postpone_delivery(
        &self,
        gateway: &str,
        delivery: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.0.postpone_delivery(gateway, delivery, until).await
    }

    async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.0.forget_deliveries(before).await
    }
}

fn start() -> Timestamp {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

/// A shop that received these deliveries, one each second, about payments that do not exist.
async fn shop(deliveries: &[&str]) -> (BoxOffice, Arc<MemoryStore>, Arc<ManualClock>) {
    let (store, clock) = (Arc::new(MemoryStore::default()), Arc::new(ManualClock::at(start())));
    let mut office = BoxOffice::builder()
        .store(Arc::<MemoryStore>::clone(&store))
        .clock(Arc::<ManualClock>::clone(&clock))
        .gateway(Arc::new(TestGateway::default()))
        .build()
        .unwrap();
    let inbox = FailingInbox(Arc::clone(&store));
    Arc::get_mut(&mut office.inner).unwrap().inbox = Arc::new(inbox);
    for name in deliveries {
        let payment = PaymentId::from_uuid(Uuid::nil());
        let hint = Hint::new(*name, payment);
        let delivery = Delivery { gateway: "test".into(), hint, received_at: office.now(), tries: 0 };
        store.receive_delivery(delivery, usize::MAX).await.unwrap();
        clock.advance(Duration::from_secs(1));
    }
    (office, store, clock)
}

/// The deliveries that are not processed, after the end of all leases.
async fn left(store: &MemoryStore) -> Vec<(String, u32)> {
    let end = Timestamp::FAR_FUTURE;
    let left = store.claim_deliveries(end, Duration::ZERO, 100).await.unwrap();
    left.into_iter().map(|delivery| (delivery.hint.delivery, delivery.tries)).collect()
}

#[tokio::test]
async fn a_delivery_that_fails_keeps_no_other_waiting() {
    let (office, store, _) = shop(&["bad", "first", "second"]).await;
    let error = office.jobs().work_inbox_once().await.unwrap_err();
    assert!(error.to_string().contains("bad"), "{error}");
    assert_eq!(left(&store).await, [("bad".to_owned(), 1)]);
}

#[tokio::test]
async fn a_delivery_that_fails_comes_again_less_and_less_often() {
    let (office, store, clock) = shop(&["bad"]).await;
    for minutes in [1, 2, 5, 10, 10] {
        assert!(office.jobs().work_inbox_once().await.is_err());
        clock.advance(Duration::from_secs(minutes * 60 - 1));
        assert_eq!(office.jobs().work_inbox_once().await.unwrap(), 0, "not before {minutes} minutes");
        clock.advance(Duration::from_secs(1));
    }
    assert_eq!(left(&store).await, [("bad".to_owned(), 5)]);
}

/// Seen to fail with every delivery saved: anyone could fill the inbox.
#[tokio::test]
async fn a_webhook_about_no_payment_is_not_stored() {
    let (office, store, _) = shop(&[]).await;
    for number in 0..10_u8 {
        let headers = vec![("test-delivery".to_owned(), number.to_string())];
        let request = WebhookRequest::new(headers, Uuid::from_u128(number.into()).to_string().into_bytes());
        let refused = office.payments().receive_webhook("test", request).await.unwrap_err();
        assert!(matches!(refused, WebhookError::Refused(WebhookRefused::Irrelevant)), "{refused:?}");
    }
    assert_eq!(left(&store).await, []);
}
