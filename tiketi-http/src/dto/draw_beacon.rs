//! The round of a public beacon on which a draw depends.

use serde::{Deserialize, Serialize};
use tiketi_core::waiting_room::{BeaconSignature, DrawBeacon};
use utoipa::ToSchema;

use super::field::parsed;
use crate::error::ApiError;

/// A round of drand, the public beacon of randomness: it is published after the line opens, and known to everyone then.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NamedBeacon)]
pub(crate) struct NamedBeacon {
    /// The hash of the chain, in hexadecimal digits. The server knows `quicknet`.
    #[schema(example = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971")]
    pub(super) chain: String,
    /// The round, which is published after the line opens.
    #[schema(example = 33_000_000)]
    pub(super) round: u64,
}

/// The published round on which a draw depends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SupplyBeacon {
    /// The round that the policy names.
    #[schema(example = 33_000_000)]
    pub(crate) round: u64,
    /// The signature of the round, in 96 hexadecimal digits, as the beacon publishes it.
    signature: String,
}

impl SupplyBeacon {
    /// Reads the signature.
    pub(crate) fn signature(&self) -> Result<BeaconSignature, ApiError> {
        parsed("signature", &self.signature)
    }
}

/// The public round on which a draw depends.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DrawBeacon)]
pub(crate) struct DrawBeaconDto {
    /// The hash of the chain.
    #[schema(example = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971")]
    chain: String,
    #[schema(example = 33_000_000)]
    round: u64,
    /// The signature of the round; `null` until it was supplied. The randomness of the round is its SHA-256.
    signature: Option<String>,
}

impl DrawBeaconDto {
    pub(crate) fn of(beacon: &DrawBeacon) -> Self {
        let DrawBeacon { chain, round, signature } = beacon;
        Self {
            chain: chain.to_string(),
            round: *round,
            signature: signature.as_ref().map(ToString::to_string),
        }
    }
}
