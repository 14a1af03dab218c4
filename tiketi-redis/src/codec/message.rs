//! Messages of a broadcast. The audience is not written: it is the channel.

use std::time::Duration;

use tiketi_core::broadcast::{PrivateNews, PublicNews, SeatsDelta};
use tiketi_core::event::EventStatus;
use tiketi_core::fact::{SeatChanged, SeatStatus};
use tiketi_core::waiting_room::{
    BeaconChain, BeaconSignature, DrawBeacon, DrawSeed, Lobby, PlaceId, SeedCommitment, Serving, Stock,
};
use tiketi_core::{EventId, PaymentId, ReservationId, SeatId, StoreError, TicketTypeId};

use crate::codec::bytes::{Reader, Writer};
use crate::codec::place::{decode_pointer, encode_pointer};

/// The format that is written; another one cannot be read.
const FORMAT: u8 = 2;

const SEATS: u8 = 1;
const STOCK: u8 = 2;
const STATUS: u8 = 3;
const SERVING: u8 = 4;

const CALLED: u8 = 1;
const HELD: u8 = 2;
const CONFIRMED: u8 = 3;
const EXPIRED: u8 = 4;
const CANCELLED: u8 = 5;
const RETURNED: u8 = 6;
const PAYMENT: u8 = 7;

/// Writes public news, with the number of the process that sends it.
pub(crate) fn encode_public(sender: u64, news: &PublicNews) -> Vec<u8> {
    let mut bytes = head(sender);
    match news {
        PublicNews::Seats(SeatsDelta { since, version, changes }) => {
            bytes.u8(SEATS);
            bytes.u64(*since);
            bytes.u64(*version);
            for change in changes.iter() {
                bytes.uuid(change.seat.as_uuid());
                bytes.u8(seat_code(change.status));
                bytes.moment(change.until);
                bytes.u64(change.version);
            }
        }
        PublicNews::Stock { ticket_type, available } => {
            bytes.u8(STOCK);
            bytes.uuid(ticket_type.as_uuid());
            bytes.u32(*available);
        }
        PublicNews::Status { status } => {
            bytes.u8(STATUS);
            bytes.u8(status_code(*status));
        }
        PublicNews::Serving(serving) => {
            bytes.u8(SERVING);
            write_serving(&mut bytes, serving);
        }
    }
    bytes.into_bytes()
}

/// Reads public news about an event, and the number of the process that sent it.
pub(crate) fn decode_public(event: EventId, bytes: &[u8]) -> Result<(u64, PublicNews), StoreError> {
    let mut bytes = Reader::new(bytes);
    let sender = read_head(&mut bytes)?;
    let news = match bytes.u8()? {
        SEATS => {
            let (since, version) = (bytes.u64()?, bytes.u64()?);
            let mut changes = Vec::new();
            while !bytes.is_empty() {
                let (seat, status) = (SeatId::from_uuid(bytes.uuid()?), seat_status(bytes.u8()?)?);
                let until = bytes.moment()?;
                changes.push(SeatChanged::new(seat, status, bytes.u64()?).held_until(until));
            }
            PublicNews::Seats(SeatsDelta { since, version, changes: changes.into() })
        }
        STOCK => {
            let ticket_type = TicketTypeId::from_uuid(bytes.uuid()?);
            PublicNews::Stock { ticket_type, available: bytes.u32()? }
        }
        STATUS => PublicNews::Status { status: event_status(bytes.u8()?)? },
        SERVING => PublicNews::Serving(Box::new(read_serving(event, &mut bytes)?)),
        kind => return Err(unknown("kind of news", kind)),
    };
    Ok((sender, news))
}

