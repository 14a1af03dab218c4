//! Statements that several modules share, and how they are sent to the database.

pub(crate) mod creation_records;
pub(crate) mod event_id_cache;
pub(crate) mod event_list;
pub(crate) mod holds;
mod line;
pub(crate) mod read_batcher;
pub(crate) mod reads;
pub(crate) mod reservation_list;
pub(crate) mod row;
pub(crate) mod schema;
pub(crate) mod session;
pub(crate) mod statement;
