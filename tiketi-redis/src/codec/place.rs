//! Places: 64 bytes each, in blocks; the arrival number determines the block and the index in it.

use tiketi_core::bytes::{ByteReader, ByteWriter};
use tiketi_core::waiting_room::{Place, PlaceClass, PlaceId, PlaceState, ProofState};
use tiketi_core::{BuyerId, CommandKey, EventId, StoreError, Timestamp};

/// Size of a stored place. Its last bytes stay zero.
pub(crate) const PLACE_BYTES: u64 = 64;
/// Number of places in a block.
///
/// Redis' allocator (jemalloc) has a size of 8,192 bytes; 127 places and Redis' own header of a string fit into it,
/// 128 would take 10,240.
pub(crate) const BLOCK_PLACES: u64 = 127;
/// Size of a block.
pub(crate) const BLOCK_BYTES: u64 = BLOCK_PLACES * PLACE_BYTES;

/// Class and arrival number of a place of a known event.
pub(crate) type Pointer = (PlaceClass, u64);

const WAITING: u8 = 1;
const CALLED: u8 = 2;
const ACTIVE: u8 = 3;
const DONE: u8 = 4;
const LEFT: u8 = 5;
const LAPSED: u8 = 6;

const PROOFS: [ProofState; 3] = [ProofState::NotAsked, ProofState::Missing, ProofState::Solved];

const fn proof_byte(proof: ProofState) -> u8 {
    match proof {
        ProofState::NotAsked => 0,
        ProofState::Missing => 1,
        ProofState::Solved => 2,
    }
}

pub(crate) fn encode_place(place: &Place) -> Vec<u8> {
    // The id is not written: it follows from the event, the block and the index.
    let Place { id: _, buyer, party, state, joined_at, joined_by, proof } = *place;
    let none = Timestamp::EPOCH;
    let (tag, since, until) = match state {
        PlaceState::Waiting => (WAITING, none, none),
        PlaceState::Called { until } => (CALLED, none, until),
        PlaceState::Active { since, until } => (ACTIVE, since, until),
        PlaceState::Done => (DONE, none, none),
        PlaceState::Left => (LEFT, none, none),
        PlaceState::Lapsed => (LAPSED, none, none),
    };
    let mut bytes = ByteWriter::with_capacity(64);
    bytes.uuid(buyer.as_uuid());
    bytes.uuid(joined_by.as_uuid());
    for moment in [joined_at, since, until] {
        bytes.moment(moment);
    }
    bytes.u32(party);
    bytes.u8(tag);
    bytes.u8(proof_byte(proof));
    bytes.raw(&[0; 2]);
    bytes.into_bytes()
}

/// Reads a place; `None` if none was written there.
pub(crate) fn decode_place(event: EventId, at: Pointer, bytes: &[u8]) -> Result<Option<Place>, StoreError> {
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let mut bytes = ByteReader::new(bytes);
    let buyer = BuyerId::from_uuid(bytes.uuid()?);
    let joined_by = CommandKey::from_uuid(bytes.uuid()?);
    let (joined_at, since, until) = (bytes.moment()?, bytes.moment()?, bytes.moment()?);
    let party = bytes.u32()?;
    let state = match bytes.u8()? {
        WAITING => PlaceState::Waiting,
        CALLED => PlaceState::Called { until },
        ACTIVE => PlaceState::Active { since, until },
        DONE => PlaceState::Done,
        LEFT => PlaceState::Left,
        LAPSED => PlaceState::Lapsed,
        tag => return Err(StoreError::corrupt(format!("no place has the state {tag}"))),
    };
    let byte = bytes.u8()?;
    let proof = PROOFS.into_iter().find(|proof| proof_byte(*proof) == byte);
    let proof = proof.ok_or_else(|| StoreError::corrupt(format!("no place has the proof {byte}")))?;
    let id = PlaceId { event, class: at.0, arrival: at.1 };
    Ok(Some(Place { id, buyer, party, state, joined_at, joined_by, proof }))
}

pub(crate) fn encode_pointer((class, arrival): Pointer) -> [u8; 9] {
    let mut bytes = [0; 9];
    let (first, rest) = bytes.split_at_mut(1);
    first.fill(class_byte(class));
    rest.copy_from_slice(&arrival.to_be_bytes());
    bytes
}

pub(crate) fn decode_pointer(bytes: &[u8]) -> Result<Pointer, StoreError> {
    pointer(&mut ByteReader::new(bytes))
}

/// Returns the member of the due places, which sorts by time, then by class and arrival number.
pub(crate) fn due_member(until: Timestamp, at: Pointer) -> Vec<u8> {
    let mut bytes = ByteWriter::with_capacity(17);
    bytes.moment(until);
    bytes.raw(&encode_pointer(at));
    bytes.into_bytes()
}

