//! Ticket sales: the rules of events, seats, reservations and payments, without I/O.
//!
//! # Selling in your own service
//!
//! [`BoxOffice`] is the whole shop: build it from a store and a payment gateway, and call it from
//! your handlers. It is cheap to clone, is not generic, and starts no tasks.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use tiketi_core::memory::{MemoryStore, TestGateway};
//! use tiketi_core::*;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let shop = BoxOffice::builder()
//!     .store(Arc::new(MemoryStore::default()))
//!     .gateway(Arc::new(TestGateway::default()))
//!     .build()?;
//!
//! // An organiser creates an event with 500 units of general admission …
//! let (opens, closes) = (shop.now(), shop.now().after(Duration::from_hours(24)));
//! let details = EventDetails::new("Winter Lights", closes, SaleWindow::new(opens, closes)?);
//! let standing = TicketTypeInput::new("Standing", Money::new(66_000, Currency::KRW), 500);
//! let made = shop.catalog().create_event(EventInput::new(details, Currency::KRW).ticket_type(standing)).await?;
//! shop.catalog().publish_event(made.event.id).await?;
//!
//! // … and a buyer of your service buys two.
//! let buyer: BuyerId = "01890a5d-ac96-774b-bcce-b302099a8057".parse()?;
//! let held = shop.sales().hold(HoldRequest::new(made.event.id, buyer).item(made.ticket_types[0].id, 2)).await?;
//! let paid = shop.payments().process(PrepareRequest::new(held.id, buyer)).await?;
//! assert!(matches!(paid.reservation.state, ReservationState::Confirmed { .. }));
//! # Ok(())
//! # }
//! ```
//!
//! # Refusals and failures
//!
//! A *refusal* is an expected answer of a rule: an enum for each command that names every obstacle,
//! such as [`decide::HoldRefused::SeatsTaken`]. A refused command changes nothing. A *failure* is a [`StoreError`],
//! whose [`StoreErrorKind`] says whether to try again and whether the command may have been applied. [`CommandError`]
//! is one or the other. A command sent again with its [`CommandKey`] takes effect once.
//!
//! # Background jobs
//!
//! Call [`Jobs::run_once`](crate::box_office::Jobs::run_once) in a loop, on any number of servers. It ends holds whose
//! time has passed, announces events that opened or sold out, delivers committed [`Fact`]s to your subscribers, asks
//! providers about unknown outcomes, processes webhooks, refunds the buyers of cancelled events, and deletes records
//! that are too old to be needed. Its report says when to call it again:
//!
//! ```
//! # async fn run_jobs(shop: tiketi_core::BoxOffice) {
//! loop {
//!     let report = shop.jobs().run_once().await;
//!     for (job, error) in report.failures() {
//!         eprintln!("{} is tried again: {error}", job.name());
//!     }
//!     tokio::time::sleep(report.next).await;
//! }
//! # }
//! ```
//!
//! Without it, a payment whose answer was lost stays unknown, and no refund is repeated. Seats do not depend on it: a
//! hold that has ended is available to the next buyer at once, and no seat is sold twice. Each job is also a method,
//! such as [`Jobs::expire_once`](crate::box_office::Jobs::expire_once).
//!
//! # Waiting rooms
//!
//! When more people come than there are tickets, an event's [`RoomPolicy`] puts buyers in line:
//! [`BoxOffice::waiting_room`] gives places and passes, the background jobs call the next buyers, and a hold requires
//! the pass. The module [`waiting_room`] explains numbers, positions and the draw.
//!
//! # Live changes
//!
//! [`BoxOffice::changes`] follows an event: a snapshot of its seats, stock and status, then each change at once, on
//! whichever server it happened. It is what a host sends to sockets of its own. A
//! [`Broadcast`](broadcast::Broadcast) carries the changes between servers ([`BoxOfficeBuilder::broadcast`]); what it
//! loses is read from the store. The module [`broadcast`] explains audiences, the module
//! [`live_seats`] how deltas are put together.
//!
//! # Facts and subscribers
//!
//! What becomes true with a commit is a [`Fact`]: seats changed, a hold, a reservation confirmed, a payment updated. A
//! named subscriber ([`BoxOfficeBuilder::subscriber`]) gets each of them at least once, those of one reservation in
//! order, through a [`Notifier`] of yours. Each subscriber has a queue of its own: one that fails delays no other, and
//! its facts are tried again ([`Jobs::run_once`](crate::box_office::Jobs::run_once)). It begins with the first commit
//! after it was registered. Without a subscriber no facts are saved: live changes need none.
//!
//! # Cancel safety
//!
//! Every method of [`BoxOffice`] may be dropped at any point, as a web framework does when a client disconnects. What
//! was committed is completed by [`Jobs::run_once`](crate::box_office::Jobs::run_once), as after a crash: an intent is
//! committed before a provider is asked, and no money moves without one. That takes about as long as
//! [`Terms::ask_again_after`]. With a [`Spawner`](crate::spawner::Spawner) ([`BoxOfficeBuilder::spawner`]) work that
//! moves money continues when its caller is dropped, and its outcome is recorded at once. Give one to a shop that is
//! called from request handlers.
//!
//! # Traces and metrics
//!
//! Commands and calls of gateways emit spans and events of `tracing` at the level `DEBUG`; work that a store runs again
//! because a connection was lost is a warning. Figures go to an implementation of [`Metrics`](metrics::Metrics)
//! ([`BoxOfficeBuilder::metrics`]); a store that batches measures its batches itself. Without a subscriber and metrics,
//! neither costs more than a few nanoseconds a command.
//!
//! # Bringing your own store, gateway or notifier
//!
//! Implement [`SalesStore`](crate::store::SalesStore),
//! [`InboxStore`](crate::store::InboxStore), [`CatalogStore`](crate::store::CatalogStore),
//! [`LayoutStore`](crate::store::LayoutStore) and [`OutboxStore`](crate::store::OutboxStore), and test the result with
//! the cases of the crate `tiketi-conformance`. An adapter does not implement the rules, which are in [`decide`]: it
//! locks an event's rows, calls [`decide::execute`], writes the changes and commits. Every sales command is executed by
//! one method, so a store or a decorator of one has few methods. [`PaymentGateway`] and
//! [`Notifier`] are one trait each; [`Guarded`](crate::gateway::Guarded) puts time limits and a circuit breaker around
//! any gateway.
//!
//! # Which types may grow
//!
//! What a host builds or only reads is `#[non_exhaustive]`: inputs, requests, terms, settings, results, refusals, errors
//! and facts. A new field or case is no breaking change. Build them with `new` or `default` and their setters:
//!
//! ```
//! # use tiketi_core::{EventDetails, Timestamp, SaleWindow, event::TermsOverride};
//! # fn details(starts_at: Timestamp, sale: SaleWindow) -> EventDetails {
//! let terms = TermsOverride::default().max_seats_per_buyer(4);
//! EventDetails::new("Winter Lights", starts_at, sale).venue("Harbour Hall").terms(terms)
//! # }
//! ```
//!
//! Two kinds are exhaustive on purpose, so that a new field or case is a breaking change: rows and decisions that a
//! store reads and writes in full, since a store that overlooks a field loses data; and states and policies, since a host
//! or a store acts on each.
//!
//! # Logging and sending rows
//!
//! With the feature `serde`, ids, [`Money`], [`Timestamp`] and the model types (events, ticket types, layouts, seats,
//! reservations, payments and [`Fact`]s) implement `Serialize` and `Deserialize`:
//!
//! | what | in JSON |
//! |---|---|
//! | an id | `"01890a5d-ac96-774b-bcce-b302099a8057"` |
//! | a [`Timestamp`] | `"2026-01-05T10:00:00Z"`: RFC 3339 in UTC, exact to the microsecond |
//! | [`Money`] | `{"amount": 110000, "currency": "KRW"}`, in minor units |
//! | a [`ReservationNumber`](crate::reservation::ReservationNumber) | `"TKT-20260105-00001"` |
//! | a duration | `{"secs": 300, "nanos": 0}` |
//! | a state | `"available"` or `{"held": {"until": "2026-01-05T10:00:00Z"}}` |
//!
//! Fields and cases have their Rust names, cases in `snake_case`. A buyer's account for a refund is secret and left out;
//! the seed of a draw is secret and written as its public hash, and an event with one cannot be read. Accounts of users
//! cannot be serialised. The JSON of the HTTP interface is defined apart from it, in `tiketi-http`.
//!
//! # Time and ids
//!
//! Rules read no clock. The builder takes a [`Clock`] and an [`IdSource`]; [`ManualClock`](crate::clock::ManualClock)
//! and [`CountedIds`](crate::clock::CountedIds) make a run repeatable. A shop of several servers also needs a
//! [`Timer`](clock::Timer), so that the same confirm gets one answer from all of them. Every [`Timestamp`] is UTC;
//! [`Money`] is integer minor units.

