//! How Tiketi's database adapters write rows down, so that no two of them do it differently.
//!
//! A database brings [`Row`], its way to read a column by name. This crate knows the rest: which columns a
//! type has, the words that stand for its states, and the JSON of what has no columns of its own. Moments
//! are UTC microseconds, amounts are minor units.
//!
//! It serves the adapters alone; what it offers may change with any release.

mod account;
mod command;
mod event;
mod fact;
mod inbox;
mod layout;
mod payment;
mod reservation;
mod row;
mod seat;

pub use account::{account, role_word};
pub use command::{answer_claim, command_record};
pub use event::{
    EVENT_COLUMNS, TICKET_TYPE_COLUMNS, event, event_state, keywords_text, status_word, terms_text,
    ticket_type,
};
pub use fact::{fact, fact_text};
pub use inbox::{DELIVERY_COLUMNS, delivery};
pub use layout::{layout, sections_text};
pub use payment::{PAYMENT_COLUMNS, PaymentColumns, payment, payment_columns};
pub use reservation::{RESERVATION_COLUMNS, items_text, reservation, reservation_state, seats_text};
pub use row::{Row, count, stored, unreadable};
pub use seat::{SEAT_COLUMNS, SeatColumns, seat, seat_state};
