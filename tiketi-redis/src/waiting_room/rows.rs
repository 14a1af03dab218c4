//! Reads rooms and places.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tiketi_core::decide::waiting_room::Admit;
use tiketi_core::waiting_room::{Place, Room};
use tiketi_core::{BuyerId, EventId, StoreError, StoreErrorKind};

use crate::codec::{
    Admitted, PLACE_BYTES, Pointer, Stamp, Swept, decode_admitted, decode_due, decode_place, decode_pointer,
    decode_room, due_until, stamp_of,
};
use crate::connection::Redis;
use crate::error::read_failed;
use crate::keys::{Block, RoomKeys, block_of};
use crate::script::{Call, Script};

/// How many times places are read again because their buyers have newer ones.
const MOST_READS: u32 = 16;
/// Most lapsed places that an admission records.
const MOST_DUE: u32 = tiketi_core::decide::waiting_room::MAX_ADMISSION;

/// A room as it is stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredRoom {
    pub(crate) stamp: Stamp,
    pub(crate) swept: Swept,
    pub(crate) room: Room,
}

/// A room and the latest places of some buyers, at one moment.
#[derive(Debug)]
pub(crate) struct BuyerRows {
    pub(crate) stored: Option<StoredRoom>,
    pub(crate) pointers: HashMap<BuyerId, Pointer>,
    pub(crate) places: HashMap<Pointer, Place>,
}

/// A room, its due places, recent admissions, and the requested places, at one moment.
#[derive(Debug)]
pub(crate) struct AdmissionRows {
    pub(crate) stored: Option<StoredRoom>,
    pub(crate) due: Vec<Pointer>,
    pub(crate) admissions: Vec<Admitted>,
    pub(crate) places: HashMap<Pointer, Place>,
}

/// The answers of the two scripts, in the form that each script describes.
type BuyerAnswer = (Option<Vec<u8>>, Vec<Option<Vec<u8>>>, Vec<Vec<u8>>);
type AdmissionAnswer = (Option<Vec<u8>>, Vec<Vec<u8>>, Vec<Vec<u8>>, Vec<Vec<u8>>);

#[derive(Debug)]
pub(crate) struct RowReader {
    load: Script,
    load_admission: Script,
}

impl RowReader {
    pub(crate) fn new() -> Self {
        Self {
            load: Script::new(include_str!("../../scripts/load.lua")),
            load_admission: Script::new(include_str!("../../scripts/load_admission.lua")),
        }
    }

    /// Reads a room.
    pub(crate) async fn room(&self, redis: &Redis, event: EventId) -> Result<Option<StoredRoom>, StoreError> {
        let mut command = redis::cmd("GET");
        command.arg(RoomKeys::new(redis.prefix(), event).room());
        stored(event, redis.run(&command).await.map_err(read_failed)?)
    }

    /// Reads a room and the latest places of buyers.
    ///
    /// Redis is called twice if buyers have places: the keys of a script must be named in advance, and the first
    /// answer says in which blocks the places are.
    pub(crate) async fn of_buyers(
        &self,
        redis: &Redis,
        event: EventId,
        buyers: &[BuyerId],
    ) -> Result<BuyerRows, StoreError> {
        let mut known = HashMap::new();
        for _ in 0..MOST_READS {
            let wanted = known.values().copied().collect();
            let (stored, found, places) = self.load(redis, event, buyers, &wanted).await?;
            let pointers: HashMap<BuyerId, Pointer> =
                buyers.iter().zip(found).filter_map(|(buyer, found)| Some((*buyer, found?))).collect();
            if pointers == known {
                return Ok(BuyerRows { stored, pointers, places });
            }
            known = pointers;
        }
        Err(StoreError::new(StoreErrorKind::Contention, "places change too fast to be read"))
    }

    /// Reads a room and places by their arrival numbers.
    pub(crate) async fn places(
        &self,
        redis: &Redis,
        event: EventId,
        wanted: &BTreeSet<Pointer>,
    ) -> Result<(Option<StoredRoom>, HashMap<Pointer, Place>), StoreError> {
        let (stored, _, places) = self.load(redis, event, &[], wanted).await?;
        Ok((stored, places))
    }

