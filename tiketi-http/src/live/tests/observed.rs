//! A broadcast that can lose messages, and a timer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::broadcast::{AnyMessage, Broadcast, BuyerOnly, EventRoom, Listener};
use tiketi_core::clock::Timer;
use tiketi_core::memory::MemoryBroadcast;

/// A broadcast that loses what is sent while it is cut.
#[derive(Debug, Default)]
pub(super) struct LossyBroadcast {
    inner: MemoryBroadcast,
    pub(super) is_cut: AtomicBool,
}

impl Broadcast for LossyBroadcast {
    fn publish(&self, message: AnyMessage) {
        if !self.is_cut.load(Ordering::SeqCst) {
            self.inner.publish(message);
        }
    }

    fn listen(&self, room: EventRoom) -> Listener<EventRoom> {
        self.inner.listen(room)
    }

    fn listen_to_buyer(&self, buyer: BuyerOnly) -> Listener<BuyerOnly> {
        self.inner.listen_to_buyer(buyer)
    }

    fn has_listener(&self, room: EventRoom) -> bool {
        self.inner.has_listener(room)
    }

    fn has_buyer_listener(&self) -> bool {
        self.inner.has_buyer_listener()
    }
}

/// Waits with Tokio's clock.
#[derive(Debug)]
pub(super) struct TokioTimer;

#[async_trait]
impl Timer for TokioTimer {
    async fn sleep(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}