/// Writes news for one buyer, with the number of the process that sends it.
pub(crate) fn encode_private(sender: u64, news: &PrivateNews) -> Vec<u8> {
    let mut bytes = head(sender);
    let mut about = |kind, event: EventId, reservation: ReservationId| {
        bytes.u8(kind);
        bytes.uuid(event.as_uuid());
        bytes.uuid(reservation.as_uuid());
    };
    match *news {
        PrivateNews::Called { place, until } => {
            bytes.u8(CALLED);
            bytes.uuid(place.event.as_uuid());
            bytes.raw(&encode_pointer((place.class, place.arrival)));
            bytes.moment(until);
        }
        PrivateNews::ReservationHeld { event, reservation, until } => {
            about(HELD, event, reservation);
            bytes.moment(until);
        }
        PrivateNews::ReservationConfirmed { event, reservation } => about(CONFIRMED, event, reservation),
        PrivateNews::ReservationExpired { event, reservation } => about(EXPIRED, event, reservation),
        PrivateNews::ReservationCancelled { event, reservation } => about(CANCELLED, event, reservation),
        PrivateNews::TicketsReturned { event, reservation } => about(RETURNED, event, reservation),
        PrivateNews::PaymentUpdated { event, reservation, payment } => {
            about(PAYMENT, event, reservation);
            bytes.uuid(payment.as_uuid());
        }
    }
    bytes.into_bytes()
}

/// Reads news for one buyer, and the number of the process that sent it.
pub(crate) fn decode_private(bytes: &[u8]) -> Result<(u64, PrivateNews), StoreError> {
    let mut bytes = Reader::new(bytes);
    let sender = read_head(&mut bytes)?;
    let kind = bytes.u8()?;
    let event = EventId::from_uuid(bytes.uuid()?);
    if kind == CALLED {
        let (class, arrival) = decode_pointer(&bytes.array::<9>()?)?;
        let place = PlaceId { event, class, arrival };
        return Ok((sender, PrivateNews::Called { place, until: bytes.moment()? }));
    }
    let reservation = ReservationId::from_uuid(bytes.uuid()?);
    let news = match kind {
        HELD => PrivateNews::ReservationHeld { event, reservation, until: bytes.moment()? },
        CONFIRMED => PrivateNews::ReservationConfirmed { event, reservation },
        EXPIRED => PrivateNews::ReservationExpired { event, reservation },
        CANCELLED => PrivateNews::ReservationCancelled { event, reservation },
        RETURNED => PrivateNews::TicketsReturned { event, reservation },
        PAYMENT => {
            let payment = PaymentId::from_uuid(bytes.uuid()?);
            PrivateNews::PaymentUpdated { event, reservation, payment }
        }
        kind => return Err(unknown("kind of news", kind)),
    };
    Ok((sender, news))
}

fn head(sender: u64) -> Writer {
    let mut bytes = Writer::with_capacity(64);
    bytes.u8(FORMAT);
    bytes.u64(sender);
    bytes
}

fn read_head(bytes: &mut Reader<'_>) -> Result<u64, StoreError> {
    match bytes.u8()? {
        FORMAT => bytes.u64(),
        format => Err(unknown("format", format)),
    }
}

fn write_serving(bytes: &mut Writer, serving: &Serving) {
    let Serving {
        event: _,
        number,
        priority_number,
        waiting,
        in_flight,
        opened_at,
        opens_at,
        per_minute_milli,
        stock,
        is_paused,
        commitment,
        wait,
        beacon,
        seed,
        lobby,
        as_of,
    } = *serving;
    for value in [number, priority_number, waiting] {
        bytes.u64(value);
    }
    bytes.u32(in_flight);
    bytes.u8(u8::from(is_paused));
    bytes.option(opened_at, Writer::moment);
    bytes.option(opens_at, Writer::moment);
    bytes.option(per_minute_milli, Writer::u64);
    bytes.option(stock, |bytes, Stock { unsold, returning }| {
        bytes.u64(unsold);
        bytes.u64(returning);
    });
    bytes.option(wait, |bytes, wait| bytes.u64(u64::try_from(wait.as_micros()).unwrap_or(u64::MAX)));
    bytes.option(commitment, |bytes, commitment| bytes.raw(commitment.as_bytes()));
    bytes.option(beacon, |bytes, DrawBeacon { chain, round, signature }| {
        bytes.raw(chain.as_bytes());
        bytes.u64(round);
        bytes.option(signature, |bytes, signature| bytes.raw(signature.as_bytes()));
    });
    bytes.option(seed, |bytes, seed| bytes.raw(seed.as_bytes()));
    for Lobby { drawn, cleared } in lobby {
        bytes.u64(drawn);
        bytes.u64(cleared);
    }
    bytes.moment(as_of);
}

