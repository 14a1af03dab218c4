use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const STATES: [SeatStatus; 4] =
    [SeatStatus::Available, SeatStatus::Held, SeatStatus::Sold, SeatStatus::Blocked];

fn state() -> impl Strategy<Value = SeatStatus> {
    select(&STATES[..])
}

fn of(seats: u32) -> impl Strategy<Value = StatesOf> {
    let version = prop_oneof![0..100_u64, 0..=MAX_VERSION];
    (any::<[u8; 16]>(), version).prop_map(move |(layout, version)| StatesOf {
        layout: LayoutHash::from_bytes(layout),
        version,
        seats,
    })
}

fn entries(seats: u32) -> impl Strategy<Value = Vec<SeatEntry>> {
    let version = prop_oneof![1..300_u64, 0..=MAX_VERSION];
    let most = usize::try_from(seats.min(40)).unwrap();
    btree_map(0..seats.max(1), (state(), version), 0..=most).prop_map(move |entries| {
        let entries = entries.into_iter().filter(|(index, _)| *index < seats);
        entries.map(|(index, (state, version))| SeatEntry { index, state, version }).collect()
    })
}

fn states() -> impl Strategy<Value = SeatStates> {
    let all = vec(state(), 0..200).prop_flat_map(|states| {
        let seats = u32::try_from(states.len()).unwrap();
        (of(seats), Just(states), entries(seats)).prop_map(|(of, states, exceptions)| SeatStates::All {
            of,
            states,
            exceptions,
        })
    });
    let changes = prop_oneof![0..50_u32, Just(1_000_000)].prop_flat_map(|seats| {
        (of(seats), any::<u64>(), entries(seats)).prop_map(|(of, since, entries)| SeatStates::Changes {
            of,
            since: since % (of.version + 1),
            entries,
        })
    });
    prop_oneof![all, changes]
}

proptest! {
    #[test]
    fn what_is_written_is_read(states in states()) {
        prop_assert_eq!(SeatStates::decode(&states.encode()), Ok(states));
    }

    #[test]
    fn every_truncation_is_refused(states in states()) {
        let bytes = states.encode();
        for length in 0..bytes.len() {
            prop_assert_eq!(SeatStates::decode(&bytes[..length]), Err(InvalidStates::Truncated));
        }
    }

    #[test]
    fn bytes_after_the_end_are_refused(states in states(), more in any::<u8>()) {
        let mut bytes = states.encode();
        bytes.push(more);
        prop_assert_eq!(SeatStates::decode(&bytes), Err(InvalidStates::TrailingBytes));
    }

    /// Every input is an error, or exactly what would be written for what was read.
    #[test]
    fn whatever_is_read_has_one_way_to_be_written(states in states(), at in any::<usize>(), byte in any::<u8>()) {
        let mut bytes = states.encode();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(read) = SeatStates::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }

    #[test]
    fn garbage_is_refused_or_read_without_a_panic(head in prop_oneof![Just(vec![1, 1]), Just(vec![1, 2]), Just(vec![])], garbage in vec(any::<u8>(), 0..300)) {
        let bytes = [head, garbage].concat();
        if let Ok(read) = SeatStates::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }
}

fn all(seats: u32, states: Vec<SeatStatus>) -> SeatStates {
    let of = StatesOf { layout: LayoutHash::from_bytes([9; 16]), version: 5, seats };
    SeatStates::All { of, states, exceptions: Vec::new() }
}

