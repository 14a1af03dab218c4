//! Three servers that sell the seats of one hall.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::{
    BoxOffice, BoxOfficeBuilder, BuyerId, Currency, EventDetails, EventId, EventInput, HoldRequest, IdSource,
    Money, Payment, PaymentId, PrepareRequest, Reservation, Row, SaleWindow, SeatId, SeatLayout, Section,
    TicketTypeId, TicketTypeInput, Timestamp,
    box_office::Reconciled,
    clock::Timer,
    clock::{CountedIds, ManualClock},
};
use tiketi_postgres::{PostgresStore, SchemaName, migrate};
use tiketi_postgres_harness::{Database, Server};

use crate::provider::Provider;

/// The price of a seat.
pub(crate) const PRICE: Money = Money::new(100, Currency::KRW);
/// Number of seats.
pub(crate) const SEATS: usize = 120;
/// How long a test waits for a condition.
const DEADLINE: Duration = Duration::from_mins(5);
const CONNECTIONS: u32 = 4;
/// More payments than a test ever has to reconcile.
const MOST: usize = 1_000;

/// One server of the shop.
#[derive(Clone)]
pub(crate) struct ShopServer {
    pub(crate) office: BoxOffice,
    pub(crate) store: PostgresStore,
}

/// A database with a hall on sale, and the servers that sell it.
pub(crate) struct TestCluster {
    pub(crate) servers: Vec<ShopServer>,
    pub(crate) provider: Arc<Provider>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) event: EventId,
    pub(crate) seats: Vec<SeatId>,
    /// The ticket type with price 0.
    pub(crate) free: TicketTypeId,
    pub(crate) database: Database,
    ids: Arc<CountedIds>,
}

impl TestCluster {
    pub(crate) async fn open() -> Self {
        let migrated = |options| async move { migrate(&options, &SchemaName::default()).await };
        let database = Database::fresh(Server::shared().await, migrated).await;
        let opening: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
        let (clock, ids) = (Arc::new(ManualClock::at(opening)), Arc::new(CountedIds::seeded(1)));
        let provider = Arc::new(Provider::default());
        let mut servers = Vec::new();
        for _ in 0..3 {
            servers.push(serve(&database, &provider, &clock, &ids, CONNECTIONS).await);
        }
        let office = &servers[0].office;
        let event = on_sale(office).await;
        let seats = office.catalog().seat_map(event, 0).await.unwrap().unwrap().seats;
        let seats = seats.iter().map(|seat| seat.id).collect();
        let free = office.catalog().event(event).await.unwrap().unwrap().ticket_types[1].id;
        Self { servers, provider, clock, event, seats, free, database, ids }
    }

    /// Opens another server, with this many connections.
    pub(crate) async fn another(&self, connections: u32) -> ShopServer {
        serve(&self.database, &self.provider, &self.clock, &self.ids, connections).await
    }

    /// Opens another server, with short timeouts.
    pub(crate) async fn impatient(&self) -> ShopServer {
        let server = self.another(CONNECTIONS).await;
        let office = builder(&server.store, &self.provider, &self.clock, &self.ids);
        ShopServer { office: office.timer(Arc::new(RuntimeTimer)).build().unwrap(), ..server }
    }

    /// Returns the servers round-robin, without end.
    pub(crate) fn turns(&self) -> impl Iterator<Item = &ShopServer> {
        self.servers.iter().cycle()
    }

    pub(crate) fn buyer(&self) -> BuyerId {
        BuyerId::from_uuid(self.ids.next())
    }

    /// Holds a seat for a new buyer.
    pub(crate) async fn held(&self, seat: usize) -> Reservation {
        let wanted = HoldRequest::new(self.event, self.buyer()).seats([self.seats[seat]]);
        self.servers[seat % self.servers.len()].office.sales().hold(wanted).await.unwrap()
    }

    /// Prepares a payment for a seat.
    pub(crate) async fn prepared(&self, seat: usize) -> Payment {
        let held = self.held(seat).await;
        let office = &self.servers[seat % self.servers.len()].office;
        office.payments().prepare(PrepareRequest::new(held.id, held.buyer)).await.unwrap().payment
    }

