//! Sessions: which rooms a client had joined, in a signed text that the client sends back when it connects again.
//!
//! A server keeps nothing about a session, so any server that has the shop's secret restores it, also after a restart.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tiketi_core::{BuyerId, EventId, Timestamp};
use uuid::Uuid;

use crate::channels::Channel;
use crate::socketio::members::TOPICS;

/// Names the secret among those that are derived from the key of admission passes.
pub(super) const PURPOSE: &str = "socket session";
/// How long a session can be restored, from its last change.
const VALID: Duration = Duration::from_hours(1);
/// Most rooms of a session.
const MOST_ROOMS: usize = 32;

/// The first byte of what is signed; it changes with the form.
const FORM: u8 = 1;
const ID_BYTES: usize = 16;
const END_BYTES: usize = 8;
/// Bytes of a signature: half of HMAC-SHA-256 (RFC 2104, 5).
const SIGNATURE_BYTES: usize = 16;
/// Longest text that is decoded.
const MOST_TEXT_BYTES: usize =
    (1 + ID_BYTES + END_BYTES + MOST_ROOMS * (1 + ID_BYTES) + SIGNATURE_BYTES).div_ceil(3) * 4;

/// Signs and reads sessions.
pub(super) struct Sessions {
    secret: [u8; 32],
}

/// What a client had joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    /// The user; `None` for a client without one.
    pub(super) user: Option<BuyerId>,
    /// The rooms, the last joined one last.
    pub(super) rooms: Vec<Channel>,
}

impl Sessions {
    pub(super) const fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// Writes a session, which is valid for [`VALID`].
    pub(super) fn write(&self, session: &Session, now: Timestamp) -> String {
        let mut bytes = vec![FORM];
        let user = session.user.map_or(Uuid::nil(), BuyerId::as_uuid);
        bytes.extend_from_slice(user.as_bytes());
        bytes.extend_from_slice(&now.after(VALID).as_micros().to_be_bytes());
        let rooms: Vec<_> = session.rooms.iter().filter_map(|room| room.of_event()).collect();
        for (event, topic) in rooms.iter().skip(rooms.len().saturating_sub(MOST_ROOMS)) {
            bytes.push(topic.bit());
            bytes.extend_from_slice(event.as_uuid().as_bytes());
        }
        let signature = self.mac(&bytes).finalize().into_bytes();
        bytes.extend(signature.iter().take(SIGNATURE_BYTES));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads the session of a user; `None` if it is another's, too old, or was not written by this shop.
    pub(super) fn read(&self, text: &str, user: Option<BuyerId>, now: Timestamp) -> Option<Session> {
        if text.len() > MOST_TEXT_BYTES {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE_BYTES)?)?;
        self.mac(signed).verify_truncated_left(signature).ok()?;
        let ([FORM], rest) = signed.split_first_chunk()? else { return None };
        let (owner, rest) = rest.split_first_chunk::<ID_BYTES>()?;
        let (end, rest) = rest.split_first_chunk::<END_BYTES>()?;
        let owner = Some(Uuid::from_bytes(*owner)).filter(|owner| !owner.is_nil()).map(BuyerId::from_uuid);
        if owner != user || i64::from_be_bytes(*end) <= now.as_micros() {
            return None;
        }
        let rooms = rest.chunks(1 + ID_BYTES).map(read_room).collect::<Option<_>>()?;
        Some(Session { user, rooms })
    }

    fn mac(&self, signed: &[u8]) -> Hmac<Sha256> {
        let mut block = [0; 64];
        // HMAC fills a shorter secret up to a block with zeros (RFC 2104).
        for (byte, secret) in block.iter_mut().zip(&self.secret) {
            *byte = *secret;
        }
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(signed);
        mac
    }
}

fn read_room(bytes: &[u8]) -> Option<Channel> {
    let (topic, event) = bytes.split_first()?;
    let event = EventId::from_uuid(Uuid::from_slice(event).ok()?);
    let topic = TOPICS.into_iter().find(|known| known.bit() == *topic)?;
    Some(topic.of(event))
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::Topic;

    fn user(number: u128) -> BuyerId {
        BuyerId::from_uuid(Uuid::from_u128(number))
    }

    fn room(topic: Topic, number: u128) -> Channel {
        topic.of(EventId::from_uuid(Uuid::from_u128(number)))
    }

    fn session(user: Option<BuyerId>) -> Session {
        Session { user, rooms: vec![room(Topic::Event, 1), room(Topic::Seats, 2), room(Topic::Queue, 1)] }
    }

    fn at(minutes: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_mins(minutes))
    }

    #[test]
    fn a_session_is_restored_by_every_server_with_the_secret() {
        for user in [None, Some(user(7))] {
            let text = Sessions::new([1; 32]).write(&session(user), at(0));
            assert_eq!(Sessions::new([1; 32]).read(&text, user, at(59)), Some(session(user)));
        }
    }

    #[test]
    fn a_session_of_another_user_is_not_restored() {
        let sessions = Sessions::new([1; 32]);
        for (owner, reader) in [(Some(user(7)), Some(user(8))), (Some(user(7)), None), (None, Some(user(7)))]
        {
            assert_eq!(sessions.read(&sessions.write(&session(owner), at(0)), reader, at(0)), None);
        }
    }

    #[test]
    fn a_session_ends_an_hour_after_its_last_change() {
        let sessions = Sessions::new([1; 32]);
        let text = sessions.write(&session(None), at(0));
        assert_eq!(sessions.read(&text, None, at(60)), None);
    }

    #[test]
    fn a_session_that_was_changed_or_signed_elsewhere_is_not_restored() {
        let sessions = Sessions::new([1; 32]);
        let text = sessions.write(&session(Some(user(7))), at(0));
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            assert_eq!(
                sessions.read(&URL_SAFE_NO_PAD.encode(changed), Some(user(7)), at(0)),
                None,
                "{index}"
            );
        }
        assert_eq!(Sessions::new([2; 32]).read(&text, Some(user(7)), at(0)), None);
        for text in ["", "A", "not a session", &"A".repeat(MOST_TEXT_BYTES + 1)] {
            assert_eq!(sessions.read(text, None, at(0)), None);
        }
    }

    #[test]
    fn the_rooms_joined_last_are_kept() {
        let sessions = Sessions::new([1; 32]);
        let rooms: Vec<_> = (0..40).map(|number| room(Topic::Event, number)).collect();
        let text = sessions.write(&Session { user: None, rooms: rooms.clone() }, at(0));
        assert_eq!(sessions.read(&text, None, at(0)).unwrap().rooms, rooms[8..]);
    }
}
