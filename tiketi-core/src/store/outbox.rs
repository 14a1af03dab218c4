//! The outbox: committed facts on their way out.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::fact::{Fact, FactId};
use crate::store::StoreError;
use crate::time::Timestamp;

/// Keeps committed facts until someone has delivered them.
#[async_trait]
pub trait OutboxStore: Debug + Send + Sync + 'static {
    /// Claims up to `limit` undelivered facts, the oldest first, for as long as `lease`.
    ///
    /// # Contract
    ///
    /// A fact MUST NOT be claimed by two callers while a lease on it lasts, MUST come up again when a
    /// lease ends without [`OutboxStore::ack_outbox`], and MUST NOT come up before its commit. A claim goes
    /// by state, never by "id greater than the last": commits become visible out of order. A fact of a
    /// reservation ([`crate::FactBody::reservation`]) MUST NOT be handed out while an earlier one of the same
    /// reservation is claimed by another caller. Facts of one event that cannot be claimed MUST NOT keep those of
    /// another back.
    ///
    /// # Cancel safety
    ///
    /// Facts claimed by a dropped future come up again when their lease ends.
    async fn claim_outbox(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Fact>, StoreError>;

    /// Forgets facts that were delivered. Unknown ids are no error.
    async fn ack_outbox(&self, facts: &[FactId]) -> Result<(), StoreError>;
}
