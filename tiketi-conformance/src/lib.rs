//! The cases that every Tiketi store adapter must pass.
//!
//! An adapter is correct if its answers equal those of every other adapter. Each case is written once, against the
//! traits of [`tiketi_core`], and expands to one test for any adapter. The in-memory store passes the same list.
//!
//! # Testing an adapter
//!
//! Say how a fresh store is opened, and expand the lists in a file below `tests/`:
//!
//! ```
//! use tiketi_conformance::{Fresh, StoreFactory, async_trait};
//! use tiketi_core::memory::MemoryStore;
//!
//! #[derive(Debug)]
//! struct Memory;
//!
//! #[async_trait]
//! impl StoreFactory for Memory {
//!     type Store = MemoryStore;
//!     type Guard = ();
//!
//!     async fn fresh(&self) -> Fresh<MemoryStore> {
//!         Fresh::new(MemoryStore::default())
//!     }
//! }
//!
//! tiketi_conformance::all_cases!(crate::Memory);
//! # fn main() {}
//! ```
//!
//! `cargo test` then runs `hold::every_seat_that_is_taken_is_named` and all the others. An adapter that
//! implements only some of the traits expands only their lists:
//!
//! | List | Needs | What it is for |
//! |---|---|---|
//! | [`sales_cases!`] | [`SellingStore`] | selling: holds, payments, refunds, late money, keys, races, dropped callers ([`tiketi_core::store::SalesStore`]) |
//! | [`catalog_cases!`] | [`SellingStore`] | events, ticket types, blocked seats, listings and seat maps ([`tiketi_core::store::CatalogStore`]) |
//! | [`outbox_cases!`] | [`SellingStore`] | facts: sent to every broadcast, and delivered to each subscriber, in order, leased to one server at a time ([`tiketi_core::store::OutboxStore`]) |
//! | [`payment_cases!`] | [`SellingStore`] | open payments: due for reconciliation, in need of attention, deposits, call-offs |
//! | [`audit_cases!`] | [`SellingStore`] and [`tiketi_core::store::AuditStore`] | all rows of an event: complete, of one moment, without a violation |
//! | [`workload_cases!`] | [`WholeStore`] | whole sales by what people do: every answer, fact, row and audit as in memory |
//! | [`inbox_cases!`] | [`tiketi_core::store::InboxStore`] | webhooks: each delivery stored once, leased to one server at a time |
//! | [`figure_cases!`] | [`SellingStore`] and [`tiketi_core::store::FiguresStore`] | figures: each reservation counted once, by day, as the facts say |
//! | [`layout_cases!`] | [`tiketi_core::store::LayoutStore`] | seat layouts |
//! | [`account_cases!`] | [`tiketi_core::store::AccountStore`] | accounts: one for each address, their roles and sessions |
//! | [`code_cases!`] | [`tiketi_core::store::CodeStore`] | mailed codes: used once, tried a few times |
//! | [`mail_cases!`] | [`tiketi_core::store::MailStore`] | mail: queued once, leased to one server at a time, given up at last |
//! | [`probe_cases!`] | [`tiketi_core::store::StoreProbe`] | probes: a store that takes writes says so |
//! | [`staff_log_cases!`] | [`tiketi_core::store::StaffLog`] | the log of staff: an entry is written once before its action and once after it |
//! | [`notice_cases!`] | [`tiketi_core::store::NoticeStore`] | notices: in their order, edited by version, with views that are added |
//! | [`answer_cases!`] | [`tiketi_core::store::AnswerStore`] | stored answers for repeated requests |
//! | [`waiting_room_cases!`] | [`tiketi_core::store::WaitingRoomStore`] | waiting rooms: one place for each buyer, called once and in order |
//! | [`room_journal_cases!`] | [`tiketi_core::store::RoomJournal`] | the journal of in-memory waiting rooms: saved rows are loaded |
//! | [`lease_cases!`] | [`tiketi_core::lease::LeaseLock`] | leases: all keys or none, extended and released only by their owner |
//! | [`rate_limit_cases!`] | [`tiketi_core::rate_limit::RateLimits`] | rate limits: no attempt beyond an allowance, which comes back evenly |
//! | [`broadcast_cases!`] | [`tiketi_core::broadcast::Broadcast`] | live news: to listeners of the own process at once, of every other one soon, and of their audience only |
//! | [`gateway_cases!`] | [`GatewayFactory`] | a payment gateway ([`tiketi_core::PaymentGateway`]): money captured and refunded once, even if an answer is lost |
//!
//! [`all_cases!`] expands every list but [`waiting_room_cases!`], [`room_journal_cases!`], [`lease_cases!`],
//! [`rate_limit_cases!`], [`broadcast_cases!`] and [`gateway_cases!`].
//!
//! Each list has its cases in modules, one for each subject; the name of a module is the first part of a test's name.
//!
//! # What a factory may do
//!
//! [`StoreFactory::fresh`] runs on the case's own runtime, so it may connect, migrate or clone a template
//! database. [`Fresh::guarded`] takes what must live as long as the store, such as a temporary
//! folder; [`StoreFactory::end`] is awaited after the case, passed or failed, to drop a database. With
//! [`Fresh::also_open_as`] the same data has a second handle: cases use the handles in turn, so that
//! a rule that holds only within one process fails. A missing server is a failure: the factory must panic
//! with a message that says what to start.
//!
//! # What a case does
//!
//! - It starts with an empty store, at [`START`]. Only the case moves the clock, and ids come from a seed. A
//!   store that reads its own clock fails.
//! - It runs on several threads, within [`runner::CASE_DEADLINE`]; it never sleeps.
//! - A case about a refusal compares all visible rows before and after, facts included, and sends the
//!   command again: a refusal changes nothing and does not use its key.
//! - Each case about selling ends with [`TestShop::audit`]: seats and reservations name each other,
//!   counters equal the counted rows, money and tickets agree, limits hold, and every change was
//!   published once and in order.
//!
//! The case of [`workload_cases!`] sells 12 whole sales, generated from seeds, by the adapter and by the in-memory
//! store, and compares every answer, fact and row, and the audits. Several buyers act at once: their
//! commands are under way together if the factory states their order ([`StoreFactory::command_order`]).
//! `TIKETI_SEQUENCES` sets the number of sales; a difference prints its seed for `TIKETI_SEED`, and every request.
//!
//! # What the cases do not check
//!
//! - Serials of reservation numbers may leave gaps, and ids of facts may too.
//! - Durability over a crash needs a process to kill; each durable adapter tests it by itself.
//! - After the end of a claim, an [`tiketi_core::store::AnswerStore`] must give it to the same request again;
//!   whether another request may use the key is not checked.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed case is a panic"
)]

mod audit;
pub mod cases;
mod differential;
mod event_rows;
mod factory;
pub mod figures;
mod gateway;
mod hall;
mod handles;
mod lists;
mod picture;
mod race;
mod room;
pub mod runner;
mod shop;
mod trade;

pub use async_trait::async_trait;
pub use event_rows::EventRows;
pub use factory::{CommandOrder, Fresh, SellingStore, StoreFactory, WholeStore};
pub use gateway::{FreshGateway, GatewayFactory, Provider};
pub use hall::{BACK_PRICE, FREE, FRONT_PRICE, Hall, STANDING, STANDING_PRICE};
pub use handles::Handles;
pub use picture::Picture;
pub use room::TestRoom;
pub use shop::{Outcome, START, TestShop, auditor};
