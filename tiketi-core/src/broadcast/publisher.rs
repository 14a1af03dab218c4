//! How a store publishes what it committed.

use std::sync::{Arc, PoisonError, RwLock};

use crate::broadcast::Broadcast;
use crate::broadcast::audience::{EventRoom, Message};
use crate::broadcast::news::PublicNews;
use crate::fact::{FactBody, FactKinds};
use crate::id::EventId;

/// The broadcasts of a store, to which it sends the public facts of each commit.
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
        let has_listener = broadcasts.iter().any(|broadcast| broadcast.has_listener(EventRoom(event)));
        if has_listener { FactKinds::PUBLIC } else { FactKinds::NONE }
    }

    /// Sends the public ones of the facts of a commit, which is over.
    pub fn publish(&self, event: EventId, facts: impl IntoIterator<Item = FactBody>) {
        let news = facts.into_iter().filter_map(PublicNews::of);
        let mut news = news.peekable();
        if news.peek().is_none() {
            return;
        }
        // Copied, so that no lock is held while a broadcast delivers.
        let broadcasts = self.broadcasts.read().unwrap_or_else(PoisonError::into_inner).clone();
        for news in news {
            for broadcast in &broadcasts {
                broadcast.publish(Message::new(EventRoom(event), news.clone()).into());
            }
        }
    }
}
