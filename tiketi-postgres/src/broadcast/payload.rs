//! The payload of a notification: messages of one process, as hexadecimal digits.

use tiketi_core::broadcast::{AnyMessage, BuyerOnly, EventRoom, Message, PrivateNews, PublicNews};
use tiketi_core::bytes::{ByteReader, ByteWriter};
use tiketi_core::{BuyerId, EventId, StoreError};

use crate::broadcast::pending::Pending;

/// The format that is written; another one cannot be read.
const FORMAT: u8 = 1;
/// Most bytes of one payload. Postgres allows 7,999 characters (source: its manual, `NOTIFY`), and a byte is two digits.
const MAX_BYTES: usize = 3_990;

const ROOM: u8 = 1;
const BUYER: u8 = 2;

/// A payload as it was received.
#[derive(Debug)]
pub(super) struct Payload<'a> {
    /// The process that sent it.
    pub(super) sender: u64,
    /// Whether the sender left out messages.
    pub(super) is_incomplete: bool,
    messages: ByteReader<'a>,
}

/// A message as it was received; its news are read only if it has a listener.
#[derive(Debug)]
pub(super) enum Arrived<'a> {
    Room(EventRoom, News<'a>),
    Buyer(BuyerOnly, News<'a>),
}

/// News that were not read yet.
#[derive(Debug)]
pub(super) struct News<'a>(&'a [u8]);

/// Writes what waits as payloads: at least one, also if nothing waits.
pub(super) fn encode(sender: u64, pending: Pending) -> Vec<String> {
    let is_incomplete = pending.is_incomplete();
    let head = || {
        let mut bytes = ByteWriter::with_capacity(MAX_BYTES);
        bytes.u8(FORMAT);
        bytes.u64(sender);
        bytes.u8(u8::from(is_incomplete));
        bytes.into_bytes()
    };
    let mut payloads = vec![head()];
    for message in pending.into_messages() {
        let message = encode_message(&message);
        match payloads.last_mut().filter(|last| last.len() + message.len() <= MAX_BYTES) {
            Some(last) => last.extend(message),
            None => payloads.push([head(), message].concat()),
        }
    }
    payloads.into_iter().map(hex::encode).collect()
}

fn encode_message(message: &AnyMessage) -> Vec<u8> {
    let mut news = ByteWriter::default();
    let (audience, id) = match message {
        AnyMessage::Room(message) => {
            message.news.write(&mut news);
            (ROOM, message.to.0.as_uuid())
        }
        AnyMessage::Buyer(message) => {
            message.news.write(&mut news);
            (BUYER, message.to.0.as_uuid())
        }
    };
    let news = news.into_bytes();
    let mut bytes = ByteWriter::with_capacity(news.len() + 21);
    bytes.u8(audience);
    bytes.uuid(id);
    // The news of a payload are far shorter than 2^32.
    bytes.u32(u32::try_from(news.len()).unwrap_or(u32::MAX));
    bytes.raw(&news);
    bytes.into_bytes()
}

/// Reads the digits of a payload.
pub(super) fn bytes_of(payload: &str) -> Result<Vec<u8>, StoreError> {
    hex::decode(payload).map_err(|error| StoreError::corrupt("a notification is no payload").caused_by(error))
}

impl<'a> Payload<'a> {
    /// Reads the head of a payload.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, StoreError> {
        let mut bytes = ByteReader::new(bytes);
        match bytes.u8()? {
            FORMAT => Ok(Self { sender: bytes.u64()?, is_incomplete: bytes.u8()? != 0, messages: bytes }),
            format => {
                Err(StoreError::corrupt(format!("a payload has the format {format}, which is not known")))
            }
        }
    }

    /// Returns the next message; `None` after the last one.
    pub(super) fn next(&mut self) -> Result<Option<Arrived<'a>>, StoreError> {
        let bytes = &mut self.messages;
        if bytes.is_empty() {
            return Ok(None);
        }
        let (audience, id, length) = (bytes.u8()?, bytes.uuid()?, bytes.u32()?);
        let news = News(bytes.slice(usize::try_from(length).unwrap_or(usize::MAX))?);
        match audience {
            ROOM => Ok(Some(Arrived::Room(EventRoom(EventId::from_uuid(id)), news))),
            BUYER => Ok(Some(Arrived::Buyer(BuyerOnly(BuyerId::from_uuid(id)), news))),
            _ => {
                Err(StoreError::corrupt(format!("a message has the audience {audience}, which is not known")))
            }
        }
    }
}

impl News<'_> {
    /// Reads the message of a room.
    pub(super) fn for_room(&self, room: EventRoom) -> Result<Message<EventRoom>, StoreError> {
        Ok(Message::new(room, PublicNews::read(room.0, &mut ByteReader::new(self.0))?))
    }

    /// Reads the message of a buyer.
    pub(super) fn for_buyer(&self, buyer: BuyerOnly) -> Result<Message<BuyerOnly>, StoreError> {
        Ok(Message::new(buyer, PrivateNews::read(&mut ByteReader::new(self.0))?))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn room(number: u128) -> EventRoom {
        EventRoom(EventId::from_uuid(Uuid::from_u128(number)))
    }

    fn read_all(payloads: &[String]) -> Vec<Message<EventRoom>> {
        let mut messages = Vec::new();
        for payload in payloads {
            assert!(payload.len() < 8_000, "{} characters", payload.len());
            let bytes = bytes_of(payload).unwrap();
            let mut payload = Payload::read(&bytes).unwrap();
            assert_eq!((payload.sender, payload.is_incomplete), (7, false));
            while let Some(arrived) = payload.next().unwrap() {
                let Arrived::Room(room, news) = arrived else { panic!("{arrived:?}") };
                messages.push(news.for_room(room).unwrap());
            }
        }
        messages
    }

    #[test]
    fn any_number_of_messages_fits_into_payloads() {
        for events in [0, 1, 500] {
            let mut pending = Pending::default();
            let version = |event: u128| {
                let version = u64::try_from(event).unwrap();
                Message::new(room(event), PublicNews::MapVersion { version })
            };
            (0..events).for_each(|event| pending.add(version(event).into()));
            let payloads = encode(7, pending);
            assert!(!payloads.is_empty());
            let mut messages = read_all(&payloads);
            messages.sort_by_key(|message| message.to);
            assert_eq!(messages, (0..events).map(version).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_no_payload_is_refused() {
        assert!(bytes_of("hello").is_err());
        let [payload] = &encode(7, Pending::default())[..] else { panic!("there is one") };
        let bytes = bytes_of(payload).unwrap();
        let mut format = bytes.clone();
        format[0] = 2;
        assert!(Payload::read(&format).is_err());
        assert!(Payload::read(&bytes[..5]).is_err());
        let cut = [&bytes[..], &[ROOM; 20]].concat();
        assert!(Payload::read(&cut).unwrap().next().is_err());
        let stranger = [&bytes[..], &[9; 17], &[0; 4]].concat();
        assert!(Payload::read(&stranger).unwrap().next().is_err());
    }
}
