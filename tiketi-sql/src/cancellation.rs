//! Cancellation policies, and the terms with which a reservation was confirmed.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tiketi_core::{
    CancellationPolicy, StoreError, Timestamp,
    cancellation_policy::{AgreedCancellation, CancellationTier},
};

use crate::row::{json, parse, unreadable};

/// A tier: seconds before the start, share kept in basis points, fee kept in minor units.
pub(crate) type TierEntry = (u64, u16, i64);

/// The terms of a reservation as JSON.
#[derive(Serialize, Deserialize)]
struct AgreedEntry {
    starts_at: i64,
    tiers: Vec<TierEntry>,
}

/// Writes the terms with which a reservation was confirmed as a JSON object.
pub(crate) fn cancellation_text(agreed: Option<&AgreedCancellation>) -> Result<Option<String>, StoreError> {
    let entry = |agreed: &AgreedCancellation| {
        json(&AgreedEntry { starts_at: agreed.starts_at.as_micros(), tiers: tiers(&agreed.policy) })
    };
    agreed.map(entry).transpose()
}

/// Reads the terms with which a reservation was confirmed.
pub(crate) fn agreed(text: &str) -> Result<AgreedCancellation, StoreError> {
    let AgreedEntry { starts_at, tiers } = parse(text, "cancellation")?;
    Ok(AgreedCancellation { policy: policy(&tiers)?, starts_at: Timestamp::from_micros(starts_at) })
}

/// Writes a policy as its tiers.
pub(crate) fn tiers(policy: &CancellationPolicy) -> Vec<TierEntry> {
    let entry = |tier: &CancellationTier| (tier.lead().as_secs(), tier.share_kept(), tier.fee_kept());
    policy.tiers().iter().map(entry).collect()
}

/// Reads a policy from its tiers.
pub(crate) fn policy(entries: &[TierEntry]) -> Result<CancellationPolicy, StoreError> {
    let tier =
        |(lead, share, fee): &TierEntry| CancellationTier::new(Duration::from_secs(*lead), *share, *fee);
    let tiers = entries.iter().map(tier).collect::<Result<Vec<_>, _>>();
    tiers
        .and_then(|tiers| CancellationPolicy::new(&tiers))
        .map_err(|error| unreadable("cancellation").caused_by(error))
}
