//! Waiting, by the runtime's own time.

use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::Timer;

/// Waits as the runtime does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RuntimeTimer;

#[async_trait]
impl Timer for RuntimeTimer {
    async fn sleep(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}