pub mod decide;
pub mod memory;

pub mod account;
pub mod audit;
pub mod box_office;
pub mod broadcast;
pub mod bytes;
pub mod cancellation_policy;
pub mod catalog;
pub mod clock;
pub mod error;
pub mod event;
pub mod fact;
pub mod figures;
pub mod gateway;
pub mod hold_time;
pub mod id;
pub mod language;
pub mod lease;
pub mod limits;
pub mod live_seats;
pub mod mail;
pub mod metadata;
pub mod metrics;
pub mod money;
pub mod network;
pub mod notice;
pub mod notifier;
pub mod payment;
pub mod poster_url;
pub mod random;
pub mod rate_limit;
pub mod refund_account;
pub mod reservation;
pub mod search;
pub mod seat;
pub mod seat_layout;
pub mod seat_states;
pub mod secret_digest;
pub mod simulated;
pub mod spawner;
pub mod staff_log;
pub mod store;
pub mod terms;
pub mod text;
pub mod ticket_type;
pub mod time;
pub mod transition;
pub mod waiting_room;

mod hex;
#[cfg(feature = "serde")]
mod serialized;
mod setters;

pub use box_office::{
    BoxOffice, BoxOfficeBuilder, BuildError, HoldRequest, JoinRequest, Paid, PayError, PrepareRequest,
    Prepared, RefundError,
};
pub use cancellation_policy::CancellationPolicy;
pub use catalog::{EventInput, TicketTypeInput, general_admission};
pub use clock::{Clock, IdSource};
pub use error::{CommandError, StoreError, StoreErrorKind};
pub use event::{Event, EventDetails, EventStatus};
pub use fact::{Fact, FactBody};
pub use gateway::PaymentGateway;
pub use id::{
    AccountId, BuyerId, CommandKey, EventId, LayoutId, PaymentId, RefundId, ReservationId, SeatId,
    TicketTypeId,
};
pub use money::{Currency, Money};
pub use notifier::{Notifier, NotifyError};
pub use payment::{Payment, PaymentState, Refund};
pub use reservation::{Reservation, ReservationState};
pub use seat::{Seat, SeatState};
pub use seat_layout::{Row, SeatLayout, Section};
pub use store::{Page, PageRequest, SeatMap};
pub use terms::Terms;
pub use ticket_type::TicketType;
pub use time::{SaleWindow, Timestamp};
pub use waiting_room::{AdmissionKey, AdmissionPass, PlaceId, RoomPolicy};