/// Returns a bound that is not smaller than any member that is due at `now`.
pub(crate) fn due_until(now: Timestamp) -> Vec<u8> {
    let mut bytes = ByteWriter::with_capacity(17);
    bytes.moment(now);
    bytes.raw(&[0xFF; 9]);
    bytes.into_bytes()
}

/// Returns the place that a due member names.
pub(crate) fn decode_due(member: &[u8]) -> Result<Pointer, StoreError> {
    let mut bytes = ByteReader::new(member);
    bytes.moment()?;
    pointer(&mut bytes)
}

/// A remembered admission: its request, and the places that it called.
pub(crate) type Admitted = (CommandKey, Vec<Pointer>);

pub(crate) fn encode_admitted(request: CommandKey, called: &[Place]) -> Vec<u8> {
    let mut bytes = ByteWriter::with_capacity(16 + called.len() * 9);
    bytes.uuid(request.as_uuid());
    for place in called {
        bytes.raw(&encode_pointer((place.id.class, place.id.arrival)));
    }
    bytes.into_bytes()
}

pub(crate) fn decode_admitted(bytes: &[u8]) -> Result<Admitted, StoreError> {
    let mut bytes = ByteReader::new(bytes);
    let request = CommandKey::from_uuid(bytes.uuid()?);
    let mut called = Vec::new();
    while !bytes.is_empty() {
        called.push(pointer(&mut bytes)?);
    }
    Ok((request, called))
}

fn pointer(bytes: &mut ByteReader<'_>) -> Result<Pointer, StoreError> {
    let byte = bytes.u8()?;
    let class = PlaceClass::ALL.into_iter().find(|class| class_byte(*class) == byte);
    let class = class.ok_or_else(|| StoreError::corrupt(format!("no class of places is {byte}")))?;
    Ok((class, bytes.u64()?))
}

/// The order of these bytes is that of the classes.
const fn class_byte(class: PlaceClass) -> u8 {
    match class {
        PlaceClass::Priority => 0,
        PlaceClass::Standard => 1,
        PlaceClass::Demoted => 2,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn place(state: PlaceState) -> Place {
        let event = EventId::from_uuid(Uuid::from_u128(1));
        Place {
            id: PlaceId { event, class: PlaceClass::Demoted, arrival: 12 },
            buyer: BuyerId::from_uuid(Uuid::from_u128(2)),
            party: u32::MAX,
            state,
            joined_at: Timestamp::from_micros(-5),
            joined_by: CommandKey::from_uuid(Uuid::from_u128(3)),
            proof: ProofState::Solved,
        }
    }

    #[test]
    fn a_place_of_any_state_survives_being_written_and_read() {
        let until = Timestamp::FAR_FUTURE;
        for state in [
            PlaceState::Waiting,
            PlaceState::Called { until },
            PlaceState::Active { since: Timestamp::EPOCH, until },
            PlaceState::Done,
            PlaceState::Left,
            PlaceState::Lapsed,
        ] {
            let place = place(state);
            let bytes = encode_place(&place);
            assert_eq!(bytes.len(), 64);
            let read = decode_place(place.id.event, (place.id.class, place.id.arrival), &bytes);
            assert_eq!(read.unwrap(), Some(place));
        }
    }

    #[test]
    fn bytes_that_were_never_written_are_no_place() {
        let event = EventId::from_uuid(Uuid::from_u128(1));
        for bytes in [&[][..], &[0; 64]] {
            assert_eq!(decode_place(event, (PlaceClass::Standard, 1), bytes).unwrap(), None);
        }
    }

    #[test]
    fn due_members_sort_by_moment_class_and_arrival() {
        let at = Timestamp::from_micros;
        let members = [
            due_member(at(-1), (PlaceClass::Demoted, 9)),
            due_member(at(1), (PlaceClass::Priority, 300)),
            due_member(at(1), (PlaceClass::Standard, 2)),
            due_member(at(1), (PlaceClass::Standard, 256)),
            due_until(at(1)),
            due_member(at(2), (PlaceClass::Priority, 1)),
        ];
        assert!(members.is_sorted());
    }

    #[test]
    fn an_admission_is_remembered_with_its_places() {
        let places = [place(PlaceState::Waiting); 2];
        let request = CommandKey::from_uuid(Uuid::from_u128(4));
        let read = decode_admitted(&encode_admitted(request, &places)).unwrap();
        assert_eq!(read, (request, vec![(PlaceClass::Demoted, 12); 2]));
    }
}
