//! A shop in memory: the facade over the in-memory store, with a clock that the test moves and a provider whose
//! ledger the test can read.

#![cfg(test)]

mod abandonment;
mod changes;
mod confirm_wait;
mod deposits;
mod housekeeping;
mod idempotency;
mod jobs;
mod money_by_hand;
mod observation;
mod parts;
mod payments;
mod races;
mod reconcile;
mod refunds;
mod subscribers;
mod unproven;
mod waiting_room;

use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

use async_trait::async_trait;
use tiketi_core::memory::{MemoryNotifier, MemoryStore, TestGateway};
use tiketi_core::{
    BoxOffice, BuyerId, CommandKey, Currency, EventDetails, EventId, EventInput, HoldRequest, IdSource,
    Money, Payment, PaymentGateway, PaymentId, PrepareRequest, Reservation, ReservationId, Row, SaleWindow,
    SeatId, SeatLayout, Section, Terms, TicketTypeId, TicketTypeInput, Timestamp,
    clock::{CountedIds, ManualClock},
    fact::SeatStatus,
    gateway::{
        Attempt, Capabilities, Checkout, CheckoutRequest, ConfirmAnswer, ConfirmRequest, GatewayUnavailable,
        Hint, LookupAnswer, LookupRequest, NotAccepted, PaymentMethod, RefundAnswer, RefundRequest,
        RefundsTo, ReturnUrls, VoidAnswer, VoidRequest, WebhookRefused, WebhookRequest,
    },
    metadata::Metadata,
    store::SalesStore,
};
use uuid::Uuid;

const ADA: BuyerId = BuyerId::from_uuid(Uuid::from_u128(0xADA));
const BEN: BuyerId = BuyerId::from_uuid(Uuid::from_u128(0xBE));

fn won(minor: i64) -> Money {
    Money::new(minor, Currency::KRW)
}

