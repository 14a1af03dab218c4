//! A broadcast within one process.

use crate::broadcast::{AnyMessage, Broadcast, BuyerOnly, EventRoom, Listener, Listeners};

/// Sends messages to the listeners of this process.
#[derive(Debug, Default)]
pub struct MemoryBroadcast {
    rooms: Listeners<EventRoom>,
    buyers: Listeners<BuyerOnly>,
}

impl MemoryBroadcast {
    /// Tells every listener that messages may be missing, as a lost connection does: for tests.
    pub fn tell_gap(&self) {
        self.rooms.gap_everywhere();
        self.buyers.gap_everywhere();
    }
}

impl Broadcast for MemoryBroadcast {
    fn publish(&self, message: AnyMessage) {
        match message {
            AnyMessage::Room(message) => self.rooms.deliver(&message),
            AnyMessage::Buyer(message) => self.buyers.deliver(&message),
        }
    }

    fn listen(&self, room: EventRoom) -> Listener<EventRoom> {
        self.rooms.listen(room)
    }

    fn listen_to_buyer(&self, buyer: BuyerOnly) -> Listener<BuyerOnly> {
        self.buyers.listen(buyer)
    }

    fn has_listener(&self, room: EventRoom) -> bool {
        self.rooms.has(room)
    }

    fn has_buyer_listener(&self) -> bool {
        self.buyers.has_any()
    }
}
