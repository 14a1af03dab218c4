//! The core's timer, over Tokio.

use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::clock::Timer;

/// Waits with Tokio's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RuntimeTimer;

#[async_trait]
impl Timer for RuntimeTimer {
    async fn sleep(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}
