//! News as bytes, for broadcasts between servers. The audience is not written.

use std::time::Duration;

use crate::broadcast::news::{PrivateNews, PublicNews, SeatsDelta};
use crate::bytes::{ByteReader, ByteWriter};
use crate::error::StoreError;
use crate::event::EventStatus;
use crate::fact::{SeatChanged, SeatStatus};
use crate::id::{EventId, PaymentId, ReservationId, SeatId, TicketTypeId};
use crate::waiting_room::{
    BeaconChain, BeaconSignature, DrawBeacon, DrawSeed, Lobby, PlaceClass, PlaceId, SeedCommitment, Serving,
    Stock,
};

const SEATS: u8 = 1;
const STOCK: u8 = 2;
const STATUS: u8 = 3;
const SERVING: u8 = 4;
const MAP_VERSION: u8 = 5;

const CALLED: u8 = 1;
const HELD: u8 = 2;
const CONFIRMED: u8 = 3;
const EXPIRED: u8 = 4;
const CANCELLED: u8 = 5;
const RETURNED: u8 = 6;
const PAYMENT: u8 = 7;

impl PublicNews {
    /// Writes the news; the event is not written.
    pub fn write(&self, bytes: &mut ByteWriter) {
        match self {
            Self::Seats(SeatsDelta { since, version, changes }) => {
                bytes.u8(SEATS);
                bytes.u64(*since);
                bytes.u64(*version);
                // A commit changes fewer seats than an event may have, which is far below 2^32.
                bytes.u32(u32::try_from(changes.len()).unwrap_or(u32::MAX));
                for change in changes.iter() {
                    bytes.uuid(change.seat.as_uuid());
                    bytes.u8(seat_code(change.status));
                    bytes.moment(change.until);
                    bytes.u64(change.version);
                }
            }
            Self::MapVersion { version } => {
                bytes.u8(MAP_VERSION);
                bytes.u64(*version);
            }
            Self::Stock { ticket_type, available } => {
                bytes.u8(STOCK);
                bytes.uuid(ticket_type.as_uuid());
                bytes.u32(*available);
            }
            Self::Status { status } => {
                bytes.u8(STATUS);
                bytes.u8(status_code(*status));
            }
            Self::Serving(serving) => {
                bytes.u8(SERVING);
                write_serving(bytes, serving);
            }
        }
    }

    /// Reads news about an event.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Corrupt`](crate::StoreErrorKind) if they have another form, such as that of a later release.
    pub fn read(event: EventId, bytes: &mut ByteReader<'_>) -> Result<Self, StoreError> {
        match bytes.u8()? {
            SEATS => {
                let (since, version) = (bytes.u64()?, bytes.u64()?);
                let changes = (0..bytes.u32()?).map(|_| read_seat(bytes)).collect::<Result<Vec<_>, _>>()?;
                Ok(Self::Seats(SeatsDelta { since, version, changes: changes.into() }))
            }
            MAP_VERSION => Ok(Self::MapVersion { version: bytes.u64()? }),
            STOCK => {
                let ticket_type = TicketTypeId::from_uuid(bytes.uuid()?);
                Ok(Self::Stock { ticket_type, available: bytes.u32()? })
            }
            STATUS => Ok(Self::Status { status: event_status(bytes.u8()?)? }),
            SERVING => Ok(Self::Serving(Box::new(read_serving(event, bytes)?))),
            kind => Err(unknown("kind of news", kind)),
        }
    }
}

impl PrivateNews {
    /// Writes the news; the buyer is not written.
    pub fn write(&self, bytes: &mut ByteWriter) {
        let mut about = |kind, event: EventId, reservation: ReservationId| {
            bytes.u8(kind);
            bytes.uuid(event.as_uuid());
            bytes.uuid(reservation.as_uuid());
        };
        match *self {
            Self::Called { place: PlaceId { event, class, arrival }, until } => {
                bytes.u8(CALLED);
                bytes.uuid(event.as_uuid());
                bytes.u8(class_code(class));
                bytes.u64(arrival);
                bytes.moment(until);
            }
            Self::ReservationHeld { event, reservation, until } => {
                about(HELD, event, reservation);
                bytes.moment(until);
            }
            Self::ReservationConfirmed { event, reservation } => about(CONFIRMED, event, reservation),
            Self::ReservationExpired { event, reservation } => about(EXPIRED, event, reservation),
            Self::ReservationCancelled { event, reservation } => about(CANCELLED, event, reservation),
            Self::TicketsReturned { event, reservation } => about(RETURNED, event, reservation),
            Self::PaymentUpdated { event, reservation, payment } => {
                about(PAYMENT, event, reservation);
                bytes.uuid(payment.as_uuid());
            }
        }
    }

    /// Reads news for one buyer.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Corrupt`](crate::StoreErrorKind) if they have another form, such as that of a later release.
    pub fn read(bytes: &mut ByteReader<'_>) -> Result<Self, StoreError> {
        let kind = bytes.u8()?;
        let event = EventId::from_uuid(bytes.uuid()?);
        if kind == CALLED {
            let place = PlaceId { event, class: place_class(bytes.u8()?)?, arrival: bytes.u64()? };
            return Ok(Self::Called { place, until: bytes.moment()? });
        }
        let reservation = ReservationId::from_uuid(bytes.uuid()?);
        match kind {
            HELD => Ok(Self::ReservationHeld { event, reservation, until: bytes.moment()? }),
            CONFIRMED => Ok(Self::ReservationConfirmed { event, reservation }),
            EXPIRED => Ok(Self::ReservationExpired { event, reservation }),
            CANCELLED => Ok(Self::ReservationCancelled { event, reservation }),
            RETURNED => Ok(Self::TicketsReturned { event, reservation }),
            PAYMENT => {
                let payment = PaymentId::from_uuid(bytes.uuid()?);
                Ok(Self::PaymentUpdated { event, reservation, payment })
            }
            kind => Err(unknown("kind of news", kind)),
        }
    }
}

