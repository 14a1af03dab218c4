//! The store: a pool of connections, and a queue for each event with commands.

mod accounts;
mod answers;
mod audit;
mod catalog;
mod codes;
pub(crate) mod create;
mod expiry;
mod figures;
mod inbox;
mod layouts;
mod mails;
mod notices;
pub(crate) mod options;
mod outbox;
mod probe;
mod sales;
mod slices;
mod staff_log;
mod waiting_rooms;

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use tiketi_core::{
    EventId, Payment, PaymentId, Reservation, ReservationId, StoreError, Timestamp,
    broadcast::CommitPublisher,
    metrics::Metrics,
    store::{EventView, StoreClock},
};
use tiketi_sql::{BatchCommand, Reply, Row as _, StoreMetrics};
use uuid::Uuid;

use crate::queue::permits::Permits;
use crate::queue::retry::retry;
use crate::queue::{BatchOptions, Batches, EventQueues, Postgres};
use crate::sql::event_id_cache::EventIdCache;
use crate::sql::read_batcher::ReadBatcher;
use crate::sql::row::Row;
use crate::sql::schema::{Schema, SchemaName};
use crate::sql::session::Pool;
use crate::sql::statement::Statement;
use crate::store::options::StoreOptions;

const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS store_now";

/// Implements every store trait of `tiketi-core` on one Postgres database, which any number of servers share.
///
/// Clones are cheap and share their queues. Each server of a shop has one store, on its own pool.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    /// For reads, and for single statements with their own transaction.
    pool: Pool,
    owner: PoolOwner,
    queues: Arc<EventQueues>,
    event_ids: Arc<EventIdCache>,
    reservations: Arc<ReadBatcher<Reservation>>,
    payments: Arc<ReadBatcher<Payment>>,
    events: Arc<ReadBatcher<EventView>>,
    /// Which row the probes of this store write.
    probe_slot: i64,
}

/// Who created the pool of a store, and so who closes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PoolOwner {
    Host,
    Store,
}

/// How many connections a pool has at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolFigures {
    /// The name: `read`, or `write` for batches.
    pub name: &'static str,
    /// Connections that are used.
    pub used: usize,
    /// Connections that are open and not used.
    pub idle: usize,
    /// Most connections.
    pub most: usize,
}

impl PoolFigures {
    fn of(name: &'static str, pool: &PgPool) -> Self {
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let (open, idle) = (count(pool.size()), pool.num_idle());
        let most = count(pool.options().get_max_connections());
        Self { name, used: open.saturating_sub(idle), idle, most }
    }
}

impl PostgresStore {
    /// Uses the schema `tiketi` through the host's pool, as [`PostgresStore::with_options`] does.
    ///
    /// # Panics
    ///
    /// If it is called outside a Tokio runtime.
    pub fn new(pool: PgPool) -> Self {
        Self::with_options(pool, StoreOptions::new())
    }

    /// Uses a database through the host's pool; [`crate::migrate()`] must have migrated it.
    ///
    /// It does not query the database; see [`crate::check`]. The pool's connections read. For writes, the store
    /// opens up to [`crate::MAX_WRITERS`] connections of its own with the pool's settings, and
    /// [`crate::MAX_WAITERS`] more for events that another session has locked, so that readers never delay a batch.
    /// The pool stays the host's: [`PostgresStore::close`] leaves it open.
    ///
    /// # Panics
    ///
    /// If it is called outside a Tokio runtime.
    pub fn with_options(pool: PgPool, options: StoreOptions) -> Self {
        Self::over(pool, PoolOwner::Host, options)
    }

    /// Works as [`PostgresStore::with_options`], with a pool that the store creates and closes.
    ///
    /// It opens no connection, except those that the pool's options demand.
    ///
    /// # Panics
    ///
    /// If it is called outside a Tokio runtime.
    pub fn connect_lazy(pool: PgPoolOptions, database: PgConnectOptions, options: StoreOptions) -> Self {
        Self::over(pool.connect_lazy_with(database), PoolOwner::Store, options)
    }

    fn over(pool: PgPool, owner: PoolOwner, options: StoreOptions) -> Self {
        let StoreOptions { schema, clock_lead, plan_cache_mode } = options;
        let (schema, batches) = (Arc::new(Schema::new(schema)), BatchOptions { clock_lead, plan_cache_mode });
        Self {
            queues: Arc::new(EventQueues::new(&pool, Arc::clone(&schema), batches)),
            pool: Pool::of(pool, schema, "read"),
            owner,
            event_ids: Arc::default(),
            reservations: Arc::default(),
            payments: Arc::default(),
            events: Arc::default(),
            probe_slot: probe::slot(),
        }
    }

