//! One store with the box offices through which people use it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tiketi_core::clock::{CountedIds, ManualClock};
use tiketi_core::decide::{Scope as _, coalesce_facts};
use tiketi_core::fact::FactKinds;
use tiketi_core::memory::MemoryBroadcast;
use tiketi_core::store::{EventView, Subscription};
use tiketi_core::waiting_room::AdmissionKey;
use tiketi_core::{
    BoxOffice, BuyerId, EventId, FactBody, Payment, Reservation, ReservationState, Seat, SeatMap, Terms,
    Timestamp, audit::audit,
};

use crate::differential::answer::{Answer, leave_out_numbers, no_number};
use crate::differential::gate::{Gate, GatedSales};
use crate::differential::provider::Provider;
use crate::differential::request::Request;
use crate::event_rows::EventRows;
use crate::factory::{CommandOrder, WholeStore};
use crate::handles::Handles;
use crate::shop::auditor;

/// The number of servers that share the store; an office is of one of them.
pub(super) const SERVERS: usize = 2;
/// Rows that an event is read in.
const PART: usize = 100;

/// One store, seen from outside.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) name: &'static str,
    stores: Handles<dyn WholeStore>,
    /// One for each server.
    gates: Vec<Arc<Gate>>,
    /// One for each person, and then one for each server, for its staff and its jobs.
    offices: Vec<BoxOffice>,
    provider: Arc<Provider>,
}

/// All rows of an event, without what may differ between stores.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) view: EventView,
    pub(super) map: SeatMap,
    pub(super) map_version: u64,
    pub(super) seats: Vec<Seat>,
    pub(super) reservations: Vec<Reservation>,
    pub(super) payments: Vec<Payment>,
}

/// The facts of each event, in their order.
pub(super) type Facts = BTreeMap<EventId, Vec<(Timestamp, FactBody)>>;

impl Side {
    /// Opens box offices over a store; ids differ from those of every other seed.
    pub(super) async fn open(
        name: &'static str,
        stores: Handles<dyn WholeStore>,
        order: CommandOrder,
        setup: &Setup,
    ) -> Self {
        let subscription = Subscription { subscriber: auditor(), kinds: FactKinds::all() };
        let subscribed = stores.any().subscribe(&subscription, setup.now).await;
        subscribed.expect("a subscriber can be registered");
        let of_server = |server: usize| Arc::clone(&stores.all()[server % stores.all().len()]);
        let gates: Vec<_> = (0..SERVERS).map(|server| Gate::before(of_server(server), order)).collect();
        let provider = Provider::new(setup.seed);
        let broadcast = Arc::new(MemoryBroadcast::default());
        let offices = (0..setup.people + SERVERS)
            .map(|office| {
                let server = office % SERVERS;
                let store = of_server(server);
                let sales = GatedSales { gate: Arc::clone(&gates[server]), office };
                let builder = BoxOffice::builder()
                    .sales(Arc::new(sales))
                    .catalog(Arc::<dyn WholeStore>::clone(&store))
                    .layouts(Arc::<dyn WholeStore>::clone(&store))
                    .outbox(Arc::<dyn WholeStore>::clone(&store))
                    .inbox(Arc::<dyn WholeStore>::clone(&store))
                    .store_clock(Arc::<dyn WholeStore>::clone(&store))
                    .store_probe(store)
                    .clock(Arc::<ManualClock>::clone(&setup.clock))
                    .ids(Arc::new(setup.ids(office)))
                    .admission_key(AdmissionKey::of(&[7; 32]))
                    .broadcast(Arc::<MemoryBroadcast>::clone(&broadcast))
                    // More at once would take new ids in any order.
                    .asked_at_once(1)
                    .terms(setup.terms);
                let builder =
                    provider.gateways().into_iter().fold(builder, tiketi_core::BoxOfficeBuilder::gateway);
                builder.build().expect("the box office has every part")
            })
            .collect();
        Self { name, stores, gates, offices, provider }
    }

    /// Returns the box office of a server's staff.
    pub(super) fn staff(&self, server: usize) -> usize {
        self.offices.len() - SERVERS + server % SERVERS
    }

    /// Returns a box office.
    pub(super) fn office(&self, office: usize) -> &BoxOffice {
        &self.offices[office]
    }

    /// From now on the provider answers every request.
    pub(super) fn calm_down(&self) {
        self.provider.calm_down();
    }

    /// Asks box offices of one server at once, and returns their answers.
    pub(super) async fn ask(&self, asked: &[(usize, Request)], of: &[EventId]) -> Vec<Answer> {
        let server = asked.first().map_or(0, |(office, _)| office % SERVERS);
        let mut work = Vec::new();
        for (office, request) in asked {
            assert_eq!(office % SERVERS, server, "who acts at once uses one server");
            let office = self.offices[*office].clone();
            let answer: futures::future::BoxFuture<'_, Answer> =
                Box::pin(request.clone().send(office, &self.provider, of));
            work.push(answer);
        }
        self.gates[server].run_at_once(work).await
    }

