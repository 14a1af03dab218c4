//! Names of channels, as clients write them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use tiketi_core::EventId;

/// The name of the channel that every socket has without joining.
const PERSONAL: &str = "personal";

/// What a message is about, and who gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Channel {
    /// Status and stock of an event.
    Event(EventId),
    /// The seats of an event.
    Seats(EventId),
    /// The waiting room of an event.
    Queue(EventId),
    /// What is for one user only.
    Personal,
}

/// A channel of an event, without the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    Event,
    Seats,
    Queue,
}

/// A text that names no channel which a client can join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a channel is event:<id>, seats:<id> or queue:<id>")]
pub(crate) struct UnknownChannel;

impl Topic {
    /// Names the channel of an event.
    pub(crate) const fn of(self, event: EventId) -> Channel {
        match self {
            Self::Event => Channel::Event(event),
            Self::Seats => Channel::Seats(event),
            Self::Queue => Channel::Queue(event),
        }
    }

    /// Returns the bit that stands for the topic in a set of topics.
    pub(crate) const fn bit(self) -> u8 {
        match self {
            Self::Event => 1,
            Self::Seats => 2,
            Self::Queue => 4,
        }
    }
}

impl Channel {
    /// Returns the event and the topic; `None` for the personal channel.
    pub(crate) const fn of_event(self) -> Option<(EventId, Topic)> {
        match self {
            Self::Event(event) => Some((event, Topic::Event)),
            Self::Seats(event) => Some((event, Topic::Seats)),
            Self::Queue(event) => Some((event, Topic::Queue)),
            Self::Personal => None,
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(event) => write!(f, "event:{event}"),
            Self::Seats(event) => write!(f, "seats:{event}"),
            Self::Queue(event) => write!(f, "queue:{event}"),
            Self::Personal => f.write_str(PERSONAL),
        }
    }
}

impl FromStr for Channel {
    type Err = UnknownChannel;

    fn from_str(text: &str) -> Result<Self, UnknownChannel> {
        if text == PERSONAL {
            return Ok(Self::Personal);
        }
        let (topic, event) = text.split_once(':').ok_or(UnknownChannel)?;
        let event = event.parse().map_err(|_| UnknownChannel)?;
        match topic {
            "event" => Ok(Self::Event(event)),
            "seats" => Ok(Self::Seats(event)),
            "queue" => Ok(Self::Queue(event)),
            _ => Err(UnknownChannel),
        }
    }
}

impl Serialize for Channel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Channel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_read_as_it_is_written() {
        let event: EventId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let channels = [Topic::Event, Topic::Seats, Topic::Queue].map(|topic| topic.of(event));
        for channel in channels.into_iter().chain([Channel::Personal]) {
            assert_eq!(channel.to_string().parse(), Ok(channel));
        }
        assert_eq!(channels[1].to_string(), "seats:01890a5d-ac96-774b-bcce-b302099a8057");
    }

    #[test]
    fn other_texts_name_no_channel() {
        for text in
            ["", "seats", "seats:", "seats:7", "buyer:01890a5d-ac96-774b-bcce-b302099a8057", "personal:1"]
        {
            assert_eq!(text.parse::<Channel>(), Err(UnknownChannel), "{text}");
        }
    }
}
