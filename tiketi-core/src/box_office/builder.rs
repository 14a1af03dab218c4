//! Builds a box office from its parts.

mod checks;

use std::sync::Arc;
use std::time::Duration;

use crate::box_office::archive::Archiver;
use crate::box_office::builder::checks::{check_gateways, subscribers, with_figures};
use crate::box_office::confirm_locks::ConfirmLocks;
use crate::box_office::job_table::JobTable;
use crate::box_office::load_meter::LoadMeter;
use crate::box_office::observed_gateway::ObservedGateway;
use crate::box_office::reports::FigureKeeper;
use crate::box_office::room_cache::RoomCache;
use crate::box_office::{BoxOffice, Inner};
use crate::broadcast::Broadcast;
use crate::clock::{Clock, IdSource, SystemClock, TimeOrderedIds, Timer};
use crate::fact::{FactKind, FactKinds};
use crate::figures::Calendar;
use crate::gateway::PaymentGateway;
use crate::memory::{MemoryBroadcast, MemoryWaitingRooms};
use crate::metrics::Metrics;
use crate::notifier::{CalledBuyers, InvalidSubscriberName, Notifier, SubscriberName};
use crate::random::{Random, RandomError, SystemRandom};
use crate::spawner::Spawner;
use crate::store::{
    CatalogStore, FiguresStore, InboxStore, LayoutStore, OutboxStore, SalesStore, StoreClock, StoreProbe,
    WaitingRoomStore,
};
use crate::terms::{Terms, TermsError};
use crate::waiting_room::{AdmissionKey, BeaconVerifier, JoinGuard};

/// Default period of the jobs.
const JOBS_EVERY: Duration = Duration::from_secs(1);
/// Longest period of the jobs: it delays the sale of general-admission units of a hold that has ended.
const LONGEST_BETWEEN_JOBS: Duration = Duration::from_mins(1);
/// Default number of payments that a provider is asked about at the same time.
const ASKED_AT_ONCE: usize = 4;

/// Collects the parts of a [`BoxOffice`].
///
/// # Stores
///
/// [`BoxOfficeBuilder::store`] takes one adapter for everything. Each part of it can be replaced, for example by a
/// decorator that measures, logs or limits calls and passes them on (the example `measured_store` is one):
///
/// ```
/// use std::sync::Arc;
/// use tiketi_core::{memory::MemoryStore, store::SalesStore, BoxOffice};
/// # fn measured(store: Arc<dyn SalesStore>) -> Arc<dyn SalesStore> { store }
///
/// let store = Arc::new(MemoryStore::default());
/// let shop = BoxOffice::builder().store(store.clone()).sales(measured(store)).build()?;
/// # Ok::<(), tiketi_core::BuildError>(())
/// ```
///
/// Sales, payments, catalog, outbox and the store's clock must be parts of one database, because one commit changes
/// what several of them show: a command of [`SalesStore`] writes reservations, payments, seats, stock and facts in one
/// transaction and lists what they left to do; [`CatalogStore`] reads and changes those seats and that stock
/// under the same locks, [`OutboxStore`] delivers those facts, and [`StoreClock`] is the clock that refuses commands
/// from the future. With two databases a crash between two commits would leave a sold seat without a fact, or two
/// owners of one seat.
///
/// Layouts and inbox may be elsewhere: an event copies its seats from a layout, and a webhook only makes the server ask
/// the provider. A separate store of layouts deletes its old creation keys itself: [`SalesStore::forget_commands`]
/// deletes those of its own database.
#[derive(Debug, Default)]
#[must_use]
pub struct BoxOfficeBuilder {
    /// The parts of the adapter given to `store`.
    whole: StoreParts,
    /// The parts given one by one; they come before those of `whole`, in whatever order the methods are called.
    parts: StoreParts,
    gateways: Vec<Arc<dyn PaymentGateway>>,
    subscribers: Vec<(String, FactKinds, Arc<dyn Notifier>)>,
    clock: Option<Arc<dyn Clock>>,
    figures: Option<(Arc<dyn FiguresStore>, Arc<dyn Calendar>)>,
    waiting_rooms: Option<Arc<dyn WaitingRoomStore>>,
    join_guards: Vec<Arc<dyn JoinGuard>>,
    called_buyers: Option<Arc<dyn CalledBuyers>>,
    beacon_verifier: Option<Arc<dyn BeaconVerifier>>,
    broadcast: Option<Arc<dyn Broadcast>>,
    admission_key: Option<AdmissionKey>,
    random: Option<Arc<dyn Random>>,
    timer: Option<Arc<dyn Timer>>,
    spawner: Option<Arc<dyn Spawner>>,
    ids: Option<Arc<dyn IdSource>>,
    metrics: Option<Arc<dyn Metrics>>,
    terms: Terms,
    jobs_every: Option<Duration>,
    asked_at_once: Option<usize>,
    archive_after: Option<Duration>,
}

