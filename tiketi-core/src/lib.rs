//! Sells tickets: the rules of events, seats, reservations and payments, free of I/O.
//!
//! # Selling in your own service
//!
//! [`BoxOffice`] is the whole shop: build it from a store and a payment gateway, and call it from
//! your handlers. It is cheap to clone, not generic, and starts no tasks.
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
//! // An organiser makes an event with standing room for 500 …
//! let (opens, closes) = (shop.now(), shop.now().after(Duration::from_hours(24)));
//! let details = EventDetails::new("Winter Lights", closes, SaleWindow::new(opens, closes)?);
//! let standing = TicketTypeInput { name: "Standing".into(), price: Money::new(66_000, Currency::KRW), capacity: 500 };
//! let made = shop.create_event(EventInput::new(details, Currency::KRW).admitting(standing)).await?;
//! shop.publish_event(made.event.id).await?;
//!
//! // … and a buyer of your service takes two.
//! let buyer: BuyerId = "01890a5d-ac96-774b-bcce-b302099a8057".parse()?;
//! let held = shop.hold(HoldRequest::new(made.event.id, buyer).item(made.ticket_types[0].id, 2)).await?;
//! let paid = shop.process(PrepareRequest::new(held.id, buyer)).await?;
//! assert!(matches!(paid.reservation.state, ReservationState::Confirmed { .. }));
//! # Ok(())
//! # }
//! ```
//!
//! # Two kinds of no
//!
//! A *refusal* is an expected answer: a small enum for each command that names every blocking thing,
//! such as [`decide::HoldRefused::SeatsTaken`]. It changed nothing. A *failure* is a [`StoreError`], whose
//! [`StoreErrorKind`] tells whether to try again and whether the command may have applied.
//! [`CommandError`] is one or the other. A command sent again under its [`CommandKey`] takes effect once.
//!
//! # What has to happen by itself
//!
//! Call [`BoxOffice::run_jobs_once`] in a loop, on any number of servers. It ends holds that ran out, announces
//! events that opened or sold out, delivers committed [`Fact`]s to your [`Notifier`], asks providers about what is
//! not known, looks into webhooks, refunds the buyers of cancelled events, and forgets what is too old to be asked
//! for. It says when to call it again:
//!
//! ```
//! # async fn run_jobs(shop: tiketi_core::BoxOffice) {
//! loop {
//!     let report = shop.run_jobs_once().await;
//!     for (job, error) in report.failures() {
//!         eprintln!("{} is tried again: {error}", job.name());
//!     }
//!     tokio::time::sleep(report.next).await;
//! }
//! # }
//! ```
//!
//! Without it, a payment whose answer was lost stays unknown, and no refund is repeated. No seat is sold twice: a hold
//! that ran out is available to the next buyer all the same. Each part is a method of its own as well, such as
//! [`BoxOffice::expire_once`].
//!
//! # Cancel safety
//!
//! Every method of [`BoxOffice`] may be dropped at any point, as a web framework does when a client leaves. What was
//! committed is brought to its end by [`BoxOffice::run_jobs_once`], as after a crash: an intent is committed before a
//! provider is asked, and no money moves without one. That takes about as long as [`Terms::ask_again_after`]. With a
//! [`Spawner`] ([`BoxOfficeBuilder::spawner`]) work that moves money goes on by itself when its caller is dropped, and
//! its outcome is recorded at once. Give one to a shop that is called from request handlers.
//!
//! # Bringing your own store, gateway or notifier
//!
//! Implement [`SalesStore`], [`PaymentStore`], [`InboxStore`], [`CatalogStore`], [`LayoutStore`] and
//! [`OutboxStore`], and hold the result to the cases of the crate `tiketi-conformance`. The rules are in [`decide`] and are not yours to write:
//! an adapter locks an event's rows, calls [`decide::run`], writes the [`decide::Change`] and commits.
//! [`PaymentGateway`] and [`Notifier`] are one trait each; [`Guarded`] puts time limits and a circuit breaker
//! around any gateway.
//!
//! # Time, ids, chance
//!
//! Rules read no clock. [`Clock`] and [`IdSource`] are given to the builder; [`ManualClock`] and
//! [`CountedIds`] make a run repeatable. A shop of several servers is given a [`Timer`] too, so that the same confirm
//! has one answer at all of them. Every [`Timestamp`] is UTC; [`Money`] is integer minor units.

pub mod decide;
pub mod memory;