fn read_serving(event: EventId, bytes: &mut Reader<'_>) -> Result<Serving, StoreError> {
    let (number, priority_number) = (bytes.u64()?, bytes.u64()?);
    Ok(Serving {
        event,
        number,
        priority_number,
        waiting: bytes.u64()?,
        in_flight: bytes.u32()?,
        is_paused: bytes.u8()? != 0,
        opened_at: bytes.option(Reader::moment)?,
        opens_at: bytes.option(Reader::moment)?,
        per_minute_milli: bytes.option(Reader::u64)?,
        stock: bytes.option(|bytes| Ok(Stock { unsold: bytes.u64()?, returning: bytes.u64()? }))?,
        wait: bytes.option(Reader::u64)?.map(Duration::from_micros),
        commitment: bytes.option(|bytes| bytes.array().map(SeedCommitment::from_bytes))?,
        beacon: bytes.option(read_beacon)?,
        seed: bytes.option(|bytes| bytes.array().map(DrawSeed::from_bytes))?,
        lobby: [read_lobby(bytes)?, read_lobby(bytes)?, read_lobby(bytes)?],
        as_of: bytes.moment()?,
    })
}

fn read_beacon(bytes: &mut Reader<'_>) -> Result<DrawBeacon, StoreError> {
    Ok(DrawBeacon {
        chain: bytes.array().map(BeaconChain::from_bytes)?,
        round: bytes.u64()?,
        signature: bytes.option(|bytes| bytes.array().map(BeaconSignature::from_bytes))?,
    })
}

fn read_lobby(bytes: &mut Reader<'_>) -> Result<Lobby, StoreError> {
    Ok(Lobby { drawn: bytes.u64()?, cleared: bytes.u64()? })
}

const fn seat_code(status: SeatStatus) -> u8 {
    match status {
        SeatStatus::Available => 0,
        SeatStatus::Held => 1,
        SeatStatus::Sold => 2,
        SeatStatus::Blocked => 3,
    }
}

fn seat_status(code: u8) -> Result<SeatStatus, StoreError> {
    match code {
        0 => Ok(SeatStatus::Available),
        1 => Ok(SeatStatus::Held),
        2 => Ok(SeatStatus::Sold),
        3 => Ok(SeatStatus::Blocked),
        code => Err(unknown("status of a seat", code)),
    }
}

const fn status_code(status: EventStatus) -> u8 {
    match status {
        EventStatus::Upcoming => 0,
        EventStatus::OnSale => 1,
        EventStatus::SoldOut => 2,
        EventStatus::Ended => 3,
        EventStatus::Cancelled => 4,
    }
}

fn event_status(code: u8) -> Result<EventStatus, StoreError> {
    match code {
        0 => Ok(EventStatus::Upcoming),
        1 => Ok(EventStatus::OnSale),
        2 => Ok(EventStatus::SoldOut),
        3 => Ok(EventStatus::Ended),
        4 => Ok(EventStatus::Cancelled),
        code => Err(unknown("status of an event", code)),
    }
}

fn unknown(what: &str, code: u8) -> StoreError {
    StoreError::corrupt(format!("a message has the {what} {code}, which is not known"))
}

#[cfg(test)]
mod tests {
    use tiketi_core::Timestamp;
    use tiketi_core::waiting_room::PlaceClass;
    use uuid::Uuid;

    use super::*;