/// The parts of a store; any of them may be missing.
#[derive(Debug, Default)]
struct StoreParts {
    sales: Option<Arc<dyn SalesStore>>,
    catalog: Option<Arc<dyn CatalogStore>>,
    layouts: Option<Arc<dyn LayoutStore>>,
    outbox: Option<Arc<dyn OutboxStore>>,
    inbox: Option<Arc<dyn InboxStore>>,
    clock: Option<Arc<dyn StoreClock>>,
    probe: Option<Arc<dyn StoreProbe>>,
}

/// Why a box office cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A part of the store is missing.
    #[error("a box office needs every part of a store: call `store` or `{part}`")]
    StoreMissing {
        /// The method of the builder that sets the part.
        part: &'static str,
    },
    /// Two gateways have the same name.
    #[error("two payment gateways are called {name}")]
    DuplicateGateway {
        /// The name.
        name: String,
    },
    /// Two gateways offer the same payment method, so a buyer's choice would be ambiguous.
    #[error("two payment gateways offer the method {method}")]
    DuplicateMethod {
        /// The method.
        method: String,
    },
    /// A subscriber's name is none that a store accepts.
    #[error("{name:?} is no name of a subscriber")]
    SubscriberName {
        /// The name.
        name: String,
        /// What a name must be.
        source: InvalidSubscriberName,
    },
    /// Two subscribers have the same name.
    #[error("two subscribers are called {name}")]
    DuplicateSubscriber {
        /// The name.
        name: SubscriberName,
    },
    /// The period of the jobs is zero, or longer than a minute.
    #[error("jobs run at least every minute, and not without a pause")]
    JobsEveryOutOfRange,
    /// The system has no source of randomness, which the key of admission passes needs.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// No sale can run under the terms.
    #[error(transparent)]
    Terms(#[from] TermsError),
}

impl BoxOfficeBuilder {
    /// Stores everything in one adapter.
    ///
    /// The methods for parts ([`BoxOfficeBuilder::sales`] and so on) replace parts of it, in whatever order they are
    /// called.
    pub fn store<S>(mut self, store: Arc<S>) -> Self
    where
        S: SalesStore + CatalogStore + LayoutStore + OutboxStore + InboxStore + StoreClock + StoreProbe,
    {
        self.whole = StoreParts {
            sales: Some(Arc::<S>::clone(&store)),
            catalog: Some(Arc::<S>::clone(&store)),
            layouts: Some(Arc::<S>::clone(&store)),
            outbox: Some(Arc::<S>::clone(&store)),
            inbox: Some(Arc::<S>::clone(&store)),
            clock: Some(Arc::<S>::clone(&store)),
            probe: Some(store),
        };
        self
    }

    /// Executes commands, and reads reservations and payments, through this part.
    pub fn sales(mut self, store: Arc<dyn SalesStore>) -> Self {
        self.parts.sales = Some(store);
        self
    }

    /// Stores events through this part; it must write to the database of the sales.
    pub fn catalog(mut self, store: Arc<dyn CatalogStore>) -> Self {
        self.parts.catalog = Some(store);
        self
    }

