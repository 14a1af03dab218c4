//! Messages of a broadcast. The audience is not written: it is the channel.

use tiketi_core::broadcast::{PrivateNews, PublicNews};
use tiketi_core::bytes::{ByteReader, ByteWriter};
use tiketi_core::{EventId, StoreError};

/// The format that is written; another one cannot be read.
const FORMAT: u8 = 3;

/// Writes public news, with the number of the process that sends it.
pub(crate) fn encode_public(sender: u64, news: &PublicNews) -> Vec<u8> {
    let mut bytes = head(sender);
    news.write(&mut bytes);
    bytes.into_bytes()
}

/// Reads public news about an event, and the number of the process that sent it.
pub(crate) fn decode_public(event: EventId, bytes: &[u8]) -> Result<(u64, PublicNews), StoreError> {
    let mut bytes = ByteReader::new(bytes);
    let sender = read_head(&mut bytes)?;
    Ok((sender, PublicNews::read(event, &mut bytes)?))
}

/// Writes news for one buyer, with the number of the process that sends it.
pub(crate) fn encode_private(sender: u64, news: &PrivateNews) -> Vec<u8> {
    let mut bytes = head(sender);
    news.write(&mut bytes);
    bytes.into_bytes()
}

/// Reads news for one buyer, and the number of the process that sent it.
pub(crate) fn decode_private(bytes: &[u8]) -> Result<(u64, PrivateNews), StoreError> {
    let mut bytes = ByteReader::new(bytes);
    let sender = read_head(&mut bytes)?;
    Ok((sender, PrivateNews::read(&mut bytes)?))
}

fn head(sender: u64) -> ByteWriter {
    let mut bytes = ByteWriter::with_capacity(64);
    bytes.u8(FORMAT);
    bytes.u64(sender);
    bytes
}

fn read_head(bytes: &mut ByteReader<'_>) -> Result<u64, StoreError> {
    match bytes.u8()? {
        FORMAT => bytes.u64(),
        format => Err(StoreError::corrupt(format!("a message has the format {format}, which is not known"))),
    }
}

#[cfg(test)]
mod tests {
    use tiketi_core::ReservationId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_message_names_its_sender_and_another_format_is_refused() {
        let event = EventId::from_uuid(Uuid::from_u128(1));
        let public = PublicNews::MapVersion { version: 3 };
        assert_eq!(decode_public(event, &encode_public(8, &public)).unwrap(), (8, public));
        let reservation = ReservationId::from_uuid(Uuid::from_u128(2));
        let private = PrivateNews::ReservationConfirmed { event, reservation };
        let mut bytes = encode_private(9, &private);
        assert_eq!(decode_private(&bytes).unwrap(), (9, private));
        bytes[0] = 1;
        assert!(decode_private(&bytes).is_err());
    }
}
