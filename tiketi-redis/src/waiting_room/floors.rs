//! Records the highest arrival numbers that this process has seen, in case Redis loses them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tiketi_core::EventId;
use tiketi_core::waiting_room::{Line, PlaceClass, Room};

/// After a loss of the room, numbers continue at the next multiple of this step.
///
/// Other servers may have given numbers that this server has not seen. Each server reads every busy room about once
/// a second, when it admits, and no shop gives this many numbers in that time.
const STEP: u64 = 1_000_000;
/// Most numbers that a promoted replica may lack for the line to skip them. Admission passes over skipped numbers.
const MOST_SKIPPED: u64 = 10_000;

/// The highest arrival number of each class of each event; 50 bytes for each event.
#[derive(Debug, Default)]
pub(crate) struct Floors(Mutex<HashMap<EventId, [u64; 3]>>);

impl Floors {
    /// Records a room's numbers.
    pub(crate) fn remember(&self, room: &Room) {
        let mut floors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = floors.entry(room.event).or_default();
        for (known, class) in known.iter_mut().zip(PlaceClass::ALL) {
            *known = room.line(class).arrivals.max(*known);
        }
    }

    /// Forgets a room that was removed.
    pub(crate) fn forget(&self, event: EventId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&event);
    }

    /// Returns the room on which a command is decided, corrected so that no number is given twice.
    pub(crate) fn secure(&self, event: EventId, stored: Option<&Room>) -> Room {
        let floors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = floors.get(&event).copied().unwrap_or_default();
        drop(floors);
        match stored {
            Some(room) => skip_lost(*room, known),
            None => begin_above(Room::new(event), known),
        }
    }
}

/// Skips numbers that a promoted replica does not have.
fn skip_lost(mut room: Room, known: [u64; 3]) -> Room {
    for (known, class) in known.into_iter().zip(PlaceClass::ALL) {
        let line = room.line_mut(class);
        if known > line.arrivals && known - line.arrivals <= MOST_SKIPPED {
            line.arrivals = known;
        }
    }
    room
}

/// Starts a new room above the known numbers, after Redis has lost the room.
fn begin_above(mut room: Room, known: [u64; 3]) -> Room {
    if known == [0; 3] {
        return room;
    }
    for (known, class) in known.into_iter().zip(PlaceClass::ALL) {
        let first = (known / STEP).saturating_add(1).saturating_mul(STEP);
        *room.line_mut(class) =
            Line { arrivals: first, serving: first, waiting: 0, lobby: first, cleared: first };
    }
    room
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn room(arrivals: u64) -> Room {
        let mut room = Room::new(EventId::from_uuid(Uuid::from_u128(1)));
        room.standard.arrivals = arrivals;
        room
    }

    #[test]
    fn a_room_that_no_server_has_seen_begins_at_one() {
        let made = Floors::default().secure(room(0).event, None);
        assert_eq!(made, room(0));
    }

    #[test]
    fn a_lost_room_begins_above_every_number_that_was_seen() {
        let floors = Floors::default();
        floors.remember(&room(1_000_000));
        floors.remember(&room(999));
        let made = floors.secure(room(0).event, None);
        let line = made.standard;
        assert_eq!(
            (line.arrivals, line.serving, line.waiting, line.cleared),
            (2_000_000, 2_000_000, 0, 2_000_000)
        );
        assert_eq!(made.priority.arrivals, 1_000_000);
    }

    #[test]
    fn numbers_that_a_replica_lacks_are_skipped_within_reason() {
        let floors = Floors::default();
        floors.remember(&room(50_000));
        let arrivals = |stored| floors.secure(room(0).event, Some(&room(stored))).standard.arrivals;
        assert_eq!([arrivals(49_990), arrivals(50_001), arrivals(1)], [50_000, 50_001, 1]);
    }
}
