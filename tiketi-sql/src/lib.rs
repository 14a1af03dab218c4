//! What Tiketi's SQL stores share: columns, state words and stored JSON.
//!
//! A store implements [`Row`], which reads a column by its name. This crate knows which columns a type has
//! ([`columns!`]), which words stand for its states, and the JSON of values without a column of their own. Moments are
//! UTC microseconds; amounts are minor units.
//!
//! It is internal to the stores: its items may change with any release.

mod account;
mod cancellation;
mod columns;
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
pub use cancellation::cancellation_text;
pub use columns::{
    DELIVERY_COLUMNS, EVENT_COLUMNS, PAYMENT_COLUMNS, RESERVATION_COLUMNS, SEAT_COLUMNS, TICKET_TYPE_COLUMNS,
};
pub use command::{answer_claim, command_record, creation_record};
pub use event::{event, event_state, keywords_text, status_word, terms_text, ticket_type};
pub use fact::{fact, fact_text};
pub use inbox::delivery;
pub use layout::{layout, sections_text};
pub use payment::{PaymentColumns, payment, payment_columns};
pub use reservation::{items_text, reservation, reservation_state, seats_text};
pub use row::{Row, count, stored, unreadable};
pub use seat::{SeatColumns, seat, seat_state};
