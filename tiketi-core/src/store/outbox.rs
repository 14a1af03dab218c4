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
    /// - A fact MUST NOT be claimed by two callers while a lease on it lasts. At `now` plus `lease` it MUST come up
    ///   again if it was not acknowledged with [`OutboxStore::ack_outbox`].
    /// - A fact MUST NOT come up before its commit. A claim goes by state, never by "id greater than the last":
    ///   commits become visible out of order, and facts are acknowledged out of order.
    /// - Facts of one event MUST have ids that grow in the order of their commits, and within one commit in the order
    ///   of [`crate::decide::coalesce_facts`]; an id MUST never be used again. A claim MUST return facts in the order of their
    ///   ids.
    /// - A fact of a reservation ([`crate::FactBody::reservation`]) MUST NOT be handed out while an earlier one of the
    ///   same reservation is claimed by another caller; facts of other reservations MUST NOT wait for it.
    /// - Facts of one event that cannot be claimed MUST NOT keep those of another back.
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

    /// Forgets facts that were delivered.
    ///
    /// # Contract
    ///
    /// An acknowledged fact MUST NOT come up again, and no other fact may be lost with it, in whatever order they are
    /// acknowledged. Unknown ids MUST be no error.
    async fn ack_outbox(&self, facts: &[FactId]) -> Result<(), StoreError>;
}
