//! A shop composed of parts: a decorated sales part, and separate stores of layouts and webhooks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::box_office::ExpectedAmount;
use tiketi_core::decide::{AnyCommand, AnyRefused, Applied, Envelope};
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::reservation::ReservationNumber;
use tiketi_core::store::{
    AuditReport, CallOffProgress, CatalogStore, InboxStore, LayoutStore, Page, PageRequest, ReservationQuery,
    SalesStore, StoreClock, Swept,
};
use tiketi_core::{
    BoxOffice, BuyerId, CommandError, EventId, HoldRequest, Payment, PaymentId, PrepareRequest, Reservation,
    ReservationId, StoreError, Timestamp, clock::ManualClock,
};

use crate::reconcile::hint;
use crate::{ADA, on_sale, opening};

/// The sales part of a store, which counts its calls.
#[derive(Debug)]
struct Counted<S> {
    store: Arc<S>,
    commands: AtomicU32,
    reads: AtomicU32,
}

impl<S> Counted<S> {
    fn read(&self) -> &S {
        self.reads.fetch_add(1, Ordering::Relaxed);
        &self.store
    }
}

#[async_trait]
impl<S: SalesStore> SalesStore for Counted<S> {
    async fn execute_any(&self, command: Envelope<AnyCommand>) -> Result<Applied, CommandError<AnyRefused>> {
        self.commands.fetch_add(1, Ordering::Relaxed);
        self.store.execute_any(command).await
    }

    async fn expire_due(&self, now: Timestamp, limit: usize) -> Result<Swept<Reservation>, StoreError> {
        self.read().expire_due(now, limit).await
    }

    async fn forget_commands(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.read().forget_commands(before).await
    }

    async fn reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StoreError> {
        self.read().reservation(id).await
    }

    async fn reservations_of(
        &self,
        buyer: BuyerId,
        event: Option<EventId>,
        page: PageRequest,
    ) -> Result<Page<Reservation>, StoreError> {
        self.read().reservations_of(buyer, event, page).await
    }

    async fn list_reservations(&self, query: ReservationQuery) -> Result<Vec<Reservation>, StoreError> {
        self.read().list_reservations(query).await
    }

    async fn reservation_numbered(
        &self,
        number: ReservationNumber,
    ) -> Result<Option<Reservation>, StoreError> {
        self.read().reservation_numbered(number).await
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        self.read().payment(id).await
    }

    async fn payments_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Payment>, StoreError> {
        self.read().payments_due(now, limit).await
    }

    async fn payments_needing_attention(
        &self,
        slow_before: Timestamp,
        page: PageRequest,
    ) -> Result<Page<Payment>, StoreError> {
        self.read().payments_needing_attention(slow_before, page).await
    }

    async fn payment_by_key(
        &self,
        gateway: &str,
        provider_key: &str,
    ) -> Result<Option<PaymentId>, StoreError> {
        self.read().payment_by_key(gateway, provider_key).await
    }

    async fn to_call_off(&self, limit: usize) -> Result<Vec<ReservationId>, StoreError> {
        self.read().to_call_off(limit).await
    }

    async fn call_off_progress(&self, event: EventId) -> Result<Option<CallOffProgress>, StoreError> {
        self.read().call_off_progress(event).await
    }
}

/// A store's clock that stands still, five minutes after the opening.
#[derive(Debug)]
pub(crate) struct AheadClock;

#[async_trait]
impl StoreClock for AheadClock {
    async fn store_time(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(Some(opening().after(Duration::from_mins(5))))
    }
}

#[tokio::test]
async fn a_shop_of_wrapped_and_separate_parts_sells_and_reconciles() {
    let store = || Arc::new(MemoryStore::default());
    let (main, layouts, inbox) = (store(), store(), store());
    let (commands, reads) = (AtomicU32::new(0), AtomicU32::new(0));
    let counted = Arc::new(Counted { store: Arc::clone(&main), commands, reads });
    let office = BoxOffice::builder()
        .sales(Arc::<Counted<MemoryStore>>::clone(&counted))
        .store(Arc::clone(&main))
        .layouts(Arc::<MemoryStore>::clone(&layouts))
        .inbox(Arc::<MemoryStore>::clone(&inbox))
        .store_clock(Arc::new(AheadClock))
        .clock(Arc::new(ManualClock::at(opening())))
        .gateway(Arc::new(TestGateway::default()))
        .build()
        .unwrap();

    // The seats are from a layout of another store; the decorated store sells them.
    let (event, _) = on_sale(&office).await;
    let first = PageRequest::FIRST;
    assert_eq!(layouts.layouts(first).await.unwrap().total, 1);
    assert_eq!(main.layouts(first).await.unwrap().total, 0);
    let seat = main.seat_map(event, 0).await.unwrap().unwrap().seats[0].id;
    let held = office.sales().hold(HoldRequest::new(event, ADA).seats([seat])).await.unwrap();
    let paid = office.payments().process(PrepareRequest::new(held.id, ADA)).await.unwrap();
    assert!(office.sales().reservation(held.id, ADA).await.unwrap().is_some());
    // One command for the hold, and three for the payment.
    assert_eq!(counted.commands.load(Ordering::Relaxed), 4);
    assert!(counted.reads.load(Ordering::Relaxed) > 0);

    // The webhook is stored in another store, and processed from there.
    let hint = hint("delivery", &paid.payment.unwrap());
    office.payments().receive_webhook("test", hint).await.unwrap();
    let minute = Duration::from_mins(1);
    assert!(main.claim_deliveries(opening(), minute, 9).await.unwrap().is_empty());
    assert_eq!(office.jobs().work_inbox_once().await.unwrap(), 1);

    assert!(office.clock_skew().await.unwrap().unwrap().behind >= Duration::from_mins(4));
    assert!(main.payments_due(opening(), 9).await.unwrap().is_empty());
    assert!(AuditReport::of(main.as_ref()).await.unwrap().violations.is_empty());
}

#[tokio::test]
async fn a_confirm_reads_its_payment_once() {
    let main = Arc::new(MemoryStore::default());
    let (commands, reads) = (AtomicU32::new(0), AtomicU32::new(0));
    let counted = Arc::new(Counted { store: Arc::clone(&main), commands, reads });
    let office = BoxOffice::builder()
        .sales(Arc::<Counted<MemoryStore>>::clone(&counted))
        .store(Arc::clone(&main))
        .clock(Arc::new(ManualClock::at(opening())))
        .gateway(Arc::new(TestGateway::default()))
        .build()
        .unwrap();
    let (event, _) = on_sale(&office).await;
    let seat = main.seat_map(event, 0).await.unwrap().unwrap().seats[0].id;
    let held = office.sales().hold(HoldRequest::new(event, ADA).seats([seat])).await.unwrap();
    let payment = office.payments().prepare(PrepareRequest::new(held.id, ADA)).await.unwrap().payment;
    let before = counted.reads.load(Ordering::Relaxed);
    let amount = ExpectedAmount::Minor(payment.amount.minor());
    office.payments().confirm(payment.id, ADA, Some(amount), None).await.unwrap();
    assert_eq!(counted.reads.load(Ordering::Relaxed) - before, 1);
}
