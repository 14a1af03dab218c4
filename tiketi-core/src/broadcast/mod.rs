//! The broadcast: what became true, sent at once to every listener of every server.
//!
//! A change leaves its commit in two ways. The outbox ([`crate::store::OutboxStore`]) delivers a [`crate::Fact`] to each
//! subscriber at least once, on one server. A [`Broadcast`] sends a message to every listener of every server at once,
//! and may lose it. A listener learns that messages are missing ([`Received::Gap`], or a delta that does not follow the
//! one before), and reads the present state from the store. [`crate::BoxOffice::changes`] does both.
//!
//! # Audiences
//!
//! An [`Audience`] is a type, and decides which news can be sent to it: [`EventRoom`] takes [`PublicNews`], which names
//! no buyer; [`BuyerOnly`] takes [`PrivateNews`]. Private news for a room does not compile:
//!
//! ```compile_fail,E0308
//! use tiketi_core::EventId;
//! use tiketi_core::broadcast::{EventRoom, Message, PrivateNews};
//!
//! fn leak(event: EventId, news: PrivateNews) -> Message<EventRoom> {
//!     Message::new(EventRoom(event), news)
//! }
//! ```
//!
//! Public news for it does:
//!
//! ```
//! use tiketi_core::EventId;
//! use tiketi_core::broadcast::{EventRoom, Message, PublicNews};
//!
//! fn tell(event: EventId, news: PublicNews) -> Message<EventRoom> {
//!     Message::new(EventRoom(event), news)
//! }
//! ```

mod audience;
mod encoding;
mod listeners;
mod mailbox;
mod news;
mod publisher;

use std::fmt::Debug;

pub use audience::{AnyMessage, Audience, BuyerOnly, EventRoom, Message};
pub use listeners::{Arrivals, Listener, Listeners};
pub use mailbox::{MAILBOX_CAPACITY, Received};
pub use news::{PrivateNews, PublicNews, SeatsDelta};
pub use publisher::CommitPublisher;

/// Sends messages at once to the listeners of every server.
///
/// [`crate::memory::MemoryBroadcast`] serves one process, and is the default of a [`crate::BoxOffice`].
///
/// # Contract
///
/// - A message is lost, or reaches every listener of its audience that was registered before the call. It MAY reach a
///   listener twice, and messages MAY overtake each other.
/// - A listener that misses messages MUST receive [`Received::Gap`]: before the next message that it gets, and without a next
///   message once a lost connection is restored.
/// - The listeners of the process that sends MUST get the message also while no other server can be reached.
pub trait Broadcast: Debug + Send + Sync + 'static {
    /// Sends a message.
    ///
    /// # Contract
    ///
    /// MUST return at once: it is called between a commit and its answer. What cannot be sent now is queued in limited
    /// memory, or lost.
    fn publish(&self, message: AnyMessage);

    /// Listens to what is public about an event, from now on, until the listener is dropped.
    fn listen(&self, room: EventRoom) -> Listener<EventRoom>;

    /// Listens to what is private to a buyer, from now on, until the listener is dropped.
    fn listen_to_buyer(&self, buyer: BuyerOnly) -> Listener<BuyerOnly>;

    /// Returns whether a message to a room may reach a listener; if not, stores make none.
    ///
    /// It is called with each command: it MUST be cheap.
    fn has_listener(&self, room: EventRoom) -> bool;

    /// Returns whether a message to any buyer may reach a listener; if not, stores make none.
    ///
    /// It is called with each command, whose buyers are not known yet: it MUST be cheap.
    fn has_buyer_listener(&self) -> bool;
}
