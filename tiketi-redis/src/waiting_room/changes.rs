//! The changes that a commit writes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tiketi_core::decide::waiting_room::RoomChange;
use tiketi_core::waiting_room::{Place, Room};
use tiketi_core::{BuyerId, StoreError, StoreErrorKind, Timestamp};

use crate::codec::{
    BLOCK_BYTES, Pointer, Stamp, Swept, due_member, encode_place, encode_pointer, encode_room,
};
use crate::connection::{Redis, Written};
use crate::error::write_failed;
use crate::keys::{Block, RoomKeys, block_of};
use crate::script::{Call, Script};
use crate::waiting_room::rows::{StoredRoom, successive};

/// How long keys stay after they were last written, or prolonged by an admission.
///
/// An admission of a busy room prolongs the blocks of waiting places, so only rooms without admissions are deleted.
pub(crate) const KEPT: Duration = Duration::from_hours(24 * 7);

/// What the commands of a batch changed.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(crate) room: Room,
    pub(crate) clears: bool,
    pub(crate) admitted: Option<Vec<u8>>,
    /// Blocks that are not written, but whose keys are prolonged.
    pub(crate) keep: BTreeSet<Block>,
    /// Each place as it is now, with the end in its stored form.
    places: BTreeMap<Pointer, (Option<Timestamp>, Place)>,
    pointers: BTreeMap<BuyerId, Pointer>,
    /// The last arrival number of each class up to which buyers are forgotten.
    pub(crate) swept: Swept,
    /// Buyers who are forgotten, unless they have a later place.
    pub(crate) forgotten: Vec<(BuyerId, Pointer)>,
}

/// The result of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Committed {
    Done,
    /// Another writer was first.
    Stale,
    /// Another writer has the turn of a writer.
    Turn,
}

impl Changes {
    /// Makes changes of a room that was stored as `stored`.
    pub(crate) fn new(room: &Room, stored: Option<&StoredRoom>) -> Self {
        Self {
            room: *room,
            swept: stored.map(|stored| stored.swept).unwrap_or_default(),
            forgotten: Vec::new(),
            clears: false,
            admitted: None,
            keep: BTreeSet::new(),
            places: BTreeMap::new(),
            pointers: BTreeMap::new(),
        }
    }

    /// Returns a place that was changed.
    pub(crate) fn place(&self, pointer: Pointer) -> Option<&Place> {
        self.places.get(&pointer).map(|(_, place)| place)
    }

    /// Returns the pointer of a buyer who has joined.
    pub(crate) fn pointer(&self, buyer: BuyerId) -> Option<Pointer> {
        self.pointers.get(&buyer).copied()
    }

    /// Adds the change of a rule about one buyer; `stored` returns a place as it is stored.
    pub(crate) fn apply<'p>(&mut self, change: &RoomChange, stored: impl Fn(Pointer) -> Option<&'p Place>) {
        for place in change.lapsed.iter().chain([&change.place]) {
            let pointer = (place.id.class, place.id.arrival);
            let before = stored(pointer);
            if before.is_none() {
                self.pointers.insert(place.buyer, pointer);
            }
            self.put(*place, before.and_then(|before| before.state.until()));
        }
        self.room = change.room;
    }

    /// Writes a place whose stored form ends at `until`.
    pub(crate) fn put(&mut self, place: Place, until: Option<Timestamp>) {
        let pointer = (place.id.class, place.id.arrival);
        self.places.entry(pointer).or_insert((until, place)).1 = place;
    }

    fn call(&self, keys: &RoomKeys, expected: Option<Stamp>, owner: [u8; 16], asks_for_turn: bool) -> Call {
        let mut call = Call {
            keys: vec![keys.room(), keys.buyers(), keys.due(), keys.admissions(), keys.turn()],
            ..Call::default()
        };
        let written: BTreeSet<Block> = self.places.keys().map(|pointer| block_of(*pointer).0).collect();
        let indexes: BTreeMap<Block, usize> =
            written.iter().map(|block| (*block, call.key(keys.block(*block)))).collect();
        for block in self.keep.difference(&written) {
            call.key(keys.block(*block));
        }
        let (add, remove) = self.due();
        call.argument(expected.map_or(Vec::new(), |stamp| stamp.to_vec()));
        call.argument(owner);
        call.argument(if asks_for_turn { "1" } else { "" });
        call.number(&KEPT.as_millis());
        call.argument(encode_room(rand::random(), self.swept, &self.room));
        call.argument(if self.clears { "1" } else { "" });
        call.argument(self.admitted.clone().unwrap_or_default());
        call.number(&written.len());
        call.number(&(BLOCK_BYTES - 1));
        call.number(&self.pointers.len());
        call.number(&add.len());
        call.number(&remove.len());
        call.number(&self.forgotten.len());
        let forgotten = self.forgotten.iter().map(|(buyer, pointer)| (buyer, pointer));
        for (buyer, pointer) in self.pointers.iter().chain(forgotten) {
            call.argument(*buyer.as_uuid().as_bytes());
            call.argument(encode_pointer(*pointer));
        }
        for member in add.into_iter().chain(remove) {
            call.argument(member);
        }
        let places = self.places.iter().map(|(pointer, (_, place))| (*pointer, place));
        for group in successive(places, |(pointer, _)| *pointer) {
            let Some((block, offset)) = group.first().map(|(pointer, _)| block_of(*pointer)) else {
                continue;
            };
            call.number(&indexes.get(&block).copied().unwrap_or_default());
            call.number(&offset);
            call.argument(group.iter().flat_map(|(_, place)| encode_place(place)).collect::<Vec<u8>>());
        }
        call
    }

    /// Returns the due members to add and to remove.
    fn due(&self) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let moved = self.places.iter().filter(|(_, (before, place))| *before != place.state.until());
        let (mut add, mut remove) = (Vec::new(), Vec::new());
        for (pointer, (before, place)) in moved {
            add.extend(place.state.until().map(|until| due_member(until, *pointer)));
            remove.extend(before.map(|until| due_member(until, *pointer)));
        }
        (add, remove)
    }
}

#[derive(Debug)]
pub(crate) struct RowWriter {
    commit: Script,
    /// Identifies this process among the writers of a room.
    owner: [u8; 16],
}

impl RowWriter {
    pub(crate) fn new() -> Self {
        Self { commit: Script::new(include_str!("../../scripts/commit.lua")), owner: rand::random() }
    }

    /// Writes changes, if the room still has the stamp on which they were decided.
    pub(crate) async fn commit(
        &self,
        redis: &Redis,
        expected: Option<Stamp>,
        changes: &Changes,
        asks_for_turn: bool,
    ) -> Result<Committed, StoreError> {
        let keys = RoomKeys::new(redis.prefix(), changes.room.event);
        let call = changes.call(&keys, expected, self.owner, asks_for_turn);
        let Written { answer, is_replicated } =
            self.commit.write::<String>(redis, &call).await.map_err(write_failed)?;
        match answer.as_str() {
            "DONE" if !is_replicated => Err(StoreError::new(
                StoreErrorKind::OutcomeUnknown,
                "fewer replicas than demanded have what was written",
            )),
            "DONE" => Ok(Committed::Done),
            "STALE" => Ok(Committed::Stale),
            "TURN" => Ok(Committed::Turn),
            other => Err(StoreError::new(StoreErrorKind::Internal, format!("a commit answered {other}"))),
        }
    }
}
