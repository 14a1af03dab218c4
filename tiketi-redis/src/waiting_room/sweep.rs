//! Forgets buyers whose places ended long ago, so that their hash does not grow with everyone who ever joined.
//!
//! Each admission goes a few steps along the arrival numbers of each line, up to the first place that is live or young.

use std::collections::HashMap;
use std::time::Duration;

use tiketi_core::waiting_room::{Place, PlaceClass};
use tiketi_core::{BuyerId, Timestamp};

use crate::codec::{Pointer, Swept};
use crate::waiting_room::rows::StoredRoom;

/// Most places of each class that one admission looks at.
const MOST: u64 = 64;
/// How long the place of a buyer is found after it has ended, counted from its joining.
const KNOWN_FOR: Duration = Duration::from_hours(24);

/// Returns the places that a sweep looks at.
pub(crate) fn reads(stored: &StoredRoom) -> impl Iterator<Item = Pointer> {
    let room = stored.room;
    PlaceClass::ALL.into_iter().zip(stored.swept).flat_map(move |(class, swept)| {
        let line = room.line(class);
        let from = swept.max(line.cleared);
        (from.saturating_add(1)..=line.arrivals.min(from.saturating_add(MOST)))
            .map(move |arrival| (class, arrival))
    })
}

/// Returns how far the sweep has come, and whom it forgets.
pub(crate) fn decide(
    stored: &StoredRoom,
    places: &HashMap<Pointer, Place>,
    now: Timestamp,
) -> (Swept, Vec<(BuyerId, Pointer)>) {
    let young = now.before(KNOWN_FOR);
    let (mut swept, mut forgotten, mut is_stopped) = (stored.swept, Vec::new(), [false; 3]);
    for pointer in reads(stored) {
        let of_class = PlaceClass::ALL.iter().zip(&mut swept).zip(&mut is_stopped);
        let Some(((_, swept), is_stopped)) =
            of_class.into_iter().find(|((class, _), _)| **class == pointer.0)
        else {
            continue;
        };
        let place = places.get(&pointer);
        *is_stopped |= place.is_some_and(|place| place.state.is_live() || place.joined_at >= young);
        if *is_stopped {
            continue;
        }
        *swept = pointer.1;
        // A number without a place was skipped, or its block is deleted.
        forgotten.extend(place.map(|place| (place.buyer, pointer)));
    }
    (swept, forgotten)
}
