//! Drops work at each point at which it waits: afterwards the jobs make payments and reservations agree.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::box_office::{BoxOffice, HoldRequest, PrepareRequest};
use crate::catalog::{EventInput, TicketTypeInput};
use crate::clock::{Clock, CountedIds, ManualClock};
use crate::decide::{AnyCommand, AnyRefused, Applied, Envelope, RefundWanted};
use crate::error::{CommandError, StoreError};
use crate::event::EventDetails;
use crate::gateway::*;
use crate::id::{BuyerId, EventId, PaymentId, ReservationId};
use crate::memory::{ConfirmFault, MemoryStore, TestGateway};
use crate::money::{Currency, Money};
use crate::payment::{Payment, PaymentState, RefundState};
use crate::reservation::{Reservation, ReservationNumber, ReservationState};
use crate::spawner::{DetachedWork, Spawner};
use crate::store::{CallOffProgress, Page, PageRequest, ReservationQuery, SalesStore, Swept};
use crate::time::{SaleWindow, Timestamp};

const ADA: BuyerId = BuyerId::from_uuid(Uuid::from_u128(0xADA));
/// Most points at which work waits in these tests.
const MOST_WAITS: usize = 500;

/// A store or gateway that waits before and after each call, so that the call can be dropped on either side.
#[derive(Debug)]
struct Slow<T>(Arc<T>);

async fn slowly<T>(work: impl Future<Output = T>) -> T {
    tokio::task::yield_now().await;
    let output = work.await;
    tokio::task::yield_now().await;
    output
}

macro_rules! slow {
    ($trait:ident for $inner:ident { $(fn $name:ident($($arg:ident: $type:ty),*) -> $output:ty;)* } $($own:item)*) => {
        #[async_trait]
        impl $trait for Slow<$inner> {
            $(async fn $name(&self, $($arg: $type),*) -> $output {
                slowly(self.0.$name($($arg),*)).await
            })*
            $($own)*
        }
    };
}

slow! { SalesStore for MemoryStore {
    fn execute_any(c: Envelope<AnyCommand>) -> Result<Applied, CommandError<AnyRefused>>;
    fn expire_due(now: Timestamp, limit: usize) -> Result<Swept<Reservation>, StoreError>;
    fn forget_commands(before: Timestamp) -> Result<u64, StoreError>;
    fn reservation(id: ReservationId) -> Result<Option<Reservation>, StoreError>;
    fn reservations_of(buyer: BuyerId, event: Option<EventId>, page: PageRequest)
        -> Result<Page<Reservation>, StoreError>;
    fn list_reservations(query: ReservationQuery) -> Result<Vec<Reservation>, StoreError>;
    fn reservation_numbered(number: ReservationNumber) -> Result<Option<Reservation>, StoreError>;
    fn payment(id: PaymentId) -> Result<Option<Payment>, StoreError>;
    fn payments_due(now: Timestamp, limit: usize) -> Result<Vec<Payment>, StoreError>;
    fn payments_needing_attention(before: Timestamp, page: PageRequest) -> Result<Page<Payment>, StoreError>;
    fn payment_by_key(gateway: &str, key: &str) -> Result<Option<PaymentId>, StoreError>;
    fn to_call_off(limit: usize) -> Result<Vec<ReservationId>, StoreError>;
    fn call_off_progress(event: EventId) -> Result<Option<CallOffProgress>, StoreError>;
} }