fn read_seat(bytes: &mut ByteReader<'_>) -> Result<SeatChanged, StoreError> {
    let (seat, status) = (SeatId::from_uuid(bytes.uuid()?), seat_status(bytes.u8()?)?);
    let until = bytes.moment()?;
    Ok(SeatChanged::new(seat, status, bytes.u64()?).held_until(until))
}

fn write_serving(bytes: &mut ByteWriter, serving: &Serving) {
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
    bytes.option(opened_at, ByteWriter::moment);
    bytes.option(opens_at, ByteWriter::moment);
    bytes.option(per_minute_milli, ByteWriter::u64);
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

fn read_serving(event: EventId, bytes: &mut ByteReader<'_>) -> Result<Serving, StoreError> {
    let (number, priority_number) = (bytes.u64()?, bytes.u64()?);
    Ok(Serving {
        event,
        number,
        priority_number,
        waiting: bytes.u64()?,
        in_flight: bytes.u32()?,
        is_paused: bytes.u8()? != 0,
        opened_at: bytes.option(ByteReader::moment)?,
        opens_at: bytes.option(ByteReader::moment)?,
        per_minute_milli: bytes.option(ByteReader::u64)?,
        stock: bytes.option(|bytes| Ok(Stock { unsold: bytes.u64()?, returning: bytes.u64()? }))?,
        wait: bytes.option(ByteReader::u64)?.map(Duration::from_micros),
        commitment: bytes.option(|bytes| bytes.array().map(SeedCommitment::from_bytes))?,
        beacon: bytes.option(read_beacon)?,
        seed: bytes.option(|bytes| bytes.array().map(DrawSeed::from_bytes))?,
        lobby: [read_lobby(bytes)?, read_lobby(bytes)?, read_lobby(bytes)?],
        as_of: bytes.moment()?,
    })
}

fn read_beacon(bytes: &mut ByteReader<'_>) -> Result<DrawBeacon, StoreError> {
    Ok(DrawBeacon {
        chain: bytes.array().map(BeaconChain::from_bytes)?,
        round: bytes.u64()?,
        signature: bytes.option(|bytes| bytes.array().map(BeaconSignature::from_bytes))?,
    })
}

fn read_lobby(bytes: &mut ByteReader<'_>) -> Result<Lobby, StoreError> {
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

const fn class_code(class: PlaceClass) -> u8 {
    match class {
        PlaceClass::Priority => 0,
        PlaceClass::Standard => 1,
        PlaceClass::Demoted => 2,
    }
}

fn place_class(code: u8) -> Result<PlaceClass, StoreError> {
    let known = PlaceClass::ALL.into_iter().find(|class| class_code(*class) == code);
    known.ok_or_else(|| unknown("class of places", code))
}

fn unknown(what: &str, code: u8) -> StoreError {
    StoreError::corrupt(format!("a message has the {what} {code}, which is not known"))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::time::Timestamp;

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
        let mut news = vec![
            PublicNews::Seats(SeatsDelta { since: 1, version: u64::MAX, changes }),
            PublicNews::MapVersion { version: 7 },
            PublicNews::Stock { ticket_type: TicketTypeId::from_uuid(Uuid::from_u128(5)), available: 6 },
            PublicNews::Serving(Box::new(serving(true))),
            PublicNews::Serving(Box::new(serving(false))),
        ];
        news.extend(EventStatus::ALL.map(|status| PublicNews::Status { status }));
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

    fn written(write: impl FnOnce(&mut ByteWriter)) -> Vec<u8> {
        let mut bytes = ByteWriter::default();
        write(&mut bytes);
        bytes.into_bytes()
    }

    #[test]
    fn all_news_survive_being_written_and_read_one_after_another() {
        let (public, private) = (public(), private());
        let bytes = written(|bytes| {
            for news in &public {
                news.write(bytes);
            }
            for news in &private {
                news.write(bytes);
            }
        });
        let mut bytes = ByteReader::new(&bytes);
        for news in public {
            assert_eq!(PublicNews::read(event(), &mut bytes).unwrap(), news);
        }
        for news in private {
            assert_eq!(PrivateNews::read(&mut bytes).unwrap(), news);
        }
        assert!(bytes.is_empty());
    }

    #[test]
    fn an_unknown_kind_and_cut_news_are_refused() {
        let bytes = written(|bytes| private()[0].write(bytes));
        let mut kind = bytes.clone();
        kind[0] = 99;
        for bytes in [&kind[..], &bytes[..bytes.len() - 1], &[]] {
            assert!(PrivateNews::read(&mut ByteReader::new(bytes)).is_err());
        }
        // A number of seats that there are no bytes for takes no memory.
        let many = [&[SEATS][..], &[0; 16], &[0xFF; 4]].concat();
        assert!(PublicNews::read(event(), &mut ByteReader::new(&many)).is_err());
    }
}