fn opening() -> Timestamp {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

/// An event on sale with three seats at 100 won and five free tickets for lap children.
struct TestShop {
    office: BoxOffice,
    clock: Arc<ManualClock>,
    gateway: Arc<MoodyGateway>,
    notifier: Arc<MemoryNotifier>,
    ids: CountedIds,
    event: EventId,
    seats: Vec<SeatId>,
    free: TicketTypeId,
}

impl TestShop {
    async fn open() -> Self {
        Self::over(MoodyGateway::default()).await
    }

    /// Opens a shop whose provider captures money in the buyer's browser.
    async fn in_browser() -> Self {
        Self::over(MoodyGateway { inner: TestGateway::in_browser(), ..MoodyGateway::default() }).await
    }

    async fn over(gateway: MoodyGateway) -> Self {
        Self::under(&Terms::default(), gateway).await
    }

    async fn under(terms: &Terms, gateway: MoodyGateway) -> Self {
        let clock = Arc::new(ManualClock::at(opening()));
        let gateway = Arc::new(gateway);
        let notifier = Arc::new(MemoryNotifier::default());
        let office = BoxOffice::builder()
            .store(Arc::<MemoryStore>::clone(&gateway.store))
            .clock(Arc::<ManualClock>::clone(&clock))
            .gateway(Arc::<MoodyGateway>::clone(&gateway))
            .subscriber("test", Arc::<MemoryNotifier>::clone(&notifier))
            .ids(Arc::new(CountedIds::seeded(1)))
            .terms(*terms)
            .build()
            .unwrap();
        office.jobs().subscribe_once().await.unwrap();
        let (event, free) = on_sale(&office).await;
        let seats = office.catalog().seat_map(event, 0).await.unwrap().unwrap().seats;
        let seats = seats.iter().map(|seat| seat.id).collect();
        Self { office, clock, gateway, notifier, ids: CountedIds::seeded(2), event, seats, free }
    }

    fn key(&self) -> CommandKey {
        CommandKey::from_uuid(self.ids.next())
    }

    fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn wanting(&self, buyer: BuyerId, seats: &[usize]) -> HoldRequest {
        HoldRequest::new(self.event, buyer).seats(seats.iter().map(|at| self.seats[*at]))
    }

    async fn held(&self, buyer: BuyerId, seats: &[usize]) -> Reservation {
        self.office.sales().hold(self.wanting(buyer, seats)).await.unwrap()
    }

    /// Holds and pays in one step, and returns the reservation and its payment.
    async fn sold(&self, buyer: BuyerId, seats: &[usize]) -> (Reservation, Payment) {
        let held = self.held(buyer, seats).await;
        let paid = self.office.payments().process(PrepareRequest::new(held.id, buyer)).await.unwrap();
        (paid.reservation, paid.payment.unwrap())
    }

    async fn status(&self, seat: usize) -> SeatStatus {
        let map = self.office.catalog().seat_map(self.event, 0).await.unwrap().unwrap();
        let seat = map.seats.iter().find(|known| known.id == self.seats[seat]).unwrap();
        SeatStatus::of(&seat.state, self.office.now())
    }
}

async fn on_sale(office: &BoxOffice) -> (EventId, TicketTypeId) {
    let plan = SeatLayout::new("Harbour Hall", "Studio")
        .section(Section::new("Stalls", won(100)).row(Row::numbered("A", 3)));
    let layout = office.catalog().create_layout(plan, None).await.unwrap();
    let day = Duration::from_hours(24);
    let details = EventDetails::new(
        "Evening of Lanterns",
        opening().after(2 * day),
        SaleWindow::new(opening(), opening().after(day)).unwrap(),
    )
    .artist("The Paper Moons")
    .venue("Harbour Hall");
    let lap = TicketTypeInput::new("Lap children", won(0), 5);
    let input = EventInput::new(details, Currency::KRW).seated(layout.id).ticket_type(lap);
    let view = office.catalog().create_event(input).await.unwrap();
    office.catalog().publish_event(view.event.id).await.unwrap();
    (view.event.id, view.ticket_types[1].id)
}

/// The test provider, with a configurable answer to the next refund. It reads the shop's store when it is asked.
#[derive(Debug, Default)]
struct MoodyGateway {
    inner: TestGateway,
    next_refund: Mutex<Option<RefundAnswer>>,
    next_void: Mutex<Option<VoidAnswer>>,
    held_lookup: Mutex<Option<Arc<Notify>>>,
    /// The shop's own store.
    store: Arc<MemoryStore>,
    /// The payment in the store at the time of each request.
    seen: Mutex<Vec<Payment>>,
    /// The return addresses of the latest checkout.
    return_urls: Mutex<Option<ReturnUrls>>,
}

impl MoodyGateway {
    /// Makes the next refund return this answer; no money moves.
    fn answer_next_refund(&self, answer: RefundAnswer) {
        *self.next_refund.lock().unwrap() = Some(answer);
    }

    /// Makes the next void return this answer; it has no effect.
    fn answer_next_void(&self, answer: VoidAnswer) {
        *self.next_void.lock().unwrap() = Some(answer);
    }

    /// Delays the answer to the next look-up until it is notified; the answer is of the moment of the request.
    fn hold_next_lookup(&self) -> Arc<Notify> {
        let go_on = Arc::new(Notify::new());
        *self.held_lookup.lock().unwrap() = Some(Arc::clone(&go_on));
        go_on
    }

    fn refunds_asked(&self) -> usize {
        self.seen().iter().filter(|payment| !payment.refunds.is_empty()).count()
    }

    /// Returns the payment as it was in the store at the time of each request.
    fn seen(&self) -> Vec<Payment> {
        self.seen.lock().unwrap().clone()
    }

    /// Fails unless a request names the payment's reservation and carries its metadata.
    async fn look(&self, payment: PaymentId, reservation: Option<ReservationId>, metadata: &Metadata) {
        let payment = self.store.payment(payment).await.unwrap().unwrap();
        assert_eq!((reservation, metadata), (Some(payment.reservation), &payment.metadata));
        self.seen.lock().unwrap().push(payment);
    }
}

#[async_trait]
impl PaymentGateway for MoodyGateway {
    fn name(&self) -> &'static str {
        "moody"
    }

    fn methods(&self) -> Vec<PaymentMethod> {
        self.inner.methods()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn refunds_to(&self, method: &str) -> RefundsTo {
        self.inner.refunds_to(method)
    }

    fn ready(&self) -> Result<(), GatewayUnavailable> {
        self.inner.ready()
    }

    fn accepts(&self, attempt: Attempt<'_>) -> Result<(), NotAccepted> {
        self.inner.accepts(attempt)
    }

    async fn checkout(&self, request: CheckoutRequest) -> Result<Checkout, GatewayUnavailable> {
        let of = self.store.payment(request.payment).await.unwrap().unwrap();
        assert_eq!((request.reservation, &request.metadata), (Some(of.reservation), &of.metadata));
        self.return_urls.lock().unwrap().clone_from(&request.return_urls);
        self.inner.checkout(request).await
    }

    async fn confirm(&self, request: ConfirmRequest) -> ConfirmAnswer {
        self.look(request.payment, request.reservation, &request.metadata).await;
        self.inner.confirm(request).await
    }

    async fn lookup(&self, request: LookupRequest) -> LookupAnswer {
        self.look(request.payment, request.reservation, &request.metadata).await;
        let answer = self.inner.lookup(request).await;
        let held = self.held_lookup.lock().unwrap().take();
        if let Some(go_on) = held {
            go_on.notified().await;
        }
        answer
    }

    async fn refund(&self, request: RefundRequest) -> RefundAnswer {
        self.look(request.payment, request.reservation, &request.metadata).await;
        let told = self.next_refund.lock().unwrap().take();
        match told {
            Some(answer) => answer,
            None => self.inner.refund(request).await,
        }
    }

    async fn void(&self, request: VoidRequest) -> VoidAnswer {
        let told = self.next_void.lock().unwrap().take();
        match told {
            Some(answer) => answer,
            None => self.inner.void(request).await,
        }
    }

    async fn webhook(&self, request: WebhookRequest) -> Result<Hint, WebhookRefused> {
        self.inner.webhook(request).await
    }
}
