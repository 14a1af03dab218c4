//! The facade: everything that a shop does, over the adapters it was built from.

mod admit;
mod archive;
mod builder;
mod catalog;
mod changes;
mod confirm_locks;
mod confirm_wait;
mod deposits;
mod draw_beacon;
mod expected_amount;
mod job_table;
mod jobs;
mod load_meter;
mod observed_gateway;
mod outcomes;
mod payments;
mod reconcile;
mod refunds;
mod relay;
mod reports;
mod reservation_list;
mod room_cache;
mod sales;
mod staff_cancel;
mod support;
mod tidy;
mod together;
mod void;
mod waiting_rooms;
mod webhooks;

#[cfg(test)]
mod dropping;

use std::sync::Arc;

use tracing::{Instrument, Span};

pub use builder::{BoxOfficeBuilder, BuildError};
pub use catalog::Catalog;
pub use catalog::OrganiseError;
pub use changes::{CHECK_EVERY, Changes, GAP_PATIENCE, LiveChange, LiveSnapshot, NumberedChange};
pub use draw_beacon::BeaconRefused;
pub use expected_amount::ExpectedAmount;
pub use jobs::{Job, JobError, JobRun, Jobs, JobsReport};
pub use payments::{Paid, PayError, Payments, PrepareRequest, Prepared};
pub use reconcile::Reconciled;
pub use refunds::{RefundError, RefundRequested};
pub use relay::{CLAIM_LEASE, SUBSCRIBER_MEMORY};
pub use reports::{FIGURES_SUBSCRIBER, Report, ReportError, ReportRequest, Reports};
pub use reservation_list::{ListedReservation, ReservationFilter, ReservationPage};
pub use sales::HoldRequest;
pub use sales::Sales;
pub use staff_cancel::StaffRefund;
pub use support::RetryError;
pub use support::Support;
pub use tidy::{HousekeepingError, Tidied};
pub use waiting_rooms::{JoinRequest, Turn, WaitingRooms};
pub use webhooks::WebhookError;

use crate::box_office::archive::Archiver;
use crate::broadcast::Broadcast;
use crate::clock::{Clock, IdSource, Timer};
use crate::decide::{AnyCommand, AnyRefused, Applied, Command, Envelope, SalesCommand};
use crate::error::{CommandError, StoreError, StoreErrorKind};
use crate::gateway::PaymentGateway;
use crate::id::{CommandKey, EventId};
use crate::metrics::{CommandMeasured, Metrics, outcome_word};
use crate::notifier::CalledBuyers;
use crate::random::Random;
use crate::spawner::{Spawner, run_detached};
use crate::store::{
    CatalogStore, InboxStore, LayoutStore, OutboxStore, SalesStore, StoreClock, StoreProbe, WaitingRoomStore,
};
use crate::terms::Terms;
use crate::time::Timestamp;
use crate::waiting_room::{AdmissionKey, BeaconVerifier, JoinGuard};
use confirm_locks::ConfirmLocks;
use job_table::JobTable;
use load_meter::LoadMeter;
use relay::Subscriber;
use reports::FigureKeeper;
use room_cache::RoomCache;

/// Sells tickets: holds seats, takes payments, runs events.
///
/// The methods are grouped in handles: [`BoxOffice::sales`], [`BoxOffice::payments`], [`BoxOffice::catalog`],
/// [`BoxOffice::waiting_room`], [`BoxOffice::support`], [`BoxOffice::reports`] and [`BoxOffice::jobs`]. A box office is cheap to clone, and every clone is the same shop. It
/// starts no tasks: the host calls [`Jobs::run_once`] in a loop.
///
/// A method that runs a command takes an optional [`CommandKey`]. With one, the command takes effect at most once,
/// however often it is sent; without one, each call is a new command.
#[derive(Debug, Clone)]
pub struct BoxOffice {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    sales: Arc<dyn SalesStore>,
    catalog: Arc<dyn CatalogStore>,
    layouts: Arc<dyn LayoutStore>,
    outbox: Arc<dyn OutboxStore>,
    inbox: Arc<dyn InboxStore>,
    store_clock: Arc<dyn StoreClock>,
    store_probe: Arc<dyn StoreProbe>,
    waiting_rooms: Arc<dyn WaitingRoomStore>,
    join_guards: Vec<Arc<dyn JoinGuard>>,
    called_buyers: Option<Arc<dyn CalledBuyers>>,
    beacon_verifier: Option<Arc<dyn BeaconVerifier>>,
    broadcast: Arc<dyn Broadcast>,
    room_cache: RoomCache,
    load: LoadMeter,
    admission_key: AdmissionKey,
    random: Arc<dyn Random>,
    confirm_locks: ConfirmLocks,
    jobs: JobTable,
    gateways: Vec<Arc<dyn PaymentGateway>>,
    metrics: Option<Arc<dyn Metrics>>,
    subscribers: Vec<Subscriber>,
    figures: Option<FigureKeeper>,
    clock: Arc<dyn Clock>,
    timer: Option<Arc<dyn Timer>>,
    spawner: Option<Arc<dyn Spawner>>,
    ids: Arc<dyn IdSource>,
    /// Shared by all commands: a copy in each would be most of a hold.
    terms: Arc<Terms>,
    asked_at_once: usize,
    archiver: Option<Archiver>,
}

