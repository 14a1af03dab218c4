//! The inbox: webhooks taken in, to be looked into.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::gateway::Hint;
use crate::limits::{MAX_KEY_CHARS, MAX_NAME_CHARS};
use crate::store::StoreError;
use crate::text::{TextError, check_line};
use crate::time::Timestamp;

/// A webhook as it was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Name of the gateway it came to; with [`Hint::delivery`], what names it.
    pub gateway: String,
    /// What it hints at.
    pub hint: Hint,
    /// When it first came.
    pub received_at: Timestamp,
    /// How often it was postponed; 0 for one that comes in.
    pub tries: u32,
}

impl Delivery {
    /// Checks every text of the delivery; stores do so before they keep one.
    ///
    /// # Errors
    ///
    /// [`TextError`] naming the field.
    pub fn check_texts(&self) -> Result<(), TextError> {
        let Self { gateway, hint, received_at: _, tries: _ } = self;
        let Hint { delivery, payment: _, provider_key } = hint;
        check_line("gateway", gateway, 0..=MAX_NAME_CHARS)?;
        check_line("delivery", delivery, 1..=MAX_KEY_CHARS)?;
        check_line("provider_key", provider_key.as_deref().unwrap_or_default(), 0..=MAX_KEY_CHARS)
    }
}

/// Whether a delivery is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Receipt {
    /// It came for the first time.
    New,
    /// It came before, and nothing was changed.
    Known,
}

/// Keeps webhooks until they were looked into, and their names for as long as they may be repeated.
#[async_trait]
pub trait InboxStore: Debug + Send + Sync + 'static {
    /// Takes a delivery in.
    ///
    /// # Contract
    ///
    /// Of several with one gateway and one [`Hint::delivery`], however close they come, exactly one MUST be
    /// [`Receipt::New`] and kept; the others MUST change nothing, [`Delivery::received_at`] included. This holds until
    /// the delivery is forgotten, also after it was looked into. Equal names at two gateways are two deliveries. MUST
    /// be durable before it returns. What [`Delivery::check_texts`] refuses MUST fail with
    /// [`crate::StoreErrorKind::InvalidData`].
    async fn receive_delivery(&self, delivery: Delivery) -> Result<Receipt, StoreError>;

    /// Claims up to `limit` deliveries that were not looked into, the oldest first, for as long as `lease`.
    ///
    /// # Contract
    ///
    /// A delivery MUST NOT be claimed by two callers while a lease on it lasts. At `now` plus `lease` it MUST come up
    /// again if it was not acknowledged with [`InboxStore::ack_delivery`]. Deliveries MUST come in the order of
    /// [`Delivery::received_at`], exactly as they were taken in.
    async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Notes that a delivery was looked into.
    ///
    /// # Contract
    ///
    /// It MUST NOT be claimed again, and its name MUST stay known. An unknown one MUST be no error, nor a name that no
    /// delivery can have.
    async fn ack_delivery(&self, gateway: &str, delivery: &str) -> Result<(), StoreError>;

    /// Keeps a delivery back until `until`, because it could not be looked into, and counts it in [`Delivery::tries`].
    ///
    /// # Contract
    ///
    /// MUST NOT come up before `until`, also when its lease ends earlier, and MUST come up from then on. Other
    /// deliveries MUST NOT wait for it. One that is unknown or was looked into is no error, and stays as it is.
    async fn postpone_delivery(
        &self,
        gateway: &str,
        delivery: &str,
        until: Timestamp,
    ) -> Result<(), StoreError>;

    /// Forgets deliveries that first came before `before`, looked into or not, and returns how many.
    ///
    /// # Contract
    ///
    /// One that came at `before` MUST stay. A forgotten one that comes again MUST be [`Receipt::New`].
    async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, StoreError>;
}