    fn event() -> EventId {
        EventId::from_uuid(Uuid::from_u128(1))
    }

    fn serving(is_full: bool) -> Serving {
        let (at, seed) = (Timestamp::from_micros, DrawSeed::from_bytes([7; 32]));
        Serving {
            event: event(),
            number: 1,
            priority_number: 2,
            waiting: 3,
            in_flight: 4,
            opened_at: is_full.then(|| at(5)),
            opens_at: is_full.then(|| at(-6)),
            per_minute_milli: is_full.then_some(7),
            stock: is_full.then_some(Stock { unsold: 8, returning: 9 }),
            is_paused: is_full,
            commitment: is_full.then(|| SeedCommitment::from_bytes([8; 32])),
            wait: is_full.then_some(Duration::from_micros(11)),
            beacon: is_full.then(|| DrawBeacon {
                chain: BeaconChain::from_bytes([12; 32]),
                round: 13,
                signature: Some(BeaconSignature::from_bytes([14; 48])),
            }),
            seed: is_full.then_some(seed),
            lobby: [10, 15, 16].map(|drawn| Lobby { drawn, cleared: drawn / 2 }),
            as_of: at(17),
        }
    }

    fn public() -> Vec<PublicNews> {
        let seat = |number, status| {
            let changed = SeatChanged::new(SeatId::from_uuid(Uuid::from_u128(number)), status, 9);
            changed.held_until(Timestamp::from_micros(10))
        };
        let every = [SeatStatus::Available, SeatStatus::Held, SeatStatus::Sold, SeatStatus::Blocked];
        let changes = every.into_iter().zip(1..).map(|(status, number)| seat(number, status)).collect();
        let statuses = [
            EventStatus::Upcoming,
            EventStatus::OnSale,
            EventStatus::SoldOut,
            EventStatus::Ended,
            EventStatus::Cancelled,
        ];
        let mut news = vec![
            PublicNews::Seats(SeatsDelta { since: 1, version: u64::MAX, changes }),
            PublicNews::Stock { ticket_type: TicketTypeId::from_uuid(Uuid::from_u128(5)), available: 6 },
            PublicNews::Serving(Box::new(serving(true))),
            PublicNews::Serving(Box::new(serving(false))),
        ];
        news.extend(statuses.map(|status| PublicNews::Status { status }));
        news
    }

    fn private() -> Vec<PrivateNews> {
        let (event, reservation) = (event(), ReservationId::from_uuid(Uuid::from_u128(2)));
        let (payment, until) = (PaymentId::from_uuid(Uuid::from_u128(3)), Timestamp::from_micros(-4));
        let called = PlaceClass::ALL
            .map(|class| PrivateNews::Called { place: PlaceId { event, class, arrival: 5 }, until });
        let mut news = vec![
            PrivateNews::ReservationHeld { event, reservation, until },
            PrivateNews::ReservationConfirmed { event, reservation },
            PrivateNews::ReservationExpired { event, reservation },
            PrivateNews::ReservationCancelled { event, reservation },
            PrivateNews::TicketsReturned { event, reservation },
            PrivateNews::PaymentUpdated { event, reservation, payment },
        ];
        news.extend(called);
        news
    }

    #[test]
    fn every_message_survives_being_written_and_read() {
        for news in public() {
            assert_eq!(decode_public(event(), &encode_public(8, &news)).unwrap(), (8, news));
        }
        for news in private() {
            assert_eq!(decode_private(&encode_private(9, &news)).unwrap(), (9, news));
        }
    }

    #[test]
    fn an_unknown_format_or_kind_and_a_cut_message_are_refused() {
        let bytes = encode_private(9, &private()[0]);
        let (mut format, mut kind) = (bytes.clone(), bytes.clone());
        (format[0], kind[9]) = (1, 99);
        for bytes in [&format[..], &kind, &bytes[..bytes.len() - 1], &[]] {
            assert!(decode_private(bytes).is_err());
        }
    }
}
