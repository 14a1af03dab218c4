//! Which event a reservation or payment is of: what never changes need not be asked twice.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tiketi_core::EventId;
use uuid::Uuid;

/// Most ids of one generation; there are two.
const GENERATION: usize = 100_000;

/// Remembers the latest ids this server met, and forgets the older half when there are too many.
#[derive(Debug, Default)]
pub(crate) struct Homes(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Uuid, EventId>,
    old: HashMap<Uuid, EventId>,
}

impl Homes {
    /// Returns the event of a reservation or payment, if it is remembered.
    pub(crate) fn find(&self, id: Uuid) -> Option<EventId> {
        let homes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        homes.young.get(&id).or_else(|| homes.old.get(&id)).copied()
    }

    /// Remembers the event of a reservation or payment.
    pub(crate) fn learn(&self, id: Uuid, event: EventId) {
        let mut homes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if homes.young.len() >= GENERATION {
            homes.old = std::mem::take(&mut homes.young);
        }
        homes.young.insert(id, event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_remembered_and_the_oldest_forgotten() {
        let homes = Homes::default();
        let event = EventId::from_uuid(Uuid::nil());
        let id = |number: usize| Uuid::from_u128(number as u128);
        (0..=2 * GENERATION).for_each(|number| homes.learn(id(number), event));
        assert_eq!(homes.find(id(0)), None);
        assert_eq!(homes.find(id(2 * GENERATION)), Some(event));
        assert_eq!(homes.find(id(GENERATION)), Some(event));
    }
}