#[test]
fn each_defect_has_its_name() {
    let bytes = all(5, vec![SeatStatus::Blocked; 5]).encode();
    let with = |at: usize, byte: u8| {
        let mut changed = bytes.clone();
        changed[at] = byte;
        SeatStates::decode(&changed)
    };
    assert_eq!(with(0, 2), Err(InvalidStates::UnknownFormat(2)));
    assert_eq!(with(1, 3), Err(InvalidStates::UnknownKind(3)));
    assert_eq!(with(25, 1), Err(InvalidStates::VersionTooGreat));
    assert_eq!(with(26, 1), Err(InvalidStates::WrongSince));
    assert_eq!(with(36, 255), Err(InvalidStates::TooManySeats(0x00ff_0005)));
    assert_eq!(with(39, 4), Err(InvalidStates::BitsWithoutSeat));
    assert_eq!(with(40, 6), Err(InvalidStates::NoSuchSeat));
    let long = [&bytes[..40], &[0x80, 0]].concat();
    assert_eq!(SeatStates::decode(&long), Err(InvalidStates::LongNumber));
    let endless = [&bytes[..40], &[0xff; 12]].concat();
    assert_eq!(SeatStates::decode(&endless), Err(InvalidStates::LongNumber));
}

#[test]
fn twenty_thousand_seats_take_two_bits_each() {
    let states = (0..20_000_usize).map(|seat| STATES[seat % 4]).collect();
    assert_eq!(all(20_000, states).encode().len(), HEADER_BYTES + 5_000 + 1);
}

#[test]
fn the_bytes_are_those_of_the_documented_format() {
    let of = StatesOf { layout: LayoutHash::from_bytes([0xaa; 16]), version: 0x0102, seats: 300 };
    let entry = |index, state, version| SeatEntry { index, state, version };
    let entries = vec![
        entry(0, SeatStatus::Held, 2),
        entry(1, SeatStatus::Sold, 300),
        entry(299, SeatStatus::Available, 127),
    ];
    let bytes = SeatStates::Changes { of, since: 0x0101, entries }.encode();
    let mut expected = vec![1, 2];
    expected.extend([0xaa; 16]);
    expected.extend([2, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0x2c, 1, 0, 0]);
    // Three entries. 4 × 297 is 0x4a4: 0x24 with the highest bit, then 9.
    expected.extend([3, 1, 2, 2, 0xac, 2, 0xa4, 9, 127]);
    assert_eq!(bytes, expected);
}

#[test]
fn a_layout_s_hash_depends_on_each_of_its_parts() {
    use std::sync::Arc;

    use uuid::Uuid;

    use crate::id::{SeatId, TicketTypeId};
    use crate::live_seats::LayoutSeat;
    use crate::seat::SeatPlace;

    let place = SeatPlace {
        section: "R".into(),
        row: "A".into(),
        number: "1".into(),
        label: "R A-1".into(),
        column: 0,
        line: 0,
        accessible: false,
    };
    let seat = |place: SeatPlace| LayoutSeat {
        seat: SeatId::from_uuid(Uuid::from_u128(1)),
        ticket_type: TicketTypeId::from_uuid(Uuid::from_u128(2)),
        place: Arc::new(place),
    };
    let one = seat(place.clone());
    let others = [
        vec![],
        vec![one.clone(), one.clone()],
        vec![LayoutSeat { seat: SeatId::from_uuid(Uuid::nil()), ..one.clone() }],
        vec![LayoutSeat { ticket_type: TicketTypeId::from_uuid(Uuid::nil()), ..one.clone() }],
        // The boundary of two texts counts.
        vec![seat(SeatPlace { section: "RA".into(), row: String::new(), ..place.clone() })],
        vec![seat(SeatPlace { number: "2".into(), ..place.clone() })],
        vec![seat(SeatPlace { label: "R A-2".into(), ..place.clone() })],
        vec![seat(SeatPlace { column: 1, ..place.clone() })],
        vec![seat(SeatPlace { line: 1, ..place.clone() })],
        vec![seat(SeatPlace { accessible: true, ..place })],
        vec![one],
    ];
    let hashes: std::collections::HashSet<_> = others.iter().map(|seats| LayoutHash::of(seats)).collect();
    assert_eq!(hashes.len(), others.len());
    for hash in hashes {
        assert_eq!(hash.to_string().parse(), Ok(hash));
    }
}
