//! The places of one room, in memory.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use foldhash::fast::RandomState;

use crate::decide::waiting_room::{Admission, Admit, RoomChange, RoomScope, admit};
use crate::error::StoreError;
use crate::id::{BuyerId, CommandKey, EventId};
use crate::store::{RoomRows, Standing};
use crate::time::Timestamp;
use crate::waiting_room::{Place, PlaceClass, PlaceId, PlaceState, Room};

/// How many admissions are remembered, so that a repetition is answered.
const REMEMBERED: usize = 8;
/// How long a place that has ended is kept at least, from its joining on.
const KEPT: Duration = Duration::from_hours(24);
/// Most ended places that one admission deletes for each place that it calls or lapses, and a few more.
const DELETED: usize = 64;

/// The places of one room: by arrival number, by buyer, and by the moment at which they lapse.
#[derive(Debug)]
pub(super) struct RoomTable {
    room: Room,
    priority: Arrivals,
    standard: Arrivals,
    demoted: Arrivals,
    of_buyer: HashMap<BuyerId, (PlaceClass, u64), RandomState>,
    due: BTreeSet<(Timestamp, PlaceClass, u64)>,
    admissions: VecDeque<(CommandKey, Vec<PlaceId>)>,
    /// Places that changed since the rows were last taken for a journal.
    unsaved: Vec<(PlaceClass, u64)>,
    /// The version of the room that was last taken for a journal.
    taken_version: u64,
}

/// Places of one class by arrival number. Those up to number `gone` are deleted.
#[derive(Debug, Default)]
struct Arrivals {
    gone: u64,
    places: VecDeque<Option<Place>>,
}

impl Arrivals {
    fn index(&self, arrival: u64) -> Option<usize> {
        usize::try_from(arrival.checked_sub(self.gone + 1)?).ok()
    }

    fn get(&self, arrival: u64) -> Option<&Place> {
        self.places.get(self.index(arrival)?)?.as_ref()
    }

    /// Inserts the place of the next arrival number, or replaces a place.
    fn put(&mut self, place: Place) -> Result<(), StoreError> {
        let index = self.index(place.id.arrival);
        let next = self.places.len();
        match index {
            Some(index) if index == next => self.places.push_back(Some(place)),
            Some(index) => match self.places.get_mut(index) {
                Some(known) => *known = Some(place),
                None => return Err(StoreError::corrupt(format!("{:?} skips an arrival number", place.id))),
            },
            None => return Err(StoreError::corrupt(format!("{:?} was deleted", place.id))),
        }
        Ok(())
    }

    /// Leaves arrival numbers below `arrival` without a place.
    fn skip_to(&mut self, arrival: u64) {
        while self.index(arrival).is_some_and(|index| index > self.places.len()) {
            self.places.push_back(None);
        }
    }
}

impl RoomTable {
    pub(super) fn new(event: EventId) -> Self {
        Self {
            room: Room::new(event),
            priority: Arrivals::default(),
            standard: Arrivals::default(),
            demoted: Arrivals::default(),
            of_buyer: HashMap::default(),
            due: BTreeSet::new(),
            admissions: VecDeque::new(),
            unsaved: Vec::new(),
            taken_version: 0,
        }
    }

    /// Makes the table from all rows of a room.
    pub(super) fn restored(rows: RoomRows) -> Result<Self, StoreError> {
        let RoomRows { room, places, deleted } = rows;
        let mut table = Self::new(room.event);
        for (class, gone) in deleted {
            table.line_mut(class).gone = gone;
        }
        for ((class, arrival), place) in places {
            if arrival <= table.line(class).gone {
                continue;
            }
            // A place that was never answered may be missing: its save failed with the process.
            table.line_mut(class).skip_to(arrival);
            table.put(place)?;
            table.known_as_latest(place);
        }
        for class in PlaceClass::ALL {
            table.line_mut(class).skip_to(room.line(class).arrivals + 1);
        }
        table.room = table.recounted(room);
        table.taken_version = room.version;
        table.unsaved.clear();
        Ok(table)
    }

    /// Makes a restored place the one of its buyer, unless another one is later or live.
    fn known_as_latest(&mut self, place: Place) {
        let is_latest = self.of_buyer(place.buyer).is_none_or(|known| {
            place.state.is_live() || !known.state.is_live() && known.joined_at <= place.joined_at
        });
        if is_latest {
            self.of_buyer.insert(place.buyer, (place.id.class, place.id.arrival));
        }
    }

    /// Returns a room with its places counted again.
    fn recounted(&self, mut room: Room) -> Room {
        (room.called, room.active) = (0, 0);
        for class in PlaceClass::ALL {
            room.line_mut(class).waiting = 0;
            for place in self.line(class).places.iter().flatten() {
                match place.state {
                    PlaceState::Waiting => room.line_mut(class).waiting += 1,
                    PlaceState::Called { .. } => room.called += 1,
                    PlaceState::Active { .. } => room.active += 1,
                    PlaceState::Done | PlaceState::Left | PlaceState::Lapsed => {}
                }
            }
        }
        room
    }

    /// Returns the rows that changed since they were last taken; `None` if there are none.
    pub(super) fn take_unsaved(&mut self) -> Option<RoomRows> {
        if self.room.version == self.taken_version {
            return None;
        }
        let mut rows = RoomRows::new(self.room);
        for (class, arrival) in std::mem::take(&mut self.unsaved) {
            if let Some(place) = self.place_at(class, arrival) {
                rows.places.insert((class, arrival), *place);
            }
        }
        let deleted = PlaceClass::ALL.into_iter().map(|class| (class, self.line(class).gone));
        rows.deleted = deleted.filter(|(_, gone)| *gone > 0).collect();
        self.taken_version = self.room.version;
        Some(rows)
    }

