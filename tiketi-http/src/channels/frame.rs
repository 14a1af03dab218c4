//! One message of a channel, encoded once for all sockets.

use std::sync::OnceLock;

use tiketi_core::Timestamp;
use tiketi_core::live_seats::SeatUpdate;
use tiketi_core::seat_states::StatesOf;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::channels::compact;
use crate::channels::name::Channel;
use crate::channels::protocol::{Body, Encoding, SeatChange, Seats, ServerMessage};
use crate::status_words::seat_status_word;

/// One message of a channel.
#[derive(Debug)]
pub(crate) struct Frame {
    json: Utf8Bytes,
    seats: Option<Box<SeatsFrame>>,
}

/// The changes of seats behind a message.
#[derive(Debug)]
struct SeatsFrame {
    changes: SeatChanges,
    /// Written for the first socket that wants it.
    compact: OnceLock<Utf8Bytes>,
}

/// Changes of seats, and how their message is numbered.
#[derive(Debug, Clone)]
pub(crate) struct SeatChanges {
    pub(crate) channel: Channel,
    pub(crate) seq: u64,
    /// See [`ServerMessage::since`].
    pub(crate) since: Option<u64>,
    /// The map version before the changes.
    pub(crate) before: u64,
    /// The layout, and the map version with the changes.
    pub(crate) of: StatesOf,
    /// The moment that decides whether a hold has ended.
    pub(crate) now: Timestamp,
    pub(crate) updates: Vec<SeatUpdate>,
}

impl Frame {
    /// Makes a message of its text.
    pub(crate) fn text(json: String) -> Self {
        Self { json: json.into(), seats: None }
    }

    /// Makes a message of changes of seats.
    ///
    /// # Errors
    ///
    /// None in practice, as for [`ServerMessage::json`].
    pub(crate) fn seats(changes: SeatChanges) -> Result<Self, serde_json::Error> {
        let json = changes.text(Encoding::Json)?;
        Ok(Self { json, seats: Some(Box::new(SeatsFrame { changes, compact: OnceLock::new() })) })
    }

    /// Returns the text of the message in an encoding.
    pub(crate) fn in_encoding(&self, encoding: Encoding) -> Utf8Bytes {
        match (encoding, &self.seats) {
            (Encoding::Compact, Some(seats)) => {
                let written = seats.compact.get_or_init(|| {
                    // What was written once as JSON can be written.
                    seats.changes.text(Encoding::Compact).unwrap_or_else(|_| self.json.clone())
                });
                written.clone()
            }
            (Encoding::Compact, None) | (Encoding::Json, _) => self.json.clone(),
        }
    }

    /// Returns the map version before the changes of seats; 0 for another message.
    pub(crate) fn version_before(&self) -> u64 {
        self.seats.as_ref().map_or(0, |seats| seats.changes.before)
    }

    /// Returns about how many bytes the message takes.
    pub(crate) fn bytes(&self) -> usize {
        self.json.len() + self.seats.as_ref().map_or(0, |seats| seats.changes.updates.len() * 64)
    }
}

impl SeatChanges {
    /// Writes the message in an encoding.
    ///
    /// # Errors
    ///
    /// None in practice, as for [`ServerMessage::json`].
    pub(crate) fn text(&self, encoding: Encoding) -> Result<Utf8Bytes, serde_json::Error> {
        let seats = match encoding {
            Encoding::Json => Seats { version: self.of.version, changes: Some(self.listed()), states: None },
            Encoding::Compact => {
                Seats { version: self.of.version, changes: None, states: Some(self.compact()) }
            }
        };
        let message = ServerMessage {
            channel: self.channel,
            seq: self.seq,
            since: self.since,
            at: self.now.to_string(),
            body: Body::SeatsChanged(seats),
        };
        message.json().map(Utf8Bytes::from)
    }

    fn listed(&self) -> Vec<SeatChange> {
        self.updates.iter().map(|update| seat_change(update, self.now)).collect()
    }

    fn compact(&self) -> String {
        compact::changes(self.of, self.before, &self.updates, self.now)
    }
}

/// Shows a seat as of `now`.
pub(crate) fn seat_change(update: &SeatUpdate, now: Timestamp) -> SeatChange {
    SeatChange {
        seat_id: update.now.seat.to_string(),
        status: seat_status_word(update.now.status_at(now)).to_owned(),
        version: update.now.version,
    }
}
