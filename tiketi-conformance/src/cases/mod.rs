//! The cases by subject: functions whose names are sentences.
//!
//! Each case begins with an empty store. Cases about selling end with the audit of [`crate::TestShop`].

pub mod accounts;
pub mod admission;
pub mod answers;
pub mod broadcast;
pub mod call_off;
pub mod catalog;
pub mod creation;
pub mod deposits;
pub mod dropped;
pub mod expiry;
pub mod extend;
pub mod gateway;
pub mod give_back;
pub mod hold;
pub mod inbox;
pub mod late;
pub mod layouts;
pub mod leases;
pub mod listings;
pub mod live_news;
pub mod maps;
pub mod needs_attention;
pub mod outbox;
pub mod payment;
pub mod payment_races;
pub mod probe;
pub mod proofs;
pub mod races;
pub mod rate_limits;
pub mod reads;
pub mod reconciliation;
pub mod refund;
pub mod release;
pub mod replay;
pub mod roles;
pub mod room_journal;
pub mod rows;
pub mod staff_log;
pub mod subscribers;
pub mod texts;
pub mod waiting_room;
pub mod waiting_room_races;
pub mod walks;
