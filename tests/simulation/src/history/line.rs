//! The waiting room: no one overtakes, is called twice, or has two places.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tiketi_core::decide::waiting_room::Admission;
use tiketi_core::waiting_room::{Place, PlaceClass, PlaceId};
use tiketi_core::{BuyerId, Timestamp};

use crate::history::History;

/// How long a server may admit by a policy that was changed: the time for which it caches it, and a slow call.
const POLICY_LAG: Duration = Duration::from_mins(3);

/// What was seen of the line.
#[derive(Debug, Default)]
pub(crate) struct LineSeen {
    called: BTreeSet<PlaceId>,
    last: BTreeMap<PlaceClass, u64>,
    places: BTreeMap<BuyerId, Place>,
    /// Limits of active buyers under which servers admitted, with the moment.
    limits: Vec<(Timestamp, u32)>,
}

impl History {
    /// Notes the limit under which a server is about to admit.
    pub(crate) fn note_max_active(&mut self, limit: u32, now: Timestamp) {
        self.line.limits.retain(|(at, _)| at.after(POLICY_LAG) > now);
        self.line.limits.push((now, limit));
    }

    /// Checks an admission.
    ///
    /// # Errors
    ///
    /// What must not happen, in words.
    pub(crate) fn note_admission(&mut self, admission: &Admission) -> Result<(), String> {
        let line = &mut self.line;
        let most = line.limits.iter().map(|(_, limit)| *limit).max().unwrap_or(0);
        if !admission.called.is_empty() && admission.room.in_flight() > most {
            let now = admission.room.in_flight();
            return Err(format!("{now} buyers are called or active, and the limit is {most}"));
        }
        for place in &admission.called {
            if !line.called.insert(place.id) {
                return Err(format!("the place {:?} was called twice", place.id));
            }
            let last = line.last.entry(place.id.class).or_default();
            if place.id.arrival < *last {
                return Err(format!("the place {:?} was overtaken by number {last}", place.id));
            }
            *last = place.id.arrival;
        }
        Ok(())
    }

    /// Checks a place that a buyer was given or has.
    ///
    /// # Errors
    ///
    /// What must not happen, in words.
    pub(crate) fn note_place(&mut self, place: &Place) -> Result<(), String> {
        let known = self.line.places.insert(place.buyer, *place);
        let Some(known) = known else { return Ok(()) };
        let is_another = known.id != place.id;
        // A new place is given once the old one is over, so its number is greater.
        if is_another && place.id.class == known.id.class && place.id.arrival < known.id.arrival {
            return Err(format!("a buyer has two places: {:?} and {:?}", known.id, place.id));
        }
        Ok(())
    }
}