mod account;
mod audit;
mod box_office;
mod cancellation_policy;
mod catalog;
mod clock;
mod event;
mod fact;
mod gateway;
mod id;
mod limits;
mod money;
mod notifier;
mod payment;
mod refund_account;
mod reservation;
mod seat;
mod seat_layout;
mod spawner;
mod store;
mod text;
mod ticket_type;
mod time;
mod transition;

pub use account::{Account, Email, ParseEmailError, PasswordHash, Role};
pub use audit::{AuditedRow, Violation, audit};
pub use box_office::{
    BoxOffice, BoxOfficeBuilder, BuildError, HoldRequest, HousekeepingError, Job, JobError, JobRun,
    JobsReport, OrganiseError, Paid, PayError, PrepareRequest, Prepared, Reconciled, RefundError,
    RefundRequested, RetryError, Tidied, WebhookError,
};
pub use cancellation_policy::{
    AgreedCancellation, CancellationPolicy, CancellationPolicyError, CancellationTier, MAX_CANCELLATION_LEAD,
    MAX_CANCELLATION_TIERS, WHOLE_SHARE,
};
pub use catalog::{CatalogError, EventInput, MAX_KEYWORDS, NewEvent, TicketTypeInput, general_admission};
pub use clock::{Clock, CountedIds, IdSource, ManualClock, SystemClock, TimeOrderedIds, Timer};
pub use event::{Event, EventDetails, EventState, EventStatus, EventStep, TermsOverride};
pub use fact::{Fact, FactBody, FactId, SeatChanged, SeatStatus};
pub use gateway::{
    Attempt, AttemptStep, Breaker, BreakerSettings, BuyerStep, Capabilities, Captured, Checkout,
    CheckoutRequest, ConfirmAnswer, ConfirmRequest, Confirms, DepositAsked, GatewayUnavailable,
    GuardSettings, Guarded, Heard, Hint, LookupAnswer, LookupRequest, NotAccepted, PaymentGateway,
    PaymentMethod, RefundAnswer, RefundRequest, RefundsTo, Support, VoidAnswer, VoidRequest, WebhookRefused,
    WebhookRequest,
};
pub use id::{
    AccountId, BuyerId, CommandKey, EventId, LayoutId, ParseIdError, PaymentId, RefundId, ReservationId,
    SeatId, TicketTypeId,
};
pub use limits::{
    LatePayment, MAX_CAPACITY, MAX_DEPOSIT_WINDOW, MAX_DESCRIPTION_CHARS, MAX_KEY_CHARS,
    MAX_LINES_PER_COMMAND, MAX_NAME_CHARS, MAX_NOTE_CHARS, MAX_PAGE, MAX_PRICE_MINOR, MAX_QUANTITY,
    MAX_REASON_CHARS, MAX_SEATS_PER_LAYOUT, RefundedSeats, Terms, TermsError,
};
pub use money::{Currency, Money, MoneyError, ParseCurrencyError};
pub use notifier::{Notifier, NotifyError};
pub use payment::{
    Asking, Deposit, DepositAccount, ENDED_BY_STAFF, Note, Payment, PaymentState, PaymentStep, Refund,
    RefundState, RefundTickets, ReturnedItem, ReturnedTickets, Settles, StuckReason,
};
pub use refund_account::{RefundAccount, RefundAccountError};
pub use reservation::{
    CancelReason, ItemLine, ParseReservationNumberError, Reservation, ReservationNumber, ReservationState,
    ReservationStep, SeatLine,
};
pub use seat::{Seat, SeatPlace, SeatState, SeatStep};
pub use seat_layout::{LayoutError, PlannedSeat, Row, SeatLayout, Section, StoredLayout};
pub use spawner::{DetachedWork, Spawner};
pub use store::{
    AccountStore, Answer, AnswerClaim, AnswerStore, AuditReport, AuditStore, CallOffProgress, CatalogStore,
    CommandError, CreateAccountRefused, Delivery, EventQuery, EventSort, EventView, InboxStore, LayoutStore,
    OutboxStore, Page, PageOutOfRange, PageRequest, PaymentStore, Receipt, SalesStore, SeatMap, StoreClock,
    StoreError, StoreErrorKind, Swept,
};
pub use text::{TextError, TextProblem, can_be_kept, check_line, check_lines};
pub use ticket_type::{Stock, TicketKind, TicketType};
pub use time::{EmptySaleWindow, ParseTimestampError, SaleWindow, Timestamp};
pub use transition::IllegalTransition;
