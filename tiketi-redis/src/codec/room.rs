//! Rooms: one string of fixed size, whose first bytes are a stamp that changes with each commit.

use std::time::Duration;

use tiketi_core::bytes::{ByteReader, ByteWriter};
use tiketi_core::waiting_room::{AdaptiveRate, Line, LoadSample, Outflow, Pace, RateReason, Room, Stock};
use tiketi_core::{CommandKey, EventId, StoreError};

/// Identifies one state of a room.
///
/// A version alone would not: after a failover or a restart without data a room counts to the same version again.
pub(crate) type Stamp = [u8; 8];

/// The last arrival number of each class up to which the pointers of buyers were deleted.
///
/// It is a part of the stored room, so that it changes in one step with the pointers, and is no part of the rules.
pub(crate) type Swept = [u64; 3];

/// The format that is written; another one cannot be read.
const FORMAT: u8 = 1;

pub(crate) fn encode_room(stamp: Stamp, swept: Swept, room: &Room) -> Vec<u8> {
    // The event is not written: it is in the name of the key.
    let Room {
        event: _,
        priority,
        standard,
        demoted,
        called,
        active,
        opened_at,
        pace,
        outflow,
        stock,
        rate,
        cleared_by,
        version,
    } = *room;
    let mut bytes = ByteWriter::with_capacity(288);
    bytes.raw(&stamp);
    bytes.u8(FORMAT);
    for number in swept {
        bytes.u64(number);
    }
    for Line { arrivals, serving, waiting, lobby, cleared } in [priority, standard, demoted] {
        for number in [arrivals, serving, waiting, lobby, cleared] {
            bytes.u64(number);
        }
    }
    bytes.u32(called);
    bytes.u32(active);
    bytes.option(opened_at, ByteWriter::moment);
    bytes.moment(pace.next);
    encode_outflow(&mut bytes, outflow);
    bytes.option(stock, |bytes, Stock { unsold, returning }| {
        bytes.u64(unsold);
        bytes.u64(returning);
    });
    bytes.option(rate, encode_rate);
    bytes.option(cleared_by, |bytes, request| bytes.uuid(request.as_uuid()));
    bytes.u64(version);
    bytes.into_bytes()
}

fn encode_outflow(bytes: &mut ByteWriter, outflow: Outflow) {
    let Outflow { per_minute_milli, since, passed, burst, burst_at, measured } = outflow;
    bytes.option(per_minute_milli, ByteWriter::u64);
    bytes.option(since, ByteWriter::moment);
    bytes.u64(passed);
    bytes.u64(burst);
    bytes.option(burst_at, ByteWriter::moment);
    bytes.u64(measured);
}

