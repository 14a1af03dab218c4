//! Stores a Tiketi shop in Postgres, for any number of servers that sell together.
//!
//! ```no_run
//! use std::sync::Arc;
//! use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
//! use tiketi_core::BoxOffice;
//! use tiketi_postgres::{Durability, PostgresStore, SchemaName, check, migrate};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let options: PgConnectOptions = "postgres://shop@localhost/shop".parse()?;
//! let schema = SchemaName::default();
//! migrate(&options, &schema).await?;
//! let pool = PgPoolOptions::new().max_connections(16).connect_with(options).await?;
//! check(&pool, &schema, Durability::Required).await?;
//! let shop = BoxOffice::builder().store(Arc::new(PostgresStore::new(pool))).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! # Next to your own tables
//!
//! Everything is in one schema, the record of its migrations too, and every statement names it: `tiketi`, or
//! another ([`SchemaName`], [`StoreOptions::schema`]). Shops in two schemas of one database do not see each other.
//! The store uses your pool with its TLS, timeouts and limits, changes no setting of a session, and leaves the pool
//! open when the store is closed ([`PostgresStore::close`]). Moments are microseconds in `bigint`, so no session's
//! time zone matters. Only [`migrate()`] changes the schema, on a separate connection; [`PostgresStore::new`] does
//! not query the database.
//!
//! # What is stored, and when
//!
//! Commands of one event wait in one queue of a server, at most [`MAX_QUEUE`], and one task serves the queue. The
//! task takes the waiting commands, up to [`MAX_BATCH`], and does not wait for more; locks the event's row, so that
//! servers take turns; loads the rows that the commands read; decides the commands one after another with the rules
//! of [`tiketi_core::decide`] on one working set; writes all changes; commits once, and answers them all. While a
//! batch commits and no other server sells the event, the next batch is loaded and decided on the rows that it leaves,
//! and is written only if the event's revision is as it left it. Batches of different events run concurrently, on up to [`MAX_WRITERS`] connections
//! of the store's own, which readers never use. A batch of an event that another session keeps locked uses one of
//! [`MAX_WAITERS`] further connections, so that it takes none from other events. An answered command is as durable
//! as a commit of Postgres: leave `fsync`, `full_page_writes` and `synchronous_commit` on. [`check`] refuses a
//! database that has one of them off, unless the host permits it ([`Durability::Relaxed`]).
//!
//! Concurrent reads of reservations, payments and events by their ids share a statement, up to 256 ids in each; a
//! single read is answered at once.
//!
//! # Planning
//!
//! No statement of a sale relies on the planner's estimate of the number of rows, which is wrong when a sale
//! begins. Within a batch, tables are read by key only (`enable_seqscan` and `enable_nestloop` off, for the
//! transaction), and each connection plans a statement once. No index of `seats`, `reservations` or `payments`
//! begins with the event, except partial ones; an index of your own on these tables should not either. Statements
//! that run after the sale, such as lists, rely on `ANALYZE`, which autovacuum runs.
//!
//! # Long snapshots
//!
//! Every batch leaves a dead row version of the event and of each ticket type that it sold. Later batches clean
//! these versions up, unless a session still reads from an older snapshot: `pg_dump`, a long report, an idle
//! transaction or a replication slot. A read by key then visits all of them. The batches of a busy event do not
//! read by key: they find these rows where the last batch wrote them. Other statements do, and are slower while the
//! snapshot exists: events that several servers sell at the same time, the first batch after a pause, the version
//! of a seat map, and claims of facts. In a model of one event (Postgres 15, rows of 0.8 KB, 12,000 batches under
//! one snapshot), the time of a batch that finds its rows by key grows from 0.1 to 9.5 ms, and of one that finds
//! them by place from 0.1 to 0.6 ms.
//!
//! So run dumps and long reports on a standby, with `hot_standby_feedback` off, or at a time with few sales.
//!
//! # Failures
//!
//! | What happens | What the caller gets |
//! |---|---|
//! | One command of a batch cannot be stored | It fails, or panics; it is found by halves, and the others are committed |
//! | Deadlock or serialization failure | Nothing: tried again, a few times, with growing random pauses; then [`Contention`] |
//! | The connection is lost before the commit | Nothing: tried again likewise; then [`Unavailable`] |
//! | Another session keeps the event locked | Nothing, for 10 s; then [`Contention`] |
//! | The connection is lost during the commit | [`OutcomeUnknown`]: the same command under the same key returns what happened |
//! | A queue is full, the pool exhausted, a statement timed out | [`Unavailable`] |
//! | The server is a standby, starting or stopping | [`Unavailable`] |
//! | A value of the command is none the database can keep | [`InvalidData`] |
//! | The server's clock is more than 3 seconds ahead of the database's | [`ClockAhead`], and nothing is ended or sold |
//! | Rows contradict each other | [`Corrupt`] |
//!
//! [`Contention`]: tiketi_core::StoreErrorKind::Contention
//! [`Unavailable`]: tiketi_core::StoreErrorKind::Unavailable
//! [`OutcomeUnknown`]: tiketi_core::StoreErrorKind::OutcomeUnknown
//! [`InvalidData`]: tiketi_core::StoreErrorKind::InvalidData
//! [`ClockAhead`]: tiketi_core::StoreErrorKind::ClockAhead
//! [`Corrupt`]: tiketi_core::StoreErrorKind::Corrupt
//!
//! If a caller drops its future, the command takes full effect or none.
//!
//! If a server stops in the middle of a transaction, or its network does, its locks stay until the database ends
//! its session, after 5 s: every transaction of the store sets `idle_in_transaction_session_timeout` and
//! `lock_timeout` for itself. If the server continues later, its next statement is refused, and it tries again with
//! the current rows. Jobs over many events ([`expire_due`], [`announce_statuses`], [`claim_outbox`]) skip an event
//! that is locked for a second, and report this; for the next 3 s the event is not listed as due, so that it does
//! not fill the list.
//!
//! [`expire_due`]: tiketi_core::store::SalesStore::expire_due
//! [`announce_statuses`]: tiketi_core::store::CatalogStore::announce_statuses
//! [`claim_outbox`]: tiketi_core::store::OutboxStore::claim_outbox
//!
//! # Behind a pooler
//!
//! `PgBouncer`'s transaction mode is enough for the store: nothing outlives a transaction, and there is no session-level
//! advisory lock, temporary table or `LISTEN`; [`migrate()`] takes one advisory lock within its transaction.
//! [`PostgresBroadcast`] listens, and needs an address that leads to Postgres directly: such a pooler
//! lends the session to another client next, which would receive notifications instead of answers. It does not listen over an address with a statement cache of 0.
//!
//! | Pooler | What it takes |
//! |---|---|
//! | `PgBouncer`, any | `ignore_startup_parameters = extra_float_digits` in `pgbouncer.ini` |
//! | from 1.21, with `max_prepared_statements` above 0 | nothing more |
//! | earlier, or without | and `options.statement_cache_capacity(0)`, or `statement-cache-capacity=0` in the address |
//!
//! A pool with a statement cache of 0 is assumed to be behind such a pooler: [`PostgresStore::new`] reads that
//! setting once. The store then sends every statement without a name and within a transaction, even a single read:
//! `BEGIN`, parse, execute and `COMMIT` are four round trips instead of one. Batches take one more for each
//! statement. [`migrate()`] and [`check`] always do so.
//!
//! The tests sell, refund, migrate and cut connections through `PgBouncer` 1.18, with fewer sessions than clients.
//! The statements about later versions are those of its manual.
//!
//! # Sharding
//!
//! Every row that is sold has the event in its key, and a command locks, reads and writes rows of one event. So the
//! tables can be distributed by event, and a batch stays on one shard.
//!
//! | Table | How to place it |
//! |---|---|
//! | `events` | distributed by `id` |
//! | `ticket_types`, `seats`, `reservations`, `payments`, `commands`, `outbox`, `event_searches` | distributed by `event`, together with `events` |
//! | `waiting_places`, `waiting_rooms` | by `event` as well, or stored whole |
//! | every other table | stored whole, on one node |
//! | `subscribers` | a copy on every node, because every batch reads it |
//! | `serials`, `facts` (sequences) | on the node that all servers connect to, so that they grow with time |
//!
//! Some reads have no event and query every shard, each by an index: a reservation, payment or ticket type by its
//! id alone (each server caches the events of the latest 100,000 reservations and payments), a buyer's
//! reservations, a payment by its provider's key, lists and searches of events, due rows, payments that need attention,
//! refunds of called-off events, and free facts of the outbox, which are then claimed, acknowledged and released event by
//! event. There are no foreign keys, so no shard needs one to another: rows of an event change only under the lock on its
//! row.
//!
//! Every statement of a batch compares the event with a parameter for each table that is distributed
//! (`tests/check/shards` reads them), and takes numbers of a sequence beside no such table. A coordinator needs
//! [`StoreOptions::plan_cache_mode`] with [`PlanCacheMode::ForceCustomPlan`], since the shard depends on the values.
//!
//! The schema is designed for Citus, but it is tested on plain Postgres only.

mod broadcast;
mod error;
mod migrate;
mod queue;
mod sql;
mod store;
mod working_set;

pub use broadcast::PostgresBroadcast;
pub use migrate::{Durability, SCHEMA, check, migrate};
pub use queue::Batches;
pub use queue::permits::{MAX_WAITERS, MAX_WRITERS};
pub use queue::plans::PlanCacheMode;
pub use queue::{MAX_BATCH, MAX_QUEUE};
pub use sql::schema::{InvalidSchemaName, SchemaName};
pub use store::options::StoreOptions;
pub use store::{PoolFigures, PostgresStore};
