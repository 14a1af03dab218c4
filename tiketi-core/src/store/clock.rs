//! The store's own clock, to compare servers' clocks with.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::time::Timestamp;

/// Reads the clock that all servers of a store share.
///
/// Commands are decided by their own `now`, never by this clock. It only stops a server whose clock is wrong: see
/// [`crate::decide::check_clock`].
#[async_trait]
pub trait StoreClock: Debug + Send + Sync + 'static {
    /// Returns the store's present time; `None` if the store has no clock of its own.
    ///
    /// # Contract
    ///
    /// A store that servers on several machines share MUST read one clock, and MUST fail a command whose `now` is
    /// further ahead of it than a margin that its documentation states, with [`crate::StoreErrorKind::ClockAhead`],
    /// before anything is ended, sold or announced. A store of one process returns `None`.
    async fn store_time(&self) -> Result<Option<Timestamp>, StoreError>;
}
