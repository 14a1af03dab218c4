//! The inbox: webhooks received and not yet processed.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::gateway::Hint;
use crate::limits::{MAX_KEY_CHARS, MAX_NAME_CHARS};
use crate::text::{TextError, check_line};
use crate::time::Timestamp;

/// A webhook as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Delivery {
    /// Name of the gateway; the delivery's identity is this name with [`Hint::delivery`].
    pub gateway: String,
    /// What the webhook names.
    pub hint: Hint,
    /// When it was first received.
    pub received_at: Timestamp,
    /// How often it was postponed; 0 for a new one.
    pub tries: u32,
}

impl Delivery {
    /// Checks every text of the delivery; stores call it before they save one.
    ///
    /// # Errors
    ///
    /// [`TextError`] naming the field.
    pub fn check_texts(&self) -> Result<(), TextError> {
        let Self { gateway, hint, received_at: _, tries: _ } = self;
        let Hint { delivery, payment: _, provider_key, secret: _ } = hint;
        check_line("gateway", gateway, 0..=MAX_NAME_CHARS)?;
        check_line("delivery", delivery, 1..=MAX_KEY_CHARS)?;
        check_line("provider_key", provider_key.as_deref().unwrap_or_default(), 0..=MAX_KEY_CHARS)
    }
}

/// Whether a delivery is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of cases, which hosts act on")]
pub enum Receipt {
    /// It was received for the first time.
    New,
    /// It was received before, and nothing was changed.
    Known,
    /// Too many about its payment are saved; nothing was changed.
    Full,
}

/// Saves webhooks until they are processed, and their names for as long as they may be repeated.
#[async_trait]
pub trait InboxStore: Debug + Send + Sync + 'static {
    /// Receives a delivery.
    ///
    /// # Contract
    ///
    /// Of several with one gateway and one [`Hint::delivery`], however close they come, exactly one MUST be
    /// [`Receipt::New`] and saved; the others MUST change nothing, [`Delivery::received_at`] included. This holds until
    /// the delivery is deleted, also after it was processed. Equal names at two gateways are two deliveries. The
    /// delivery MUST be durable before the method returns. What [`Delivery::check_texts`] refuses MUST fail with
    /// [`crate::StoreErrorKind::InvalidData`].
    ///
    /// If `most` deliveries about the payment are saved, processed or not, a further one MUST be [`Receipt::Full`] and not
    /// saved; of those that come at the same time, more may be saved. [`Hint::secret`] is not saved.
    async fn receive_delivery(&self, delivery: Delivery, most: usize) -> Result<Receipt, StoreError>;

    /// Claims at most `limit` unprocessed deliveries, the oldest first, for the time `lease`.
    ///
    /// # Contract
    ///
    /// A delivery MUST NOT be claimed by two callers while a lease on it lasts. At `now` plus `lease` it MUST become
    /// claimable again if it was not acknowledged with [`InboxStore::ack_delivery`]. Deliveries MUST come in the order
    /// of [`Delivery::received_at`], which MUST be unchanged.
    async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Records that a delivery was processed.
    ///
    /// # Contract
    ///
    /// It MUST NOT be claimed again, and its name MUST stay known. An unknown delivery MUST NOT be an error, nor a name
    /// that no delivery can have.
    async fn ack_delivery(&self, gateway: &str, delivery: &str) -> Result<(), StoreError>;

    /// Postpones a delivery until `until`, and counts that in [`Delivery::tries`].
    ///
    /// A caller does so if it could not process the delivery.
    ///
    /// # Contract
    ///
    /// The delivery MUST NOT be claimable before `until`, also if its lease ends earlier, and MUST be claimable from
    /// then on. Other deliveries MUST NOT wait for it. One that is unknown or was processed is no error, and does not
    /// change.
    async fn postpone_delivery(
        &self,
        gateway: &str,
        delivery: &str,
        until: Timestamp,
    ) -> Result<(), StoreError>;

    /// Deletes deliveries first received before `before`, processed or not, and returns how many.
    ///
    /// # Contract
    ///
    /// One received at `before` MUST stay. A deleted one that comes again MUST be [`Receipt::New`]. A durable
    /// adapter MUST delete in slices, each with its own commit, so that no sale waits for all of it.
    async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, StoreError>;
}