    /// Stores seat layouts in this part; its database may be any.
    pub fn layouts(mut self, store: Arc<dyn LayoutStore>) -> Self {
        self.parts.layouts = Some(store);
        self
    }

    /// Delivers facts from this part; it must read the database of the sales.
    pub fn outbox(mut self, store: Arc<dyn OutboxStore>) -> Self {
        self.parts.outbox = Some(store);
        self
    }

    /// Stores received webhooks in this part; its database may be any.
    pub fn inbox(mut self, store: Arc<dyn InboxStore>) -> Self {
        self.parts.inbox = Some(store);
        self
    }

    /// Compares the server's clock with the clock of this part, which must be that of the sales' database.
    pub fn store_clock(mut self, store: Arc<dyn StoreClock>) -> Self {
        self.parts.clock = Some(store);
        self
    }

    /// Probes this part to find out whether sales can be stored; it must write to the database of the sales.
    pub fn store_probe(mut self, store: Arc<dyn StoreProbe>) -> Self {
        self.parts.probe = Some(store);
        self
    }

    /// Adds a payment gateway; may be called several times.
    pub fn gateway(mut self, gateway: Arc<dyn PaymentGateway>) -> Self {
        self.gateways.push(gateway);
        self
    }

    /// Adds a subscriber that gets every committed fact; may be called several times.
    ///
    /// Each subscriber has facts, failures and delays of its own: one that fails or waits delays no other. It gets the
    /// facts of commits since it was first registered, by [`Jobs::run_once`](crate::box_office::Jobs::run_once) or
    /// [`Jobs::subscribe_once`](crate::box_office::Jobs::subscribe_once). Servers that share a store and a name share
    /// the facts. A subscriber that no server has any more is removed with
    /// [`Jobs::unsubscribe`](crate::box_office::Jobs::unsubscribe), or after
    /// [`SUBSCRIBER_MEMORY`](crate::box_office::SUBSCRIBER_MEMORY). Without a subscriber, no facts are saved.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tiketi_core::fact::FactKind;
    /// use tiketi_core::memory::{MemoryNotifier, MemoryStore};
    /// use tiketi_core::BoxOffice;
    ///
    /// let (mail, analytics) = (Arc::new(MemoryNotifier::default()), Arc::new(MemoryNotifier::default()));
    /// let shop = BoxOffice::builder()
    ///     .store(Arc::new(MemoryStore::default()))
    ///     .subscriber("analytics", analytics)
    ///     .subscriber_of("mail", [FactKind::ReservationConfirmed], mail)
    ///     .build()?;
    /// # Ok::<(), tiketi_core::BuildError>(())
    /// ```
    pub fn subscriber(self, name: impl Into<String>, notifier: Arc<dyn Notifier>) -> Self {
        self.subscriber_of(name, FactKinds::all().kinds(), notifier)
    }

    /// Adds a subscriber that gets committed facts of these kinds only; others are not saved for it.
    pub fn subscriber_of(
        mut self,
        name: impl Into<String>,
        kinds: impl IntoIterator<Item = FactKind>,
        notifier: Arc<dyn Notifier>,
    ) -> Self {
        self.subscribers.push((name.into(), kinds.into_iter().collect(), notifier));
        self
    }

    /// Keeps figures in this part, by the days of a calendar; without it, [`BoxOffice::reports`] has none.
    ///
    /// The part must be of the database of the sales. It adds a subscriber named
    /// [`FIGURES_SUBSCRIBER`](crate::box_office::FIGURES_SUBSCRIBER); what was sold before is counted by the jobs. All
    /// servers of a shop must have the same time zone: each server whose zone differs from that of the last count begins
    /// another one.
    pub fn figures(mut self, store: Arc<dyn FiguresStore>, calendar: Arc<dyn Calendar>) -> Self {
        self.figures = Some((store, calendar));
        self
    }

