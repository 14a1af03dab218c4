//! Stores a Tiketi shop in one SQLite file: durable, embedded, nothing to install.
//!
//! ```
//! use std::sync::Arc;
//! use tiketi_core::BoxOffice;
//! use tiketi_sqlite::SqliteStore;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("tiketi.db");
//! let store = Arc::new(SqliteStore::open(&path)?);
//! let shop = BoxOffice::builder().store(store).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is stored, and when
//!
//! A command is on disk before it is answered (`synchronous=FULL`, write-ahead log). One thread writes. It takes
//! the queued commands, up to [`MAX_BATCH`], and does not wait for more; decides them one after another with the
//! rules of [`tiketi_core::decide`] on one working set; commits once; and answers them all. An idle store answers
//! at once, and a busy one shares each commit among many commands. If anything fails, the batch is rolled back and
//! run again in halves, so that a command that cannot be stored, or that panics, does not make other commands fail.
//! Reads have separate connections.
//!
//! # Who may open the file
//!
//! One process at a time: a second one is refused with [`OpenError::InUse`]. Only a [`SqliteReader`], for an audit
//! or a backup, can read the file meanwhile. A file that is not a store is refused with [`OpenError::ForeignFile`],
//! one of a later release with [`OpenError::NewerSchema`]; neither is changed. Opening a file migrates an older
//! schema.
//!
//! # When the disk is full
//!
//! Commands fail with [`tiketi_core::StoreErrorKind::Unavailable`], no data is lost, and commands succeed again
//! once there is space.

mod accounts;
mod answers;
mod audit;
mod catalog;
mod codes;
mod copy;
mod create;
mod error;
mod event_list;
mod figures;
mod inbox;
mod layouts;
mod load;
mod mails;
mod migrate;
mod notices;
mod open;
mod outbox;
mod probe;
mod reader;
mod readers;
mod reads;
mod row;
mod sales;
mod slices;
mod staff_log;
mod statement;
mod store;
mod waiting_rooms;
mod working_set;
mod write;
mod writer;

pub use error::OpenError;
pub use migrate::SCHEMA;
pub use reader::SqliteReader;
pub use store::SqliteStore;
pub use writer::MAX_BATCH;
