//! Frames of `WebSockets`, as far as a benchmark needs them (source: RFC 6455, 5.2).

/// The bit of the last frame of a message.
const WHOLE: u8 = 0x80;
/// The bit of a payload with a mask.
const MASKED: u8 = 0x80;
/// The length that says that two bytes with the length follow.
const LONG: u8 = 0x7e;
/// The opcode of a text.
const TEXT: u8 = 0x1;
/// The opcode of a ping.
const PING: u8 = 0x9;
/// The opcode of a pong.
const PONG: u8 = 0xA;

/// A frame of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame<'b> {
    /// A whole text.
    Text(&'b [u8]),
    /// A ping.
    Ping,
    /// Anything else.
    Other,
}

/// Reads the first frame; returns it with its length in bytes, or `None` until it is complete.
pub(super) fn first(bytes: &[u8]) -> Option<(Frame<'_>, usize)> {
    let (opcode, short) = (bytes.first()? & 0x0f, bytes.get(1)? & 0x7f);
    let (header, length) = match short {
        126 => (4, u64::from(u16::from_be_bytes(*bytes.get(2..4)?.first_chunk()?))),
        127 => (10, u64::from_be_bytes(*bytes.get(2..10)?.first_chunk()?)),
        short => (2, u64::from(short)),
    };
    let end = header + usize::try_from(length).ok()?;
    let payload = bytes.get(header..end)?;
    let frame = match opcode {
        TEXT => Frame::Text(payload),
        PING => Frame::Ping,
        _ => Frame::Other,
    };
    Some((frame, end))
}

/// Writes a text as a client does; the mask is zero.
pub(super) fn client_text(text: &str) -> Vec<u8> {
    let mut bytes = vec![WHOLE | TEXT];
    match u8::try_from(text.len()) {
        Ok(short) if short < LONG => bytes.push(MASKED | short),
        _ => {
            bytes.push(MASKED | LONG);
            bytes.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// The answer to a ping.
pub(super) const CLIENT_PONG: [u8; 6] = [WHOLE | PONG, MASKED, 0, 0, 0, 0];

/// Writes a text as a server does, with a payload of this length.
pub(super) fn server_text(payload: usize) -> Vec<u8> {
    let mut bytes = vec![WHOLE | TEXT];
    match u8::try_from(payload) {
        Ok(short) if short < LONG => bytes.push(short),
        _ => {
            bytes.push(LONG);
            bytes.extend(u16::try_from(payload).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    bytes.resize(bytes.len() + payload, b' ');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_every_length_are_read_as_they_are_written() {
        for length in [0, 1, 125, 126, 300, 65_535] {
            let written = server_text(length);
            assert_eq!(first(&written), Some((Frame::Text(&vec![b' '; length]), written.len())));
            assert_eq!(first(&written[..written.len() - 1]), None);
        }
        assert_eq!(first(&[0x89, 0]), Some((Frame::Ping, 2)));
    }
}