    /// Reads the time from a clock; [`SystemClock`] by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Sets the timer that waits for a confirm of another server, and that checks live changes each second.
    ///
    /// Without one, a confirm that another server is carrying out is answered at once with what is known, which is
    /// mostly `Confirming`, and [`BoxOffice::changes`] notices a lost last message only with the next one. A shop of
    /// one server needs none.
    pub fn timer(mut self, timer: Arc<dyn Timer>) -> Self {
        self.timer = Some(timer);
        self
    }

    /// Runs work that moves money on a spawner, so that it continues when its caller is dropped.
    ///
    /// Without one, such work stops when its caller is dropped, and the jobs complete it
    /// ([`Jobs::run_once`](crate::box_office::Jobs::run_once)), as after a crash.
    pub fn spawner(mut self, spawner: Arc<dyn Spawner>) -> Self {
        self.spawner = Some(spawner);
        self
    }

    /// Stores waiting rooms in an adapter; [`MemoryWaitingRooms`] by default, which serves one process.
    pub fn waiting_rooms(mut self, store: Arc<dyn WaitingRoomStore>) -> Self {
        self.waiting_rooms = Some(store);
        self
    }

    /// Signs and checks admission passes with a key; a random one by default, which serves one process.
    pub fn admission_key(mut self, key: AdmissionKey) -> Self {
        self.admission_key = Some(key);
        self
    }

    /// Adds a guard that is asked before a waiting room gives a place; may be called several times.
    ///
    /// Guards are asked in the order in which they were added. Each sees the class that the ones before decided.
    pub fn join_guard(mut self, guard: Arc<dyn JoinGuard>) -> Self {
        self.join_guards.push(guard);
        self
    }

    /// Tells which buyers waiting rooms call, to write to them, for example; by default no one is told.
    ///
    /// Each server tells of its own calls. A buyer's status and the broadcast say the same.
    pub fn called_buyers(mut self, told: Arc<dyn CalledBuyers>) -> Self {
        self.called_buyers = Some(told);
        self
    }

    /// Verifies the public beacons that draws depend on; without one, policies that name a beacon are refused.
    pub fn beacon_verifier(mut self, verifier: Arc<dyn BeaconVerifier>) -> Self {
        self.beacon_verifier = Some(verifier);
        self
    }

    /// Sends live changes through a broadcast; [`MemoryBroadcast`] by default, which serves one process.
    ///
    /// The store sends it what each commit changed ([`OutboxStore::broadcast_to`]).
    pub fn broadcast(mut self, broadcast: Arc<dyn Broadcast>) -> Self {
        self.broadcast = Some(broadcast);
        self
    }

