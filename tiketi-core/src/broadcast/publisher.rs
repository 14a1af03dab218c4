//! How a store publishes what it committed.

use std::sync::{Arc, PoisonError, RwLock};

use crate::broadcast::Broadcast;
use crate::broadcast::audience::{AnyMessage, BuyerOnly, EventRoom, Message};
use crate::broadcast::news::{PrivateNews, PublicNews};
use crate::fact::{FactBody, FactKinds};
use crate::id::EventId;

/// The broadcasts of a store, to which it sends the facts of each commit: public ones to the event's room, and those of a
/// buyer to that buyer.
///
/// A store has one, and follows the contract of [`crate::store::OutboxStore::broadcast_to`] with it.
#[derive(Debug, Default)]
pub struct CommitPublisher {
    broadcasts: RwLock<Vec<Arc<dyn Broadcast>>>,
}

impl CommitPublisher {
    /// Adds a broadcast, once; drops those that only this publisher still has.
    pub fn add(&self, broadcast: Arc<dyn Broadcast>) {
        let mut broadcasts = self.broadcasts.write().unwrap_or_else(PoisonError::into_inner);
        broadcasts.retain(|known| Arc::strong_count(known) > 1 && !Arc::ptr_eq(known, &broadcast));
        broadcasts.push(broadcast);
    }

    /// Returns the kinds of facts that a commit about an event has to make for the broadcasts.
    pub fn wanted(&self, event: EventId) -> FactKinds {
        let broadcasts = self.broadcasts.read().unwrap_or_else(PoisonError::into_inner);
        let mut wanted = FactKinds::NONE;
        if broadcasts.iter().any(|broadcast| broadcast.has_listener(EventRoom(event))) {
            wanted = wanted.or(FactKinds::PUBLIC);
        }
        if broadcasts.iter().any(|broadcast| broadcast.has_buyer_listener()) {
            wanted = wanted.or(FactKinds::PRIVATE_NEWS);
        }
        wanted
    }

    /// Sends those of the facts of a commit, which is over, that may reach a listener.
    pub fn publish(&self, event: EventId, facts: impl IntoIterator<Item = FactBody>) {
        let wanted = self.wanted(event);
        let facts = facts.into_iter().filter(|fact| wanted.contains(fact.kind()));
        let mut messages = facts.filter_map(|fact| message(event, fact)).peekable();
        if messages.peek().is_none() {
            return;
        }
        // Copied, so that no lock is held while a broadcast delivers.
        let broadcasts = self.broadcasts.read().unwrap_or_else(PoisonError::into_inner).clone();
        for message in messages {
            for broadcast in &broadcasts {
                broadcast.publish(message.clone());
            }
        }
    }
}

/// Returns the message of a fact for the audience that it may have.
fn message(event: EventId, fact: FactBody) -> Option<AnyMessage> {
    match fact.buyer() {
        Some(buyer) => PrivateNews::of(event, &fact).map(|news| Message::new(BuyerOnly(buyer), news).into()),
        None => PublicNews::of(fact).map(|news| Message::new(EventRoom(event), news).into()),
    }
}
