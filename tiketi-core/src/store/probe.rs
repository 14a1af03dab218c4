//! A probe of the store: whether it takes writes at this moment.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::time::Timestamp;

/// Writes something that no buyer sees, to find out whether the store can sell.
///
/// A store that answers reads may still refuse every sale: its disk is full, it is a standby, or its file was moved.
/// Call it at most about once a second; [`BoxOffice::probe_store`](crate::BoxOffice::probe_store) does.
#[async_trait]
pub trait StoreProbe: Debug + Send + Sync + 'static {
    /// Writes the moment of the probe where sales are written, as durably as a sale.
    ///
    /// # Contract
    ///
    /// - It MUST fail if a command that is executed now could not be stored: because the store cannot be reached, is a
    ///   standby or read-only, has no space left, or is no longer the one that a new process would open.
    /// - It MUST fail if the schema is not the one of this release.
    /// - Its cost MUST be constant: it MUST NOT leave rows behind that grow in number, and MUST NOT read rows of sales.
    /// - It MUST NOT wait for the probe of another server that is frozen.
    /// - It MUST NOT change what a buyer, an organiser or an audit can see.
    ///
    /// # Errors
    ///
    /// Any kind of [`StoreError`]. The message says what is wrong, for the log.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the moment written or not.
    async fn probe_write(&self, now: Timestamp) -> Result<(), StoreError>;
}