    /// Takes unpredictable bytes from a source; [`SystemRandom`] by default.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = Some(random);
        self
    }

    /// Takes new ids from a source; [`TimeOrderedIds`] by default.
    pub fn ids(mut self, ids: Arc<dyn IdSource>) -> Self {
        self.ids = Some(ids);
        self
    }

    /// Sends measurements of commands and of calls of gateways to a host's metrics; by default nothing is measured.
    ///
    /// A store that batches takes the same metrics for its batches, by a method of its own.
    pub fn metrics(mut self, metrics: Arc<dyn Metrics>) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// Sells under these terms; [`Terms::default`] by default.
    pub fn terms(mut self, terms: Terms) -> Self {
        self.terms = terms;
        self
    }

    /// Runs jobs this often, from 1 millisecond to 1 minute; every second by default. See
    /// [`Jobs::run_once`](crate::box_office::Jobs::run_once).
    pub fn jobs_every(mut self, every: Duration) -> Self {
        self.jobs_every = Some(every);
        self
    }

    /// Sets how many payments each job asks about at the same time, at least 1; 4 by default.
    ///
    /// A provider that does not answer, or an event that is locked, delays a job only if it affects as many payments.
    pub fn asked_at_once(mut self, payments: usize) -> Self {
        self.asked_at_once = Some(payments);
        self
    }

    /// Archives events this long after they began, once nothing of them is open; by default no job archives any.
    ///
    /// See [`Catalog::archive_event`](crate::box_office::Catalog::archive_event).
    pub fn archive_after(mut self, age: Duration) -> Self {
        self.archive_after = Some(age);
        self
    }

    /// Builds the shop.
    ///
    /// # Errors
    ///
    /// [`BuildError`] naming what is missing or contradictory.
    pub fn build(self) -> Result<BoxOffice, BuildError> {
        self.terms.validate()?;
        check_gateways(&self.gateways)?;
        let office_clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let figures = self.figures.map(|(store, calendar)| FigureKeeper {
            store,
            calendar,
            clock: Arc::clone(&office_clock),
            compared: Arc::default(),
        });
        let subscribers = subscribers(with_figures(self.subscribers, figures.as_ref()))?;
        let jobs_every = self.jobs_every.unwrap_or(JOBS_EVERY);
        if !(Duration::from_millis(1)..=LONGEST_BETWEEN_JOBS).contains(&jobs_every) {
            return Err(BuildError::JobsEveryOutOfRange);
        }
        let StoreParts { sales, catalog, layouts, outbox, inbox, clock, probe } = self.parts;
        let whole = self.whole;
        let random = self.random.unwrap_or_else(|| Arc::new(SystemRandom));
        let admission_key = match self.admission_key {
            Some(key) => key,
            None => AdmissionKey::of(&random.bytes()?),
        };
        let waiting_rooms = self.waiting_rooms.unwrap_or_else(|| Arc::new(MemoryWaitingRooms::default()));
        let broadcast = self.broadcast.unwrap_or_else(|| Arc::new(MemoryBroadcast::default()));
        let outbox = one("outbox", outbox, whole.outbox)?;
        let inner = Inner {
            sales: one("sales", sales, whole.sales)?,
            catalog: one("catalog", catalog, whole.catalog)?,
            layouts: one("layouts", layouts, whole.layouts)?,
            outbox,
            inbox: one("inbox", inbox, whole.inbox)?,
            store_clock: one("store_clock", clock, whole.clock)?,
            store_probe: one("store_probe", probe, whole.probe)?,
            waiting_rooms,
            join_guards: self.join_guards,
            called_buyers: self.called_buyers,
            beacon_verifier: self.beacon_verifier,
            broadcast,
            room_cache: RoomCache::default(),
            load: LoadMeter::default(),
            admission_key,
            random,
            confirm_locks: ConfirmLocks::default(),
            jobs: JobTable::new(jobs_every, subscribers.len()),
            gateways: observed(self.gateways, &office_clock, self.metrics.as_ref()),
            metrics: self.metrics,
            subscribers,
            figures,
            timer: self.timer,
            spawner: self.spawner,
            clock: office_clock,
            ids: self.ids.unwrap_or_else(|| Arc::new(TimeOrderedIds)),
            terms: Arc::new(self.terms),
            asked_at_once: self.asked_at_once.unwrap_or(ASKED_AT_ONCE).max(1),
            archiver: self.archive_after.map(Archiver::new),
        };
        inner.outbox.broadcast_to(Arc::clone(&inner.broadcast));
        Ok(BoxOffice { inner: Arc::new(inner) })
    }
}

/// Takes a part of the store: the one that was given alone, or that of the whole store.
fn one<T: ?Sized>(
    part: &'static str,
    alone: Option<Arc<T>>,
    of_whole: Option<Arc<T>>,
) -> Result<Arc<T>, BuildError> {
    alone.or(of_whole).ok_or(BuildError::StoreMissing { part })
}

/// Wraps gateways so that their calls are traced and measured.
fn observed(
    gateways: Vec<Arc<dyn PaymentGateway>>,
    clock: &Arc<dyn Clock>,
    metrics: Option<&Arc<dyn Metrics>>,
) -> Vec<Arc<dyn PaymentGateway>> {
    let wrap = |gateway| -> Arc<dyn PaymentGateway> {
        Arc::new(ObservedGateway::new(gateway, Arc::clone(clock), metrics.cloned()))
    };
    gateways.into_iter().map(wrap).collect()
}

#[cfg(test)]
mod tests;
