//! Live changes behind the fault layer.

use std::sync::{Arc, Weak};

use tiketi_core::broadcast::{AnyMessage, Broadcast, BuyerOnly, EventRoom, Listener};
use tiketi_core::memory::MemoryBroadcast;

use crate::fault::Fault;
use crate::world::World;

/// What one process hears; the store sends every commit to all of them.
///
/// It does not keep its world, because the store of the world keeps it.
#[derive(Debug)]
pub(crate) struct NodeBroadcast {
    world: Weak<World>,
    heard: MemoryBroadcast,
}

impl NodeBroadcast {
    pub(crate) fn of(world: &Arc<World>) -> Self {
        Self { world: Arc::downgrade(world), heard: MemoryBroadcast::default() }
    }
}

impl Broadcast for NodeBroadcast {
    fn publish(&self, message: AnyMessage) {
        let Some(world) = self.world.upgrade() else { return };
        if world.strikes(Fault::BroadcastLost) {
            return;
        }
        if world.strikes(Fault::BroadcastGap) {
            return self.heard.tell_gap();
        }
        if world.strikes(Fault::BroadcastTwice) {
            self.heard.publish(message.clone());
        }
        self.heard.publish(message);
    }

    fn listen(&self, room: EventRoom) -> Listener<EventRoom> {
        self.heard.listen(room)
    }

    fn listen_to_buyer(&self, buyer: BuyerOnly) -> Listener<BuyerOnly> {
        self.heard.listen_to_buyer(buyer)
    }

    fn has_listener(&self, room: EventRoom) -> bool {
        self.heard.has_listener(room)
    }

    fn has_buyer_listener(&self) -> bool {
        self.heard.has_buyer_listener()
    }
}