/// Traces the outcome of a command in its span.
fn trace_result(span: &Span, result: &Result<Applied, CommandError<AnyRefused>>) {
    let outcome = outcome_word(result);
    match result {
        Ok(applied) => {
            let (event, reservation) = (applied.reservation.event, applied.reservation.id);
            tracing::debug!(parent: span, outcome, %event, %reservation, "the command was executed");
        }
        Err(error) => {
            let error: &dyn std::error::Error = error;
            tracing::debug!(parent: span, outcome, error, "the command was not executed");
        }
    }
}

impl BoxOffice {
    /// Returns the handle for what buyers do before they pay: hold, extend, release, cancel, look up.
    pub fn sales(&self) -> Sales {
        Sales { office: self.clone() }
    }

    /// Returns the handle for paying and giving money back.
    pub fn payments(&self) -> Payments {
        Payments { office: self.clone() }
    }

    /// Returns the handle for layouts, events, ticket types and seats.
    pub fn catalog(&self) -> Catalog {
        Catalog { office: self.clone() }
    }

    /// Returns the handle for waiting rooms: join, status, sessions, policy.
    pub fn waiting_room(&self) -> WaitingRooms {
        WaitingRooms { office: self.clone() }
    }

    /// Returns the handle for what staff do about payments and cancelled events.
    pub fn support(&self) -> Support {
        Support { office: self.clone() }
    }

    /// Returns the handle for figures: what was sold, returned and paid, by day.
    pub fn reports(&self) -> Reports {
        Reports { office: self.clone() }
    }

    /// Returns the handle for the work that is due without a request.
    pub fn jobs(&self) -> Jobs {
        Jobs { office: self.clone() }
    }

    /// Follows what is public about an event: a snapshot, then each change; see [`Changes`].
    pub fn changes(&self, event: EventId) -> Changes {
        Changes::of(self.clone(), event)
    }

    /// Returns the broadcast through which live changes are sent.
    pub fn broadcast(&self) -> &Arc<dyn Broadcast> {
        &self.inner.broadcast
    }

    /// Starts building a shop.
    pub fn builder() -> BoxOfficeBuilder {
        BoxOfficeBuilder::default()
    }

    /// Returns the present moment by the shop's clock.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Returns the terms that events follow unless they have their own.
    pub fn terms(&self) -> Arc<Terms> {
        Arc::clone(&self.inner.terms)
    }

    fn gateway_named(&self, name: &str) -> Option<&Arc<dyn PaymentGateway>> {
        self.inner.gateways.iter().find(|gateway| gateway.name() == name)
    }

    fn timer(&self) -> Option<&dyn Timer> {
        self.inner.timer.as_deref()
    }

    /// Runs work that moves money.
    ///
    /// With a spawner, the work runs to its end even if the caller is dropped.
    async fn to_its_end<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let Some(spawner) = &self.inner.spawner else { return work.await };
        let cut_off = || {
            let message = "the work was cut off; what was begun is brought to its end by the jobs";
            StoreError::new(StoreErrorKind::OutcomeUnknown, message)
        };
        run_detached(spawner.as_ref(), work).await.unwrap_or_else(|| Err(cut_off().into()))
    }

    /// Executes a command under a key, at the present moment.
    async fn execute<C: SalesCommand>(
        &self,
        key: CommandKey,
        command: C,
    ) -> Result<Applied, CommandError<C::Refused>> {
        self.execute_any(command.at(self.now(), key).map(Into::into)).await.map_err(CommandError::typed)
    }

    /// Executes a command; traces it, and measures it if the shop has metrics.
    async fn execute_any(&self, command: Envelope<AnyCommand>) -> Result<Applied, CommandError<AnyRefused>> {
        let (name, began) = (command.command.name(), command.now);
        let (key, subject) = (command.key.as_uuid(), command.command.subject());
        let span = tracing::debug_span!("command", name, %key, ?subject);
        let result = self.inner.sales.execute_any(command).instrument(span.clone()).await;
        trace_result(&span, &result);
        if let Some(metrics) = &self.inner.metrics {
            metrics.command(&CommandMeasured::new(name, self.now().since(began), &result));
        }
        result
    }

    fn new_id(&self) -> uuid::Uuid {
        self.inner.ids.next()
    }

    fn key_or_new(&self, key: Option<CommandKey>) -> CommandKey {
        key.unwrap_or_else(|| CommandKey::from_uuid(self.new_id()))
    }
}
