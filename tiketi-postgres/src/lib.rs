//! Keeps a Tiketi shop in Postgres, for any number of servers that sell together.
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
//! # Beside your own tables
//!
//! Everything is in one schema, its migrations too, and every statement names it: `tiketi`, or another
//! ([`SchemaName`], [`StoreOptions::schema`]). Shops in two schemas of one database do not see each other. The store uses
//! your pool, with whatever TLS, time-outs and limits you gave it, changes no setting of a session, and leaves the pool open
//! when it is closed ([`PostgresStore::close`]). Moments are
//! microseconds in `bigint`, so no session's time zone matters. [`migrate()`] is the only one to change the
//! schema, on a separate connection; [`PostgresStore::new`] does not query the database.
//!
//! # What is stored, and when
//!
//! Commands of one event wait in one queue of a server, at most [`MAX_QUEUE`], and are served by one task: it
//! takes what is waiting, up to [`MAX_BATCH`], never waiting for more; locks the event's row, so that servers
//! take turns; loads what the commands look at; decides them one after another with the rules of
//! [`tiketi_core::decide`] against one working copy; writes the union, one statement a table; commits once,
//! and answers them all. Commands of different events go side by side, on up to [`MAX_WRITERS`] connections of
//! the store's own, which no crowd of readers can take. An event that another session keeps locked is tried on
//! [`MAX_WAITERS`] more, so that it takes none from events that are not locked. What was answered is as durable as Postgres makes a
//! commit: leave `fsync`, `full_page_writes` and `synchronous_commit` on. [`check`] refuses a database that has one of
//! them off, unless the host permits it ([`Durability::Relaxed`]).
//!
//! Reservations, payments and events that many ask for at once by their ids are read together, up to 256 a statement;
//! a look-up that comes alone is answered at once.
//!
//! # Planning
//!
//! No statement of a sale depends on the planner knowing how many rows there are, which is unknown when a sale
//! begins: within a batch, tables are read by key only (`enable_seqscan` and `enable_nestloop` off, for the
//! transaction), each connection plans a statement once, and no index of `seats`, `reservations` or `payments` but a
//! partial one begins with the event. An index of your own on them should not either. What people ask later, such as lists, relies on `ANALYZE`,
//! as autovacuum does it.
//!
//! # Long snapshots
//!
//! Every batch leaves a dead version of the event's row and of each ticket type it sold. They are cleaned away as the next
//! ones are written, unless a session still reads from an older snapshot: `pg_dump`, a long report, an idle transaction or a
//! replication slot. A look-up by key then visits all of them. The batches of a busy event do not look up by key: they
//! find these rows where the last batch left them. Others do, and slow down for as long as the snapshot lasts: events
//! that several servers sell at the same time, the first batch after a pause, the version of a seat map, and claims of facts.
//! In a model of one event (Postgres 15, rows of 0.8 KB, 12,000 batches under one snapshot), a batch that finds its rows by
//! key grows from 0.1 to 9.5 ms, one that knows where they lie from 0.1 to 0.6 ms.
//!
//! So take dumps and reports of a shop that sells from a standby, with `hot_standby_feedback` off, or when little is sold.
//!
//! # When something breaks
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
//! A caller that goes away leaves its command whole or undone, never half.
//!
//! A server that stops in the middle of a transaction, or whose network does, holds its locks until the database
//! ends its session, after 5 s: every transaction of the store sets `idle_in_transaction_session_timeout`, and
//! `lock_timeout`, for itself. If it goes on later, what it then sends is refused, and it tries again with the rows as
//! they are by then. Jobs over many events ([`expire_due`], [`announce_statuses`], [`claim_outbox`]) pass over an event that is
//! locked for a second, and say so; for the next 3 s it is left out of what is due, so that it fills no list.
//!
//! [`expire_due`]: tiketi_core::store::SalesStore::expire_due
//! [`announce_statuses`]: tiketi_core::store::CatalogStore::announce_statuses
//! [`claim_outbox`]: tiketi_core::store::OutboxStore::claim_outbox
//!
//! # Behind a pooler
//!
//! `PgBouncer`'s transaction mode is enough: nothing of a session is used beyond a transaction, no advisory lock,
//! temporary table or `LISTEN`; [`migrate()`] holds one advisory lock within its transaction.
//!
//! | Pooler | What it takes |
//! |---|---|
//! | `PgBouncer`, any | `ignore_startup_parameters = extra_float_digits` in `pgbouncer.ini` |
//! | from 1.21, with `max_prepared_statements` above 0 | nothing more |
//! | earlier, or without | and `options.statement_cache_capacity(0)`, or `statement-cache-capacity=0` in the address |
//!
//! A pool whose connections keep no statements is taken to be behind such a pooler: [`PostgresStore::new`] looks at
//! that setting, once. The store then says every statement without a name, and within a transaction, be it a single
//! read: `BEGIN`, telling, running and `COMMIT` are four round trips instead of one. Batches take one more for each
//! statement. [`migrate()`] and [`check`] do so always.
//!
//! Tests sell, refund, migrate and cut connections through `PgBouncer` 1.18, with fewer sessions than clients; what is
//! said of later ones is what its manual says.
//!
//! # Sharding
//!
//! What is sold of an event has the event in every key, and a command locks, reads and writes rows of one
//! event: the tables can be distributed by it, so that a batch stays on one shard.
//!
//! | Table | How to place it |
//! |---|---|
//! | `events` | distributed by `id` |
//! | `ticket_types`, `seats`, `reservations`, `payments`, `commands`, `outbox` | distributed by `event`, together with `events` |
//! | `layouts`, `accounts`, `answers`, `inbox`, `migrations` | stored whole, on one node |
//! | `subscribers` | a copy on every node, because every batch reads it |
//! | `serials`, `facts` (sequences) | on the node that all servers connect to, so that they grow with time |
//!
//! Some look-ups have no event and ask every shard, each by an index: a reservation, payment or ticket type by
//! its id alone (each server remembers the events of the latest 100,000 reservations and payments it met), a
//! buyer's reservations, a payment by its provider's key, a command by its key, what is due, which payments need a
//! person, what of cancelled events is to be refunded, and what of the outbox is free, which is then claimed event
//! by event. There are no foreign keys, so that shards need none across: rows of an event change only under the
//! lock on its row.
//!
//! This is how the schema was made, with Citus in mind; it is tested on plain Postgres.

mod error;
mod migrate;
mod queue;
mod sql;
mod store;
mod working_set;

pub use migrate::{Durability, SCHEMA, check, migrate};
pub use queue::Batches;
pub use queue::permits::{MAX_WAITERS, MAX_WRITERS};
pub use queue::{MAX_BATCH, MAX_QUEUE};
pub use sql::schema::{InvalidSchemaName, SchemaName};
pub use store::PostgresStore;
pub use store::options::StoreOptions;
