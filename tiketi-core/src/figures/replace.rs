//! Exchanges what reservations added to the figures for what they add now.

use std::collections::{BTreeMap, HashMap};

use crate::figures::day::Day;
use crate::figures::entry::Counted;
use crate::figures::tally::{Parts, Tally};
use crate::id::{EventId, ReservationId};

/// What a tally is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a key: each store reads and writes every field")]
pub struct FigureKey {
    /// The event; `None` for the whole shop.
    pub event: Option<EventId>,
    /// The day; `None` for all days together.
    pub day: Option<Day>,
}

/// What a store writes: tallies to add to those that are stored, and entries in place of earlier ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a change: each store writes every field")]
pub struct FigureChange {
    /// The reservations whose entries are replaced.
    pub counted: Vec<Counted>,
    /// What to add, by key.
    pub sums: BTreeMap<FigureKey, Tally>,
}

/// Exchanges what was counted for reservations.
///
/// `known` is what is stored for them. What is not newer than that changes nothing.
pub fn replace(known: Vec<Counted>, new: Vec<Counted>) -> FigureChange {
    let mut known: HashMap<ReservationId, Counted> =
        known.into_iter().map(|counted| (counted.reservation, counted)).collect();
    let mut change = FigureChange::default();
    for counted in new {
        let before = known.get(&counted.reservation);
        if before.is_some_and(|before| before.version >= counted.version) {
            continue;
        }
        if let Some(before) = before {
            add(&mut change.sums, before, -1);
        }
        add(&mut change.sums, &counted, 1);
        change.counted.retain(|earlier| earlier.reservation != counted.reservation);
        change.counted.push(counted.clone());
        known.insert(counted.reservation, counted);
    }
    change.sums.retain(|_, tally| {
        tally.add(&Tally::default());
        *tally != Tally::default()
    });
    change
}

/// Adds the entries of a reservation to the tallies of its event and of the shop, of their days and of all days.
fn add(sums: &mut BTreeMap<FigureKey, Tally>, counted: &Counted, times: i64) {
    for event in [Some(counted.event), None] {
        let types = event.is_some();
        for entry in &counted.entries {
            let of_day = FigureKey { event, day: Some(entry.day) };
            sums.entry(of_day).or_default().count(entry, times, Parts { types, quarters: true });
            let of_all = FigureKey { event, day: None };
            sums.entry(of_all).or_default().count(entry, times, Parts { types, quarters: false });
        }
    }
}
