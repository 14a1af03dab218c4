//! Caches the event of each reservation and payment, which never changes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tiketi_core::EventId;
use uuid::Uuid;

/// Most ids of one generation; there are two.
const GENERATION: usize = 100_000;

/// Caches the latest ids that this server used, and drops the older half when there are too many.
#[derive(Debug, Default)]
pub(crate) struct EventIdCache(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Uuid, EventId>,
    old: HashMap<Uuid, EventId>,
}

impl EventIdCache {
    /// Returns the event of a reservation or payment, if it is cached.
    pub(crate) fn find(&self, id: Uuid) -> Option<EventId> {
        let event_ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        event_ids.young.get(&id).or_else(|| event_ids.old.get(&id)).copied()
    }

    /// Caches the event of a reservation or payment.
    pub(crate) fn learn(&self, id: Uuid, event: EventId) {
        let mut event_ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if event_ids.young.len() >= GENERATION {
            event_ids.old = std::mem::take(&mut event_ids.young);
        }
        event_ids.young.insert(id, event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_remembered_and_the_oldest_forgotten() {
        let event_ids = EventIdCache::default();
        let event = EventId::from_uuid(Uuid::nil());
        let id = |number: usize| Uuid::from_u128(number as u128);
        (0..=2 * GENERATION).for_each(|number| event_ids.learn(id(number), event));
        assert_eq!(event_ids.find(id(0)), None);
        assert_eq!(event_ids.find(id(2 * GENERATION)), Some(event));
        assert_eq!(event_ids.find(id(GENERATION)), Some(event));
    }
}
