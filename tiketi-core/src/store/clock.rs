//! The store's own clock, to compare servers' clocks with.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::store::StoreError;
use crate::time::Timestamp;

/// Tells the time of the clock that all servers of a store share.
///
/// Commands are decided by their own moment, never by this one. It only keeps a server whose clock is wrong from deciding:
/// see [`crate::decide::check_clock`].
#[async_trait]
pub trait StoreClock: Debug + Send + Sync + 'static {
    /// Returns the present moment by the store's clock, or nothing if the store has no other than its process.
    ///
    /// # Contract
    ///
    /// A store that servers on several machines share MUST tell the time of one clock, and MUST fail a command whose moment
    /// is further ahead of it than a margin that its documentation states, with [`crate::StoreErrorKind::ClockAhead`], before
    /// anything is ended, sold or announced. A store of one process has one clock, and answers `None`.
    async fn store_time(&self) -> Result<Option<Timestamp>, StoreError>;
}
