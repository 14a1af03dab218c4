//! The outbox: committed facts that are not delivered yet.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::fact::{Fact, FactId};
use crate::time::Timestamp;

/// Saves committed facts until they are delivered.
#[async_trait]
pub trait OutboxStore: Debug + Send + Sync + 'static {
    /// Claims at most `limit` undelivered facts, the oldest first, for the time `lease`.
    ///
    /// # Contract
    ///
    /// - A fact MUST NOT be claimed by two callers while a lease on it lasts. At `now` plus `lease` it MUST become
    ///   claimable again if it was not acknowledged with [`OutboxStore::ack_outbox`].
    /// - A fact MUST NOT be claimable before its commit. A claim selects by state, never by "id greater than the last":
    ///   commits become visible out of order, and facts are acknowledged out of order.
    /// - Facts of one event MUST have ids that grow in the order of their commits, and within one commit in the order
    ///   of [`crate::decide::coalesce_facts`]; an id MUST never be used again. A claim MUST return facts in the order
    ///   of their ids.
    /// - A fact of a reservation ([`crate::FactBody::reservation`]) MUST NOT be claimable while an earlier one of the
    ///   same reservation is claimed by another caller; facts of other reservations MUST NOT wait for it.
    /// - Facts of one event that cannot be claimed MUST NOT delay those of another event.
    ///
    /// # Cancel safety
    ///
    /// Facts claimed by a dropped future are claimable again when their lease ends.
    async fn claim_outbox(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Fact>, StoreError>;

    /// Deletes facts that were delivered.
    ///
    /// # Contract
    ///
    /// An acknowledged fact MUST NOT be claimable again, and no other fact may be lost with it, in whatever order they
    /// are acknowledged. Unknown ids MUST NOT be an error.
    async fn ack_outbox(&self, facts: &[FactId]) -> Result<(), StoreError>;
}