    /// Forgets which rows changed.
    pub(super) fn forget_unsaved(&mut self) {
        self.unsaved.clear();
        self.taken_version = self.room.version;
    }

    /// Marks rows that could not be saved, so that they are taken again as they are then.
    pub(super) fn put_back(&mut self, rows: &RoomRows) {
        self.unsaved.extend(rows.places.keys());
        self.taken_version = 0;
    }

    pub(super) fn room(&self) -> &Room {
        &self.room
    }

    pub(super) fn of_buyer(&self, buyer: BuyerId) -> Option<&Place> {
        let (class, arrival) = self.of_buyer.get(&buyer)?;
        self.place_at(*class, *arrival)
    }

    pub(super) fn place_at(&self, class: PlaceClass, arrival: u64) -> Option<&Place> {
        self.line(class).get(arrival)
    }

    pub(super) fn standing(&self, place: Place) -> Standing {
        Standing { place, room: self.room, replayed: false }
    }

    /// Writes what a rule about one buyer decided.
    pub(super) fn write(&mut self, change: &RoomChange) -> Result<Standing, StoreError> {
        if change.changed {
            if let Some(lapsed) = change.lapsed {
                self.put(lapsed)?;
            }
            self.put(change.place)?;
            self.of_buyer.insert(change.place.buyer, (change.place.id.class, change.place.id.arrival));
            self.room = change.room;
        }
        Ok(Standing { place: change.place, room: self.room, replayed: !change.changed })
    }

    /// Decides and writes an admission, or answers its repetition.
    pub(super) fn admit(&mut self, ask: &Admit) -> Result<Admission, StoreError> {
        if let Some((_, called)) = self.admissions.iter().find(|(request, _)| *request == ask.request) {
            let called =
                called.iter().filter_map(|id| self.place_at(id.class, id.arrival)).copied().collect();
            let room = self.room;
            return Ok(Admission { room, called, lapsed: Vec::new(), more: false, replayed: true });
        }
        let admission = admit(&*self, ask)?;
        for place in admission.lapsed.iter().chain(&admission.called) {
            self.put(*place)?;
        }
        self.room = admission.room;
        if !admission.called.is_empty() {
            let called = admission.called.iter().map(|place| place.id).collect();
            self.admissions.push_back((ask.request, called));
            if self.admissions.len() > REMEMBERED {
                self.admissions.pop_front();
            }
        }
        self.delete_ended(ask.now, admission.called.len() + admission.lapsed.len() + DELETED);
        Ok(admission)
    }

    /// Deletes all places, and returns how many were live.
    pub(super) fn clear(&mut self, request: CommandKey) -> u64 {
        if self.room.cleared_by == Some(request) {
            return 0;
        }
        let live = self.room.live();
        self.room.clear(request);
        let (room, taken_version) = (self.room, self.taken_version);
        *self = Self { room, taken_version, ..Self::new(room.event) };
        for class in PlaceClass::ALL {
            self.line_mut(class).gone = room.line(class).arrivals;
        }
        live
    }

    fn put(&mut self, place: Place) -> Result<(), StoreError> {
        let PlaceId { class, arrival, .. } = place.id;
        let before = self.place_at(class, arrival).and_then(|known| known.state.until());
        let after = place.state.until();
        if before != after {
            self.due.extend(after.map(|until| (until, class, arrival)));
            if let Some(until) = before {
                self.due.remove(&(until, class, arrival));
            }
        }
        self.unsaved.push((class, arrival));
        self.line_mut(class).put(place)
    }

    /// Deletes the first places of each line, while they have ended and are old enough.
    fn delete_ended(&mut self, now: Timestamp, limit: usize) {
        let before = now.before(KEPT);
        for class in PlaceClass::ALL {
            for _ in 0..limit {
                let line = self.line_mut(class);
                let is_old = |place: &Place| !place.state.is_live() && place.joined_at < before;
                let ended = line.places.pop_front_if(|first| first.as_ref().is_none_or(is_old));
                let Some(ended) = ended else { break };
                line.gone += 1;
                let Some(ended) = ended else { continue };
                if self.of_buyer.get(&ended.buyer) == Some(&(class, ended.id.arrival)) {
                    self.of_buyer.remove(&ended.buyer);
                }
            }
        }
    }

    fn line(&self, class: PlaceClass) -> &Arrivals {
        match class {
            PlaceClass::Priority => &self.priority,
            PlaceClass::Standard => &self.standard,
            PlaceClass::Demoted => &self.demoted,
        }
    }

    fn line_mut(&mut self, class: PlaceClass) -> &mut Arrivals {
        match class {
            PlaceClass::Priority => &mut self.priority,
            PlaceClass::Standard => &mut self.standard,
            PlaceClass::Demoted => &mut self.demoted,
        }
    }
}

impl RoomScope for RoomTable {
    fn room(&self) -> &Room {
        &self.room
    }

    fn place(&self, class: PlaceClass, arrival: u64) -> Option<&Place> {
        self.place_at(class, arrival)
    }

    fn due(&self, now: Timestamp, limit: u32) -> Vec<Place> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let due = self.due.iter().take_while(|(until, ..)| *until <= now).take(limit);
        due.filter_map(|(_, class, arrival)| self.place_at(*class, *arrival)).copied().collect()
    }
}
