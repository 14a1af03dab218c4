//! Channels: one for each audience.

use tiketi_core::broadcast::{BuyerOnly, EventRoom};

/// The channel of an audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Channel {
    Room(EventRoom),
    Buyer(BuyerOnly),
}

impl Channel {
    /// Returns the channel's name. Its braces keep it on the node of its number in a Cluster.
    pub(crate) fn name(self, prefix: &str) -> Vec<u8> {
        match self {
            Self::Room(EventRoom(event)) => format!("{prefix}:{{{event}}}:live").into_bytes(),
            Self::Buyer(BuyerOnly(buyer)) => format!("{prefix}:{{{buyer}}}:own").into_bytes(),
        }
    }

    /// Returns the key of the number of the channel's last message.
    pub(crate) fn number_key(self, prefix: &str) -> Vec<u8> {
        [&self.name(prefix), &b":number"[..]].concat()
    }
}
