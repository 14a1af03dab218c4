//! Reading seat states: every input leads to states or to a named error.

use super::{
    ALL, CHANGES, FORMAT, LayoutHash, MAX_VERSION, SEATS_A_BYTE, SeatEntry, SeatStates, StatesOf,
    is_too_large, state_of,
};
use crate::fact::SeatStatus;

/// Why bytes are no seat states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidStates {
    /// The bytes end too early.
    #[error("the bytes end too early")]
    Truncated,
    /// The format is another one.
    #[error("the format {0} is not known")]
    UnknownFormat(u8),
    /// The kind is another one.
    #[error("the kind {0} is not known")]
    UnknownKind(u8),
    /// There are more seats than a layout may have.
    #[error("a layout of {0} seats is too large")]
    TooManySeats(u32),
    /// A version is greater than [`MAX_VERSION`].
    #[error("a version is too great")]
    VersionTooGreat,
    /// The map version after which changes are is not before the map version, or is given for all seats.
    #[error("the map version before the changes is wrong")]
    WrongSince,
    /// Bits that belong to no seat are set.
    #[error("bits that belong to no seat are set")]
    BitsWithoutSeat,
    /// A number is written in more bytes than it needs.
    #[error("a number is written in more bytes than it needs")]
    LongNumber,
    /// An entry is about a seat that the layout does not have, or there are more entries than seats.
    #[error("an entry is about a seat that the layout does not have")]
    NoSuchSeat,
    /// Bytes follow the last entry.
    #[error("bytes follow the last entry")]
    TrailingBytes,
}

pub(super) fn decode(bytes: &[u8]) -> Result<SeatStates, InvalidStates> {
    let mut input = Input(bytes);
    let format = input.byte()?;
    if format != FORMAT {
        return Err(InvalidStates::UnknownFormat(format));
    }
    let kind = input.byte()?;
    let layout = LayoutHash::from_bytes(*input.array()?);
    let (version, since) = (input.version()?, input.version()?);
    let of = StatesOf { layout, version, seats: u32::from_le_bytes(*input.array()?) };
    let count = usize::try_from(of.seats).ok().filter(|count| !is_too_large(*count));
    let count = count.ok_or(InvalidStates::TooManySeats(of.seats))?;
    match kind {
        ALL if since == 0 => {
            let states = input.states(count)?;
            Ok(SeatStates::All { of, states, exceptions: input.entries(of.seats)? })
        }
        CHANGES if since <= version => {
            Ok(SeatStates::Changes { of, since, entries: input.entries(of.seats)? })
        }
        ALL | CHANGES => Err(InvalidStates::WrongSince),
        kind => Err(InvalidStates::UnknownKind(kind)),
    }
}

/// The bytes that are left to read.
struct Input<'b>(&'b [u8]);

impl<'b> Input<'b> {
    fn array<const N: usize>(&mut self) -> Result<&'b [u8; N], InvalidStates> {
        let (first, rest) = self.0.split_first_chunk().ok_or(InvalidStates::Truncated)?;
        self.0 = rest;
        Ok(first)
    }

    fn byte(&mut self) -> Result<u8, InvalidStates> {
        self.array::<1>().map(|[byte]| *byte)
    }

    fn version(&mut self) -> Result<u64, InvalidStates> {
        let version = u64::from_le_bytes(*self.array()?);
        if version > MAX_VERSION { Err(InvalidStates::VersionTooGreat) } else { Ok(version) }
    }

    /// Reads two bits a seat.
    fn states(&mut self, count: usize) -> Result<Vec<SeatStatus>, InvalidStates> {
        let packed = self.0.split_at_checked(count.div_ceil(SEATS_A_BYTE));
        let (packed, rest) = packed.ok_or(InvalidStates::Truncated)?;
        self.0 = rest;
        let mut codes = packed.iter().flat_map(|byte| [*byte, byte >> 2, byte >> 4, byte >> 6]);
        let states = codes.by_ref().take(count).map(state_of).collect();
        if codes.any(|code| code & 3 != 0) { Err(InvalidStates::BitsWithoutSeat) } else { Ok(states) }
    }

    /// Reads the entries, and expects nothing after them.
    fn entries(&mut self, seats: u32) -> Result<Vec<SeatEntry>, InvalidStates> {
        let count = self.varint()?;
        if count > u64::from(seats) {
            return Err(InvalidStates::NoSuchSeat);
        }
        // Each entry has two bytes, so a count alone reserves no more memory than the input has.
        let room = usize::try_from(count).unwrap_or(usize::MAX).min(self.0.len() / 2);
        let mut entries = Vec::with_capacity(room);
        let mut expected = 0;
        for _ in 0..count {
            let entry = self.entry(expected, seats)?;
            expected = u64::from(entry.index) + 1;
            entries.push(entry);
        }
        if self.0.is_empty() { Ok(entries) } else { Err(InvalidStates::TrailingBytes) }
    }

    fn entry(&mut self, expected: u64, seats: u32) -> Result<SeatEntry, InvalidStates> {
        let head = self.varint()?;
        let [code, ..] = head.to_le_bytes();
        // No overflow: two bits are gone, and what is expected is at most the number of seats.
        let index = u32::try_from(expected + (head >> 2)).ok().filter(|index| *index < seats);
        let index = index.ok_or(InvalidStates::NoSuchSeat)?;
        let version = self.varint()?;
        if version > MAX_VERSION {
            return Err(InvalidStates::VersionTooGreat);
        }
        Ok(SeatEntry { index, state: state_of(code), version })
    }

    /// Reads a number of at most 63 bits.
    fn varint(&mut self) -> Result<u64, InvalidStates> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let is_long = byte == 0 && shift > 0;
                return if is_long { Err(InvalidStates::LongNumber) } else { Ok(number) };
            }
        }
        Err(InvalidStates::LongNumber)
    }
}