    /// Sells a seat.
    pub(crate) async fn sold(&self, seat: usize) -> Payment {
        let payment = self.prepared(seat).await;
        let office = &self.servers[(seat + 1) % self.servers.len()].office;
        office.payments().confirm(payment.id, payment.buyer, None, None).await.unwrap().payment.unwrap()
    }

    pub(crate) async fn payment(&self, id: PaymentId) -> Payment {
        self.servers[0].office.support().any_payment(id).await.unwrap().unwrap()
    }

    /// Runs reconciliation on all servers concurrently, and returns the sum of their results.
    pub(crate) async fn reconciled(&self) -> Reconciled {
        let rounds = self
            .servers
            .iter()
            .cloned()
            .map(|server| async move { server.office.jobs().reconcile_once(MOST).await.unwrap() });
        let mut sum = Reconciled::default();
        for round in at_once(rounds.collect::<Vec<_>>()).await {
            sum.settled += round.settled;
            sum.open += round.open;
            sum.postponed += round.postponed;
        }
        sum
    }

    /// Returns the reservation of a payment, as it is now.
    pub(crate) async fn reservation(&self, of: &Payment) -> Reservation {
        self.servers[0].office.sales().reservation(of.reservation, of.buyer).await.unwrap().unwrap()
    }
}

async fn serve(
    database: &Database,
    provider: &Arc<Provider>,
    clock: &Arc<ManualClock>,
    ids: &Arc<CountedIds>,
    connections: u32,
) -> ShopServer {
    let store = PostgresStore::new(database.pool(connections).await);
    let office = builder(&store, provider, clock, ids).build().unwrap();
    ShopServer { office, store }
}

fn builder(
    store: &PostgresStore,
    provider: &Arc<Provider>,
    clock: &Arc<ManualClock>,
    ids: &Arc<CountedIds>,
) -> BoxOfficeBuilder {
    BoxOffice::builder()
        .store(Arc::new(store.clone()))
        .gateway(Arc::<Provider>::clone(provider))
        .clock(Arc::<ManualClock>::clone(clock))
        .ids(Arc::<CountedIds>::clone(ids))
}

/// A timer that uses the runtime's clock.
#[derive(Debug)]
struct RuntimeTimer;

#[async_trait]
impl Timer for RuntimeTimer {
    async fn sleep(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

pub(crate) async fn on_sale(office: &BoxOffice) -> EventId {
    let rows = (0..SEATS / 20).map(|row| Row::numbered(row.to_string(), 20));
    let stalls = rows.fold(Section::new("Stalls", PRICE), Section::row);
    let plan = SeatLayout::new("Harbour Hall", "Great hall").section(stalls);
    let layout = office.catalog().create_layout(plan, None).await.unwrap();
    let (opens, closes) = (office.now(), office.now().after(Duration::from_hours(30 * 24)));
    let details = EventDetails::new("Evening of Lanterns", closes, SaleWindow::new(opens, closes).unwrap());
    let lap = TicketTypeInput::new("Lap children", Money::zero(Currency::KRW), 20);
    let input = EventInput::new(details, Currency::KRW).seated(layout.id).ticket_type(lap);
    let view = office.catalog().create_event(input).await.unwrap();
    office.catalog().publish_event(view.event.id).await.unwrap();
    view.event.id
}

/// Waits until a condition holds, and fails at the deadline.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let came = tokio::time::timeout(DEADLINE, waiting).await;
    assert!(came.is_ok(), "{what}: not within {DEADLINE:?}");
}

/// Runs futures at once, each in a separate task, and returns their outputs in order.
pub(crate) async fn at_once<T, F>(tasks: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let spawned: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    let all = futures::future::join_all(spawned);
    let ended = tokio::time::timeout(DEADLINE, all).await.expect("all end in time");
    ended.into_iter().map(Result::unwrap).collect()
}
