//! Wraps one part of a store: counts the outcome of each command, and passes every call on.
//!
//! The same structure can log, limit, or inject faults in tests.
//!
//! `cargo run -p tiketi-examples --example measured_store`

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::decide::{AnyCommand, AnyRefused, Applied, Envelope};
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::reservation::ReservationNumber;
use tiketi_core::store::{CallOffProgress, Page, PageRequest, ReservationQuery, SalesStore, Swept};
use tiketi_core::{
    BoxOffice, BuyerId, CommandError, Currency, EventDetails, EventId, EventInput, HoldRequest, Money,
    Payment, PaymentId, PrepareRequest, Reservation, ReservationId, SaleWindow, StoreError, TicketTypeInput,
    Timestamp,
};

/// Counts the outcomes of a store's commands.
#[derive(Debug)]
struct Measured<S> {
    store: Arc<S>,
    applied: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
}

impl<S> Measured<S> {
    fn new(store: Arc<S>) -> Self {
        Self { store, applied: AtomicU64::new(0), refused: AtomicU64::new(0), failed: AtomicU64::new(0) }
    }
}

impl<S> fmt::Display for Measured<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [applied, refused, failed] =
            [&self.applied, &self.refused, &self.failed].map(|counter| counter.load(Ordering::Relaxed));
        write!(f, "{applied} applied, {refused} refused, {failed} failed")
    }
}

#[async_trait]
impl<S: SalesStore> SalesStore for Measured<S> {
    // Every command goes through this method, so a new command needs no change here.
    async fn execute_any(&self, command: Envelope<AnyCommand>) -> Result<Applied, CommandError<AnyRefused>> {
        let outcome = self.store.execute_any(command).await;
        let counter = match &outcome {
            Ok(_) => &self.applied,
            Err(CommandError::Store(_)) => &self.failed,
            Err(_) => &self.refused,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        outcome
    }

    async fn expire_due(&self, now: Timestamp, limit: usize) -> Result<Swept<Reservation>, StoreError> {
        self.store.expire_due(now, limit).await
    }

    async fn forget_commands(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.store.forget_commands(before).await
    }

    async fn reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StoreError> {
        self.store.reservation(id).await
    }

    async fn reservations_of(
        &self,
        buyer: BuyerId,
        event: Option<EventId>,
        page: PageRequest,
    ) -> Result<Page<Reservation>, StoreError> {
        self.store.reservations_of(buyer, event, page).await
    }

    async fn list_reservations(&self, query: ReservationQuery) -> Result<Vec<Reservation>, StoreError> {
        self.store.list_reservations(query).await
    }

    async fn reservation_numbered(
        &self,
        number: ReservationNumber,
    ) -> Result<Option<Reservation>, StoreError> {
        self.store.reservation_numbered(number).await
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        self.store.payment(id).await
    }

    async fn payments_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Payment>, StoreError> {
        self.store.payments_due(now, limit).await
    }

    async fn payments_needing_attention(
        &self,
        slow_before: Timestamp,
        page: PageRequest,
    ) -> Result<Page<Payment>, StoreError> {
        self.store.payments_needing_attention(slow_before, page).await
    }

    async fn payment_by_key(
        &self,
        gateway: &str,
        provider_key: &str,
    ) -> Result<Option<PaymentId>, StoreError> {
        self.store.payment_by_key(gateway, provider_key).await
    }

    async fn to_call_off(&self, limit: usize) -> Result<Vec<ReservationId>, StoreError> {
        self.store.to_call_off(limit).await
    }

    async fn call_off_progress(&self, event: EventId) -> Result<Option<CallOffProgress>, StoreError> {
        self.store.call_off_progress(event).await
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    println!("{}", sell().await?);
    Ok(())
}

/// Sells the only ticket, refuses the next buyer, and returns the counters.
async fn sell() -> Result<String, Box<dyn Error>> {
    let store = Arc::new(MemoryStore::default());
    let measured = Arc::new(Measured::new(Arc::clone(&store)));
    // The other parts are those of the store. All write to one database, as required for a sale.
    let shop = BoxOffice::builder()
        .store(store)
        .sales(Arc::<Measured<MemoryStore>>::clone(&measured))
        .gateway(Arc::new(TestGateway::default()))
        .build()?;
    let (opens, begins) = (shop.now(), shop.now().after(Duration::from_hours(24)));
    let details = EventDetails::new("Night of the Lighthouse", begins, SaleWindow::new(opens, begins)?);
    let price = Money::new(66_000, Currency::KRW);
    let standing = TicketTypeInput::new("Standing", price, 1);
    let made =
        shop.catalog().create_event(EventInput::new(details, Currency::KRW).ticket_type(standing)).await?;
    shop.catalog().publish_event(made.event.id).await?;

    let ticket = made.ticket_types.first().ok_or("nothing is sold")?.id;
    let buyer = |last: u8| format!("01890a5d-ac96-774b-bcce-b302099a80{last:02}").parse::<BuyerId>();
    let held = shop.sales().hold(HoldRequest::new(made.event.id, buyer(1)?).item(ticket, 1)).await?;
    shop.payments().process(PrepareRequest::new(held.id, buyer(1)?)).await?;
    let late = shop.sales().hold(HoldRequest::new(made.event.id, buyer(2)?).item(ticket, 1)).await;
    if late.is_ok() {
        return Err("the second buyer got a ticket".into());
    }
    Ok(measured.to_string())
}

#[cfg(test)]
#[tokio::test]
async fn every_command_is_counted() {
    // A hold, the three steps of the payment, and the refused hold.
    assert_eq!(sell().await.unwrap(), "4 applied, 1 refused, 0 failed");
}
