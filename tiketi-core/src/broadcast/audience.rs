//! Audiences: types that decide which news may be sent to whom.

use std::fmt::Debug;
use std::hash::Hash;

use crate::broadcast::news::{PrivateNews, PublicNews};
use crate::id::{BuyerId, EventId};

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::EventRoom {}
    impl Sealed for super::BuyerOnly {}
}

/// Who gets a message; it decides the type of the news.
///
/// The trait is sealed: no other audience takes private news.
pub trait Audience: sealed::Sealed + Debug + Copy + Eq + Hash + Send + Sync + 'static {
    /// The news that may be sent to this audience.
    type News: Debug + Clone + PartialEq + Send + Sync + 'static;
}

/// Everyone who follows an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "an audience is its id")]
pub struct EventRoom(pub EventId);

/// One buyer, on whatever server that buyer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "an audience is its id")]
pub struct BuyerOnly(pub BuyerId);

impl Audience for EventRoom {
    type News = PublicNews;
}

impl Audience for BuyerOnly {
    type News = PrivateNews;
}

/// News for an audience.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a broadcast sends every part")]
pub struct Message<A: Audience> {
    /// Who gets it.
    pub to: A,
    /// What became true.
    pub news: A::News,
}

impl<A: Audience> Message<A> {
    /// Makes a message; the audience decides which news fit.
    pub const fn new(to: A, news: A::News) -> Self {
        Self { to, news }
    }
}

/// A message for any audience.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a broadcast sends every case")]
pub enum AnyMessage {
    /// For everyone who follows an event.
    Room(Message<EventRoom>),
    /// For one buyer.
    Buyer(Message<BuyerOnly>),
}

impl From<Message<EventRoom>> for AnyMessage {
    fn from(message: Message<EventRoom>) -> Self {
        Self::Room(message)
    }
}

impl From<Message<BuyerOnly>> for AnyMessage {
    fn from(message: Message<BuyerOnly>) -> Self {
        Self::Buyer(message)
    }
}
