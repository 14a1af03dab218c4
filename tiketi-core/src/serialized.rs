//! How types with an invariant are serialised: as their text, or read through a check.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::cancellation_policy::{CancellationPolicy, CancellationPolicyError, CancellationTier};
use crate::id::{
    AccountId, BuyerId, EventId, LayoutId, PaymentId, RefundId, ReservationId, SeatId, TicketTypeId,
};
use crate::metadata::Metadata;
use crate::money::Currency;
use crate::reservation::ReservationNumber;
use crate::time::{EmptySaleWindow, SaleWindow, Timestamp};
use crate::waiting_room::{BeaconChain, BeaconSignature, DrawPlan, DrawSeed};

/// Serialises types as the text that `Display` writes and `FromStr` reads.
macro_rules! as_text {
    ($($name:ident),+ $(,)?) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<'_, str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )+};
}

as_text! {
    AccountId, BeaconChain, BeaconSignature, BuyerId, Currency, EventId, LayoutId, Metadata, PaymentId, RefundId, ReservationId, ReservationNumber,
    SeatId, TicketTypeId, Timestamp,
}

/// Writes the seed's public hash: a log or a client that receives an event must not learn the order before the draw.
impl Serialize for DrawSeed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&DrawPlan::of(*self).commitment())
    }
}

/// Fails: what is written does not have the seed.
impl<'de> Deserialize<'de> for DrawSeed {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("the seed of a draw is secret: read the event from its store"))
    }
}

/// A [`SaleWindow`] before the check that it opens before it closes.
#[derive(Deserialize)]
pub(crate) struct SaleWindowFields {
    opens_at: Timestamp,
    closes_at: Timestamp,
}

impl TryFrom<SaleWindowFields> for SaleWindow {
    type Error = EmptySaleWindow;

    fn try_from(fields: SaleWindowFields) -> Result<Self, EmptySaleWindow> {
        Self::new(fields.opens_at, fields.closes_at)
    }
}

/// A [`CancellationTier`] before the check of its ranges.
#[derive(Deserialize)]
pub(crate) struct CancellationTierFields {
    lead_seconds: u32,
    share_kept: u16,
    fee_kept: i64,
}

impl TryFrom<CancellationTierFields> for CancellationTier {
    type Error = CancellationPolicyError;

    fn try_from(fields: CancellationTierFields) -> Result<Self, CancellationPolicyError> {
        Self::new(Duration::from_secs(u64::from(fields.lead_seconds)), fields.share_kept, fields.fee_kept)
    }
}

impl From<CancellationPolicy> for Vec<CancellationTier> {
    fn from(policy: CancellationPolicy) -> Self {
        policy.tiers().to_vec()
    }
}

impl TryFrom<Vec<CancellationTier>> for CancellationPolicy {
    type Error = CancellationPolicyError;

    fn try_from(tiers: Vec<CancellationTier>) -> Result<Self, CancellationPolicyError> {
        Self::new(&tiers)
    }
}