slow! { PaymentGateway for TestGateway {
    fn checkout(r: CheckoutRequest) -> Result<Checkout, GatewayUnavailable>;
    fn confirm(r: ConfirmRequest) -> ConfirmAnswer;
    fn lookup(r: LookupRequest) -> LookupAnswer;
    fn refund(r: RefundRequest) -> RefundAnswer;
    fn void(r: VoidRequest) -> VoidAnswer;
    fn webhook(r: WebhookRequest) -> Result<Hint, WebhookRefused>;
}
    fn name(&self) -> &str { self.0.name() }
    fn methods(&self) -> Vec<PaymentMethod> { self.0.methods() }
    fn capabilities(&self) -> Capabilities { self.0.capabilities() }
    fn refunds_to(&self, method: &str) -> RefundsTo { self.0.refunds_to(method) }
    fn ready(&self) -> Result<(), GatewayUnavailable> { self.0.ready() }
    fn accepts(&self, attempt: Attempt<'_>) -> Result<(), NotAccepted> { self.0.accepts(attempt) }
}

#[derive(Debug)]
struct Tokio;

impl Spawner for Tokio {
    fn spawn(&self, work: DetachedWork) {
        tokio::spawn(work);
    }
}

struct Shop {
    office: BoxOffice,
    clock: Arc<ManualClock>,
    gateway: Arc<TestGateway>,
    held: Reservation,
}

impl Shop {
    /// Opens a shop in which a buyer holds two tickets for 200 won.
    async fn open(spawner: Option<Arc<dyn Spawner>>) -> Self {
        let (store, gateway) = (Arc::new(MemoryStore::default()), Arc::new(TestGateway::default()));
        let clock = Arc::new(ManualClock::at("2026-03-01T10:00:00Z".parse().unwrap()));
        let mut builder = BoxOffice::builder()
            .store(Arc::clone(&store))
            .gateway(Arc::new(Slow(Arc::clone(&gateway))))
            .clock(Arc::<ManualClock>::clone(&clock))
            .ids(Arc::new(CountedIds::seeded(1)));
        builder = builder.sales(Arc::new(Slow(store)));
        if let Some(spawner) = spawner {
            builder = builder.spawner(spawner);
        }
        let office = builder.build().unwrap();
        let (opens, closes) = (clock.now(), clock.now().after(Duration::from_hours(24)));
        let details = EventDetails::new("Winter Lights", closes, SaleWindow::new(opens, closes).unwrap());
        let price = Money::new(100, Currency::KRW);
        let standing = TicketTypeInput { name: "Standing".into(), price, capacity: 5 };
        let made = office
            .catalog()
            .create_event(EventInput::new(details, Currency::KRW).ticket_type(standing))
            .await
            .unwrap();
        office.catalog().publish_event(made.event.id).await.unwrap();
        let wanted = HoldRequest::new(made.event.id, ADA).item(made.ticket_types[0].id, 2);
        let held = office.sales().hold(wanted).await.unwrap();
        Self { office, clock, gateway, held }
    }

    /// Runs the jobs for an hour.
    async fn run_jobs(&self) {
        for _ in 0..360 {
            self.office.jobs().run_once().await;
            self.clock.advance(Duration::from_secs(10));
        }
    }

    /// Returns the payment of the reservation and the reservation, after checking that they agree with the provider.
    async fn agreed(&self) -> (Option<Payment>, Reservation) {
        let reservation = self.office.sales().reservation(self.held.id, ADA).await.unwrap().unwrap();
        let Some(payment) = reservation.payment else { return (None, reservation) };
        let payment = self.office.support().any_payment(payment).await.unwrap().unwrap();
        let kept = payment.captured.map_or(0, Money::minor) - payment.refunded.minor();
        assert_eq!(self.gateway.balance(payment.id), kept, "{payment:?}");
        let is_queued = |state: &RefundState| matches!(state, RefundState::Queued { .. });
        assert!(!payment.refunds.iter().any(|refund| is_queued(&refund.state)), "{payment:?}");
        let agree = match payment.state {
            PaymentState::Paid { .. } => matches!(reservation.state, ReservationState::Confirmed { .. }),
            PaymentState::Refunded { .. } => matches!(reservation.state, ReservationState::Cancelled { .. }),
            PaymentState::Ready | PaymentState::Abandoned | PaymentState::Declined { .. } => !matches!(
                reservation.state,
                ReservationState::Paying { .. } | ReservationState::Confirmed { .. }
            ),
            PaymentState::Confirming { .. }
            | PaymentState::PartlyRefunded { .. }
            | PaymentState::Stuck { .. } => false,
        };
        assert!(agree, "{payment:?} {reservation:?}");
        (Some(payment), reservation)
    }
}

/// Polls work a number of times and drops it; returns whether it had ended.
fn dropped_after(waits: usize, work: impl Future) -> bool {
    let mut work = pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    (0..waits).any(|_| matches!(work.as_mut().poll(&mut context), Poll::Ready(_)))
}

/// Drops work at each point at which it waits, each time in a new shop, and returns the number of points.
async fn at_each_wait(
    prepare: impl AsyncFn(&Shop),
    work: impl AsyncFn(BoxOffice, Reservation),
    check: impl AsyncFn(&Shop),
) -> usize {
    for waits in 0..MOST_WAITS {
        let shop = Shop::open(None).await;
        prepare(&shop).await;
        let ended = dropped_after(waits, work(shop.office.clone(), shop.held.clone()));
        shop.run_jobs().await;
        check(&shop).await;
        if ended {
            return waits;
        }
    }
    panic!("it never ended")
}

async fn pay(office: BoxOffice, held: Reservation) {
    let _ = office.payments().process(PrepareRequest::new(held.id, ADA)).await;
}

async fn paid(shop: &Shop) -> PaymentId {
    let paid = shop.office.payments().process(PrepareRequest::new(shop.held.id, ADA)).await.unwrap();
    paid.payment.unwrap().id
}

async fn agrees(shop: &Shop) {
    shop.agreed().await;
}

#[tokio::test]
async fn a_payment_dropped_at_any_point_is_brought_to_its_end() {
    let nothing = async |_: &Shop| {};
    assert!(at_each_wait(nothing, pay, agrees).await > 10, "it waits around each step");
    let faults = [
        ConfirmFault::LoseAnswer,
        ConfirmFault::Answer(ConfirmAnswer::Declined { code: "LIMIT".into() }),
        ConfirmFault::Charge(Money::new(200, Currency::KRW)),
    ];
    for fault in faults {
        let failing = async |shop: &Shop| shop.gateway.fail_next_confirm(fault.clone());
        at_each_wait(failing, pay, agrees).await;
    }
}

#[tokio::test]
async fn a_refund_dropped_at_any_point_is_brought_to_its_end() {
    let refund = async |office: BoxOffice, held: Reservation| {
        let payment = office.sales().reservation(held.id, ADA).await.unwrap().unwrap().payment.unwrap();
        let _ = office
            .support()
            .refund_by_organiser(payment, RefundWanted::everything(), "rain", None, None)
            .await;
    };
    let cancel = async |office: BoxOffice, held: Reservation| {
        let _ = office.payments().cancel_or_refund(held.id, ADA, None).await;
    };
    let sold = async |shop: &Shop| {
        paid(shop).await;
    };
    assert!(at_each_wait(sold, refund, agrees).await > 6);
    assert!(at_each_wait(sold, cancel, agrees).await > 6);
}

/// Jobs are dropped as well, as by a host that shuts down.
#[tokio::test]
async fn jobs_dropped_at_any_point_go_on_where_they_were() {
    let unknown = async |shop: &Shop| {
        shop.gateway.fail_next_confirm(ConfirmFault::LoseAnswer);
        paid(shop).await;
        shop.clock.advance(Duration::from_mins(1));
    };
    let jobs = async |office: BoxOffice, _: Reservation| drop(office.jobs().run_once().await);
    let is_sold = async |shop: &Shop| {
        let (payment, _) = shop.agreed().await;
        assert!(matches!(payment.unwrap().state, PaymentState::Paid { .. }));
    };
    at_each_wait(unknown, jobs, is_sold).await;
}

#[tokio::test]
async fn with_a_spawner_a_dropped_payment_and_refund_go_on_without_any_job() {
    let shop = Shop::open(Some(Arc::new(Tokio))).await;
    assert!(!dropped_after(1, shop.office.payments().process(PrepareRequest::new(shop.held.id, ADA))));
    until(async || matches!(shop.agreed_state().await, Some(PaymentState::Paid { .. }))).await;
    assert!(!dropped_after(1, shop.office.payments().cancel_or_refund(shop.held.id, ADA, None)));
    until(async || matches!(shop.agreed_state().await, Some(PaymentState::Refunded { .. }))).await;
    shop.agreed().await;
}

impl Shop {
    async fn agreed_state(&self) -> Option<PaymentState> {
        let reservation = self.office.sales().reservation(self.held.id, ADA).await.unwrap().unwrap();
        let payment = self.office.support().any_payment(reservation.payment?).await.unwrap();
        payment.map(|payment| payment.state)
    }
}

/// Waits for a condition, as long as a busy machine may need.
async fn until(holds: impl AsyncFn() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.expect("it never became so");
}
