//! Writing seat states.

use super::{ALL, CHANGES, FORMAT, HEADER_BYTES, MAX_VERSION, SEATS_A_BYTE, SeatEntry, StatesOf, code_of};
use crate::fact::SeatStatus;

/// States of all seats in 2 bits each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackedStates(Vec<u8>);

/// Packs states in layout order.
pub fn pack(states: impl IntoIterator<Item = SeatStatus>) -> PackedStates {
    let states = states.into_iter();
    let mut bytes = Vec::with_capacity(states.size_hint().0.div_ceil(SEATS_A_BYTE));
    let (mut byte, mut filled) = (0, 0);
    for state in states {
        byte |= code_of(state) << (2 * filled);
        filled += 1;
        if filled == SEATS_A_BYTE {
            bytes.push(byte);
            (byte, filled) = (0, 0);
        }
    }
    if filled > 0 {
        bytes.push(byte);
    }
    PackedStates(bytes)
}

impl StatesOf {
    /// Writes all states, without making a list of them first; see [`super::SeatStates::All`].
    pub fn encode_all(self, states: &PackedStates, exceptions: &[SeatEntry]) -> Vec<u8> {
        all(self, states, exceptions)
    }
}

pub(super) fn all(of: StatesOf, states: &PackedStates, exceptions: &[SeatEntry]) -> Vec<u8> {
    let mut bytes = header(ALL, of, 0, states.0.len() + exceptions.len() * 4);
    bytes.extend_from_slice(&states.0);
    write_entries(&mut bytes, exceptions);
    bytes
}

pub(super) fn changes(of: StatesOf, since: u64, entries: &[SeatEntry]) -> Vec<u8> {
    let mut bytes = header(CHANGES, of, since, entries.len() * 4);
    write_entries(&mut bytes, entries);
    bytes
}

fn header(kind: u8, of: StatesOf, since: u64, body_bytes: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body_bytes + 4);
    bytes.extend_from_slice(&[FORMAT, kind]);
    bytes.extend_from_slice(of.layout.as_bytes());
    bytes.extend_from_slice(&of.version.min(MAX_VERSION).to_le_bytes());
    bytes.extend_from_slice(&since.min(MAX_VERSION).to_le_bytes());
    bytes.extend_from_slice(&of.seats.to_le_bytes());
    bytes
}

fn write_entries(bytes: &mut Vec<u8>, entries: &[SeatEntry]) {
    debug_assert!(
        entries.is_sorted_by(|one, next| one.index < next.index),
        "entries are by index, each once"
    );
    write_varint(bytes, entries.len() as u64);
    let mut expected = 0;
    for entry in entries {
        let gap = entry.index.saturating_sub(expected);
        write_varint(bytes, u64::from(gap) << 2 | u64::from(code_of(entry.state)));
        write_varint(bytes, entry.version.min(MAX_VERSION));
        expected = entry.index.saturating_add(1);
    }
}

fn write_varint(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            bytes.push(low & 0x7f);
            return;
        }
        bytes.push(low | 0x80);
    }
}
