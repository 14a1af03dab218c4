//! What Tiketi's SQL stores share: columns, state words, stored JSON, and batches of commands.
//!
//! A store implements [`Row`], which reads a column by its name. This crate has a row type for each table, such as
//! [`ReservationRow`]: its fields are the columns, once. `of` writes a value of `tiketi-core` as its columns, `read` and a
//! method of the value's name read it back, and a store makes its statements from the list of columns ([`TableRow`],
//! [`columns!`]). A new field of a row of the core does not compile until its row type has a column for it. Moments are UTC
//! microseconds; amounts are minor units; what has no column of its own is JSON.
//!
//! Both stores decide commands in batches: [`QueuedCommand`] is an item of their queues, [`BatchReadSet`] the rows that a
//! batch reads, and [`EventRows`] the rows of one event that are loaded.
//!
//! It is internal to the stores: its items may change with any release.

mod account;
mod batch;
mod cancellation;
mod code;
mod columns;
mod command;
mod event;
mod event_list;
mod fact;
mod figures;
mod inbox;
mod layout;
mod mail;
mod metadata;
mod notice;
mod observed;
mod payment;
mod reservation;
mod room_policy;
mod row;
mod seat;
mod staff_log;
mod table;
#[cfg(test)]
mod tests;
mod waiting_room;

pub use account::{AccountRow, SessionRow, signed_in};
pub use batch::{
    BatchCommand, BatchReadSet, BatchStore, EventRows, QueuedCommand, Reply, answer_all, closed, panicked,
    pending, queue_is_full, shared,
};
pub use code::CodeRow;
pub use command::{ANSWER_COLUMNS, CommandRow, CreationRow, answer_claim};
pub use event::{EventRow, TicketTypeRow, listing_word};
pub use event_list::{
    Dialect, EventListing, EventListings, SEARCH_SECOND_BITS, SEARCH_STEPS, SearchStep, index_grams,
    page_of_first, search_limit, start, unannounced,
};
pub use fact::{
    claimed_fact, fact_text, kinds, kinds_text, release_columns, subscriber_name, subscriber_status,
};
pub use figures::{ALL_DAYS, FigureCountRow, FigureRow, FigureSourceRow, key_columns, progress_columns};
pub use inbox::DeliveryRow;
pub use layout::{LayoutRow, layout_outline};
pub use mail::{MailRow, listed_after, settled_columns};
pub use notice::NoticeRow;
pub use observed::StoreMetrics;
pub use payment::PaymentRow;
pub use reservation::ReservationRow;
pub use row::{Row, count, stored, unreadable};
pub use seat::SeatRow;
pub use staff_log::{LogPath, LogRow};
pub use table::{Column, Kind, Part, TableRow, Value, columns_of, qualified_list};
pub use waiting_room::{class_word, place, place_text, room, room_text, rooms_with};

/// Every table that has a row type, with the columns of its rows.
pub const TABLES: [(&str, &[Column]); 18] = [
    of::<AccountRow<'_>>(),
    of::<CodeRow<'_>>(),
    of::<CommandRow>(),
    of::<CreationRow>(),
    of::<DeliveryRow<'_>>(),
    of::<EventRow<'_>>(),
    of::<FigureCountRow<'_>>(),
    of::<FigureRow<'_>>(),
    of::<FigureSourceRow<'_>>(),
    of::<LayoutRow<'_>>(),
    of::<LogRow<'_>>(),
    of::<MailRow<'_>>(),
    of::<NoticeRow<'_>>(),
    of::<PaymentRow<'_>>(),
    of::<ReservationRow<'_>>(),
    of::<SeatRow<'_>>(),
    of::<SessionRow>(),
    of::<TicketTypeRow<'_>>(),
];

const fn of<R: TableRow>() -> (&'static str, &'static [Column]) {
    (R::TABLE, R::COLUMNS)
}