fn encode_rate(bytes: &mut ByteWriter, rate: AdaptiveRate) {
    let AdaptiveRate { per_minute, decided_at, reason, load } = rate;
    let LoadSample { holds, latency, contended, unavailable, is_saturated } = load;
    bytes.u32(per_minute);
    bytes.moment(decided_at);
    bytes.u8(reason_byte(reason));
    bytes.u32(holds);
    bytes.u64(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    bytes.u32(contended);
    bytes.u32(unavailable);
    bytes.u8(u8::from(is_saturated));
}

fn decode_rate(bytes: &mut ByteReader<'_>) -> Result<AdaptiveRate, StoreError> {
    let (per_minute, decided_at, byte) = (bytes.u32()?, bytes.moment()?, bytes.u8()?);
    let reason = RateReason::ALL.into_iter().find(|reason| reason_byte(*reason) == byte);
    Ok(AdaptiveRate {
        per_minute,
        decided_at,
        reason: reason.ok_or_else(|| StoreError::corrupt(format!("no reason of a rate is {byte}")))?,
        load: LoadSample {
            holds: bytes.u32()?,
            latency: Duration::from_micros(bytes.u64()?),
            contended: bytes.u32()?,
            unavailable: bytes.u32()?,
            is_saturated: bytes.u8()? != 0,
        },
    })
}

const fn reason_byte(reason: RateReason) -> u8 {
    match reason {
        RateReason::Started => 0,
        RateReason::Unavailable => 1,
        RateReason::Slow => 2,
        RateReason::Contended => 3,
        RateReason::Raised => 4,
        RateReason::Kept => 5,
    }
}

/// Returns the stamp of a stored room.
pub(crate) fn stamp_of(bytes: &[u8]) -> Result<Stamp, StoreError> {
    ByteReader::new(bytes).array()
}

pub(crate) fn decode_room(event: EventId, bytes: &[u8]) -> Result<(Swept, Room), StoreError> {
    let mut bytes = ByteReader::new(bytes);
    let _stamp: Stamp = bytes.array()?;
    let format = bytes.u8()?;
    if format != FORMAT {
        return Err(StoreError::corrupt(format!(
            "the room of {event} has the format {format}, and {FORMAT} is known"
        )));
    }
    let swept = [bytes.u64()?, bytes.u64()?, bytes.u64()?];
    let (priority, standard, demoted) = (line(&mut bytes)?, line(&mut bytes)?, line(&mut bytes)?);
    let room = Room {
        event,
        priority,
        standard,
        demoted,
        called: bytes.u32()?,
        active: bytes.u32()?,
        opened_at: bytes.option(ByteReader::moment)?,
        pace: Pace { next: bytes.moment()? },
        outflow: Outflow {
            per_minute_milli: bytes.option(ByteReader::u64)?,
            since: bytes.option(ByteReader::moment)?,
            passed: bytes.u64()?,
            burst: bytes.u64()?,
            burst_at: bytes.option(ByteReader::moment)?,
            measured: bytes.u64()?,
        },
        stock: bytes.option(|bytes| Ok(Stock { unsold: bytes.u64()?, returning: bytes.u64()? }))?,
        rate: bytes.option(decode_rate)?,
        cleared_by: bytes.option(|bytes| bytes.uuid().map(CommandKey::from_uuid))?,
        version: bytes.u64()?,
    };
    Ok((swept, room))
}

fn line(bytes: &mut ByteReader<'_>) -> Result<Line, StoreError> {
    Ok(Line {
        arrivals: bytes.u64()?,
        serving: bytes.u64()?,
        waiting: bytes.u64()?,
        lobby: bytes.u64()?,
        cleared: bytes.u64()?,
    })
}

#[cfg(test)]
mod tests {
    use tiketi_core::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn full() -> Room {
        let event = EventId::from_uuid(Uuid::from_u128(1));
        let at = Timestamp::from_micros;
        Room {
            priority: Line { arrivals: 1, serving: 2, waiting: 3, lobby: 4, cleared: 5 },
            standard: Line { arrivals: u64::MAX, ..Line::default() },
            called: 6,
            active: u32::MAX,
            opened_at: Some(at(7)),
            pace: Pace { next: at(-8) },
            outflow: Outflow {
                per_minute_milli: Some(9),
                since: Some(at(10)),
                passed: 11,
                burst: 20,
                burst_at: Some(at(21)),
                measured: 22,
            },
            stock: Some(Stock { unsold: 12, returning: 13 }),
            rate: Some(AdaptiveRate {
                per_minute: 14,
                decided_at: Timestamp::FAR_FUTURE,
                reason: RateReason::Kept,
                load: LoadSample {
                    holds: 17,
                    latency: Duration::from_micros(18),
                    contended: 19,
                    unavailable: u32::MAX,
                    is_saturated: true,
                },
            }),
            cleared_by: Some(CommandKey::from_uuid(Uuid::from_u128(15))),
            version: 16,
            ..Room::new(event)
        }
    }

    #[test]
    fn a_room_survives_being_written_and_read() {
        for room in [full(), Room::new(full().event)] {
            let bytes = encode_room([7; 8], [1, 2, u64::MAX], &room);
            assert_eq!(stamp_of(&bytes).unwrap(), [7; 8]);
            assert_eq!(decode_room(room.event, &bytes).unwrap(), ([1, 2, u64::MAX], room));
        }
    }

    #[test]
    fn an_unknown_format_and_a_cut_room_are_corrupt() {
        let bytes = encode_room([7; 8], [0; 3], &full());
        let mut other = bytes.clone();
        other[8] = 2;
        for bytes in [&other[..], &bytes[..bytes.len() - 1], &[]] {
            assert!(decode_room(full().event, bytes).is_err());
        }
    }
}