    /// Returns the pool.
    pub fn pool(&self) -> &PgPool {
        self.database().connections()
    }

    /// Returns the name of the schema that contains the shop's tables.
    pub fn schema(&self) -> &SchemaName {
        self.database().schema()
    }

    /// Returns the pool with the store's statement settings.
    pub(crate) fn database(&self) -> &Pool {
        &self.pool
    }

    /// Starts a statement, with the name of the shop's schema in it.
    pub(crate) fn query<'q>(&self, statement: &'static str) -> Statement<'q> {
        self.pool.query(statement)
    }

    /// Waits for running batches and closes the store: its own connections, and the pool if the store created it.
    ///
    /// Later calls of this store or its clones fail with [`tiketi_core::StoreErrorKind::Unavailable`]. A host's
    /// pool stays open.
    pub async fn close(&self) {
        self.pool.close();
        self.queues.writer.connections.connections().close().await;
        match self.owner {
            PoolOwner::Store => self.pool().close().await,
            PoolOwner::Host => {}
        }
    }

    /// Returns how many connections the store has, by pool.
    pub fn connections(&self) -> [PoolFigures; 2] {
        let writer = self.queues.writer.connections.connections();
        [PoolFigures::of("read", self.pool()), PoolFigures::of("write", writer)]
    }

    /// Sends measurements of batches, retries and connections to a host's metrics.
    ///
    /// Clones of the store share them; a second call has no effect.
    pub fn set_metrics(&self, metrics: Arc<dyn Metrics>) {
        self.database().holds().set(Arc::clone(&metrics));
        self.queues.writer.connections.holds().set(Arc::clone(&metrics));
        self.metrics().set(metrics);
    }

    /// Returns the metrics of batches.
    pub(crate) fn metrics(&self) -> &StoreMetrics {
        &self.queues.writer.metrics
    }

    /// Returns where the facts of each commit are broadcast.
    pub(crate) fn publisher(&self) -> &CommitPublisher {
        &self.queues.writer.publisher
    }

    /// Returns the counters of batches so far.
    pub fn batches(&self) -> Batches {
        self.queues.writer.counted.so_far()
    }

    /// Executes a command in a batch of an event.
    pub(crate) async fn work<W: BatchCommand<Postgres>>(
        &self,
        event: EventId,
        work: W,
    ) -> Reply<Postgres, W> {
        self.queues.run(event, work).await
    }

    /// Returns the permits to write, which know the locked events.
    pub(crate) fn permits(&self) -> &Arc<Permits> {
        &self.queues.writer.permits
    }

    /// Returns the events that jobs skip for now, because another session has them locked.
    pub(crate) fn passed_over(&self) -> Vec<Uuid> {
        self.queues.writer.permits.passed_over().into_iter().map(EventId::as_uuid).collect()
    }
}

impl PostgresStore {
    /// Returns a reservation; concurrent reads share a statement.
    pub(crate) async fn find_reservation(
        &self,
        id: ReservationId,
    ) -> Result<Option<Reservation>, StoreError> {
        self.reservations.find(self.database(), id).await
    }

    /// Returns a payment; concurrent reads share a statement.
    pub(crate) async fn find_payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        self.payments.find(self.database(), id).await
    }

    /// Returns an event with its ticket types; concurrent reads share a statement.
    pub(crate) async fn find_event(&self, id: EventId) -> Result<Option<EventView>, StoreError> {
        self.events.find(self.database(), id).await
    }

    /// Runs one statement in its own transaction, and returns how many rows it changed.
    pub(crate) async fn write<'q>(&self, statement: impl Fn() -> Statement<'q>) -> Result<u64, StoreError> {
        retry(self.metrics(), || self.database().execute(statement())).await
    }

    /// Runs one statement in its own transaction, and returns its rows.
    pub(crate) async fn write_returning<'q>(
        &self,
        statement: impl Fn() -> Statement<'q>,
    ) -> Result<Vec<PgRow>, StoreError> {
        retry(self.metrics(), || self.database().execute_returning(statement())).await
    }
}

#[async_trait]
impl StoreClock for PostgresStore {
    async fn store_time(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = self.database().fetch_one(self.query(NOW)).await?;
        Row::of(&row).int("store_now").map(|micros| Some(Timestamp::from_micros(micros)))
    }
}