    async fn load(
        &self,
        redis: &Redis,
        event: EventId,
        buyers: &[BuyerId],
        wanted: &BTreeSet<Pointer>,
    ) -> Result<(Option<StoredRoom>, Vec<Option<Pointer>>, HashMap<Pointer, Place>), StoreError> {
        let keys = RoomKeys::new(redis.prefix(), event);
        let mut call = Call { keys: vec![keys.room(), keys.buyers()], ..Call::default() };
        call.number(&buyers.len());
        for buyer in buyers {
            call.argument(*buyer.as_uuid().as_bytes());
        }
        let ranges = ask_for(&mut call, &keys, wanted);
        let (room, pointers, bytes): BuyerAnswer = self.load.run(redis, &call).await.map_err(read_failed)?;
        let stored = stored(event, room)?;
        let pointers = pointers.iter().map(|bytes| bytes.as_deref().map(decode_pointer).transpose());
        let pointers = pointers.collect::<Result<_, _>>()?;
        Ok((stored, pointers, read(event, stored.as_ref(), &ranges, &bytes)?))
    }

    /// Reads the rows that an admission needs.
    pub(crate) async fn of_admission(
        &self,
        redis: &Redis,
        ask: &Admit,
        wanted: &BTreeSet<Pointer>,
    ) -> Result<AdmissionRows, StoreError> {
        let keys = RoomKeys::new(redis.prefix(), ask.event);
        let mut call = Call { keys: vec![keys.room(), keys.due(), keys.admissions()], ..Call::default() };
        call.argument(due_until(ask.now));
        call.number(&ask.limit.clamp(1, MOST_DUE));
        let ranges = ask_for(&mut call, &keys, wanted);
        let (room, due, admissions, bytes): AdmissionAnswer =
            self.load_admission.run(redis, &call).await.map_err(read_failed)?;
        let stored = stored(ask.event, room)?;
        Ok(AdmissionRows {
            stored,
            due: due.iter().map(|member| decode_due(member)).collect::<Result<_, _>>()?,
            admissions: admissions.iter().map(|bytes| decode_admitted(bytes)).collect::<Result<_, _>>()?,
            places: read(ask.event, stored.as_ref(), &ranges, &bytes)?,
        })
    }
}

fn stored(event: EventId, bytes: Option<Vec<u8>>) -> Result<Option<StoredRoom>, StoreError> {
    let Some(bytes) = bytes else { return Ok(None) };
    let (swept, room) = decode_room(event, &bytes)?;
    Ok(Some(StoredRoom { stamp: stamp_of(&bytes)?, swept, room }))
}

/// Adds places to a call, successive ones of a block as one range, and returns the ranges.
fn ask_for(call: &mut Call, keys: &RoomKeys, wanted: &BTreeSet<Pointer>) -> Vec<Vec<Pointer>> {
    let mut indexes: BTreeMap<Block, usize> = BTreeMap::new();
    let ranges = successive(wanted.iter().copied(), |pointer| *pointer);
    for range in &ranges {
        let Some((block, offset)) = range.first().copied().map(block_of) else { continue };
        let index = *indexes.entry(block).or_insert_with(|| call.key(keys.block(block)));
        let bytes = PLACE_BYTES.saturating_mul(u64::try_from(range.len()).unwrap_or(u64::MAX));
        call.number(&index);
        call.number(&offset);
        call.number(&offset.saturating_add(bytes).saturating_sub(1));
    }
    ranges
}

/// Groups items whose places are successive in one block.
pub(crate) fn successive<T>(items: impl Iterator<Item = T>, pointer: impl Fn(&T) -> Pointer) -> Vec<Vec<T>> {
    let mut groups: Vec<Vec<T>> = Vec::new();
    for item in items {
        let (class, arrival) = pointer(&item);
        match groups.last_mut() {
            Some(group)
                if group.last().map(&pointer) == arrival.checked_sub(1).map(|before| (class, before))
                    && group.last().map(|last| block_of(pointer(last)).0)
                        == Some(block_of((class, arrival)).0) =>
            {
                group.push(item);
            }
            _ => groups.push(vec![item]),
        }
    }
    groups
}

/// Reads the places of ranges. Cleared places, and those of a deleted room, are omitted.
fn read(
    event: EventId,
    stored: Option<&StoredRoom>,
    ranges: &[Vec<Pointer>],
    bytes: &[Vec<u8>],
) -> Result<HashMap<Pointer, Place>, StoreError> {
    let mut places = HashMap::new();
    let Some(stored) = stored else { return Ok(places) };
    let size = usize::try_from(PLACE_BYTES).unwrap_or(usize::MAX);
    for (range, bytes) in ranges.iter().zip(bytes) {
        // A missing or truncated block returns fewer bytes.
        for (pointer, bytes) in range.iter().zip(bytes.chunks_exact(size)) {
            if pointer.1 > stored.room.line(pointer.0).cleared
                && let Some(place) = decode_place(event, *pointer, bytes)?
            {
                places.insert(*pointer, place);
            }
        }
    }
    Ok(places)
}
