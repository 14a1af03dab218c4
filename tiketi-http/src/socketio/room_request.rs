//! What clients ask for.

use serde::Deserialize;
use tiketi_core::EventId;

use crate::channels::Topic;

/// What a client asks for by the name of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RoomRequest {
    Join(Topic),
    Leave(Topic),
}

/// What comes with the name: `{"eventId": …}`, or the id alone.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum RoomRequestBody {
    /// With what the client has.
    #[serde(rename_all = "camelCase")]
    Event {
        event_id: String,
        /// The version of the seat map that the client has.
        #[serde(default)]
        version: Option<u64>,
    },
    Id(String),
}

impl RoomRequest {
    /// Reads the name of an event that a client sent; `None` for one that asks for nothing.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "join-event" => Self::Join(Topic::Event),
            "join-seat-selection" => Self::Join(Topic::Seats),
            "join-queue" => Self::Join(Topic::Queue),
            "leave-event" => Self::Leave(Topic::Event),
            "leave-seat-selection" => Self::Leave(Topic::Seats),
            "leave-queue" => Self::Leave(Topic::Queue),
            _ => return None,
        })
    }
}

impl RoomRequestBody {
    /// Returns the event; `None` for a text that is no id.
    pub(super) fn event(&self) -> Option<EventId> {
        let (Self::Event { event_id: id, .. } | Self::Id(id)) = self;
        id.parse().ok()
    }

    pub(super) const fn version(&self) -> Option<u64> {
        match self {
            Self::Event { version, .. } => *version,
            Self::Id(_) => None,
        }
    }
}