    /// Takes the facts that were added since the last call, as one commit would tell them.
    ///
    /// A store that batches tells what several commands changed in one fact, so facts are compared as if all that was
    /// done at once had been one commit.
    pub(super) async fn take_facts(&self, of: &[EventId]) -> Facts {
        let (store, mut facts) = (self.stores.any(), Facts::new());
        loop {
            // At this time every lease has ended.
            let claimed = store.claim_outbox(&auditor(), Timestamp::FAR_FUTURE, Duration::ZERO, 500).await;
            let claimed = claimed.expect("the outbox can be claimed");
            if claimed.is_empty() {
                break;
            }
            let keys: Vec<_> = claimed.iter().map(|it| it.fact.key()).collect();
            store.ack_outbox(&auditor(), &keys).await.expect("the outbox can be acknowledged");
            for fact in claimed.into_iter().map(|it| it.fact).filter(|fact| of.contains(&fact.event)) {
                facts.entry(fact.event).or_default().push((fact.at, unnumbered(fact.body)));
            }
        }
        facts.into_iter().map(|(event, told)| (event, coalesce_facts(told))).collect()
    }

    /// Reads all rows of an event, which must pass the audit.
    ///
    /// # Panics
    ///
    /// If the audit finds a violation.
    pub(super) async fn rows(&self, event: EventId) -> Rows {
        let store = self.stores.any();
        let read = EventRows::read(&*store, event, PART).await.expect("the event exists").snapshot();
        assert_eq!(audit(&read), [], "the audit of {}", self.name);
        let mut reservations: Vec<_> = read.reservations().cloned().collect();
        leave_out_numbers(&mut reservations);
        reservations.sort_by_key(|row| row.id);
        let mut payments: Vec<_> = read.payments().cloned().collect();
        payments.sort_by_key(|row| row.id);
        let mut seats = read.seats().to_vec();
        seats.sort_by_key(|seat| seat.id);
        Rows {
            view: store.event(event).await.expect("an event can be read").expect("the event exists"),
            map: store.seat_map(event, 0).await.expect("a map can be read").expect("the event exists"),
            map_version: read.map_version(),
            seats,
            reservations,
            payments,
        }
    }

    /// Returns the payments of these events that a provider must still be asked about, at any time.
    pub(super) async fn due(&self, of: &[EventId]) -> Vec<Payment> {
        let due = self.stores.any().payments_due(Timestamp::FAR_FUTURE, 1_000).await;
        let mut due = due.expect("payments that are due can be read");
        due.retain(|payment| of.contains(&payment.event));
        due
    }

    /// Returns whether every reservation of these events has ended or is paid.
    pub(super) async fn is_at_rest(&self, of: &[EventId]) -> bool {
        for event in of {
            let rows = self.rows(*event).await;
            let is_open = |row: &Reservation| {
                matches!(row.state, ReservationState::Held { .. } | ReservationState::Paying { .. })
            };
            if rows.reservations.iter().any(is_open) {
                return false;
            }
        }
        true
    }

    /// Returns a buyer's reservations as the store lists them, newest first.
    pub(super) async fn list_of(&self, buyer: BuyerId) -> Vec<Reservation> {
        let page = tiketi_core::PageRequest::new(1, 100).expect("the page is in range");
        let listed = self.stores.any().reservations_of(buyer, None, page).await;
        let mut listed = listed.expect("reservations can be read").rows;
        leave_out_numbers(&mut listed);
        listed
    }
}

/// Returns a fact without the number of its reservation.
fn unnumbered(mut body: FactBody) -> FactBody {
    match &mut body {
        FactBody::ReservationHeld { reservation, .. }
        | FactBody::ReservationConfirmed { reservation }
        | FactBody::ReservationExpired { reservation }
        | FactBody::ReservationCancelled { reservation, .. }
        | FactBody::TicketsReturned { reservation, .. } => Arc::make_mut(reservation).number = no_number(),
        _ => {}
    }
    body
}

/// What both sides of a comparison are made from.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) seed: u64,
    pub(super) people: usize,
    pub(super) clock: Arc<ManualClock>,
    pub(super) now: Timestamp,
    pub(super) terms: Terms,
}

impl Setup {
    /// Returns the ids of an office.
    pub(super) fn ids(&self, office: usize) -> CountedIds {
        CountedIds::seeded(self.first_half(office))
    }

    /// Returns the first half of the ids of an office.
    pub(super) fn first_half(&self, office: usize) -> u64 {
        // Larger than the seeds of all other cases.
        0xD1FF_0000_0000_0000 | self.seed << 8 | office as u64
    }
}
