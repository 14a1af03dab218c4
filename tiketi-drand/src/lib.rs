//! Verifies rounds of drand, a public beacon of randomness, for Tiketi's draws. It uses no network.
//!
//! ```
//! use std::sync::Arc;
//! use tiketi_core::{BoxOffice, memory::MemoryStore};
//! use tiketi_drand::Drand;
//!
//! let shop = BoxOffice::builder()
//!     .store(Arc::new(MemoryStore::default()))
//!     .beacon_verifier(Arc::new(Drand))
//!     .build()?;
//! # Ok::<(), tiketi_core::BuildError>(())
//! ```
//!
//! A policy names a chain by its hash, and a round that is published after the line opens. `curl
//! https://api.drand.sh/CHAIN/public/ROUND` then prints the signature to supply.

use std::time::Duration;

use drand_verify::{G2PubkeyRfc, Pubkey};
use tiketi_core::Timestamp;
use tiketi_core::waiting_room::{BeaconChain, BeaconSignature, BeaconVerifier};

/// The chain `quicknet` of the League of Entropy, as `https://api.drand.sh/52db9ba7…/info` describes it.
///
/// Its scheme is `bls-unchained-g1-rfc9380`: a signature depends on the round alone.
pub const QUICKNET: BeaconChain = BeaconChain::from_bytes([
    0x52, 0xdb, 0x9b, 0xa7, 0x0e, 0x0c, 0xc0, 0xf6, 0xea, 0xf7, 0x80, 0x3d, 0xd0, 0x74, 0x47, 0xa1, 0xf5,
    0x47, 0x77, 0x35, 0xfd, 0x3f, 0x66, 0x17, 0x92, 0xba, 0x94, 0x60, 0x0c, 0x84, 0xe9, 0x71,
]);

/// The public key of quicknet, a point of the second group of BLS12-381.
const QUICKNET_KEY: [u8; 96] = [
    0x83, 0xcf, 0x0f, 0x28, 0x96, 0xad, 0xee, 0x7e, 0xb8, 0xb5, 0xf0, 0x1f, 0xca, 0xd3, 0x91, 0x22, 0x12,
    0xc4, 0x37, 0xe0, 0x07, 0x3e, 0x91, 0x1f, 0xb9, 0x00, 0x22, 0xd3, 0xe7, 0x60, 0x18, 0x3c, 0x8c, 0x4b,
    0x45, 0x0b, 0x6a, 0x0a, 0x6c, 0x3a, 0xc6, 0xa5, 0x77, 0x6a, 0x2d, 0x10, 0x64, 0x51, 0x0d, 0x1f, 0xec,
    0x75, 0x8c, 0x92, 0x1c, 0xc2, 0x2b, 0x0e, 0x17, 0xe6, 0x3a, 0xaf, 0x4b, 0xcb, 0x5e, 0xd6, 0x63, 0x04,
    0xde, 0x9c, 0xf8, 0x09, 0xbd, 0x27, 0x4c, 0xa7, 0x3b, 0xab, 0x4a, 0xf5, 0xa6, 0xe9, 0xc7, 0x6a, 0x4b,
    0xc0, 0x9e, 0x76, 0xea, 0xe8, 0x99, 0x1e, 0xf5, 0xec, 0xe4, 0x5a,
];

/// Moment of round 1 of quicknet, in seconds since 1970.
const GENESIS: u64 = 1_692_803_367;
/// Time from a round of quicknet to the next.
const PERIOD: u64 = 3;

/// Returns the first round of [`QUICKNET`] that is published at a moment or later.
pub fn round_at(moment: Timestamp) -> u64 {
    let genesis = Timestamp::EPOCH.after(Duration::from_secs(GENESIS));
    let micros = u64::try_from(moment.since(genesis).as_micros()).unwrap_or(u64::MAX);
    micros.div_ceil(PERIOD * 1_000_000).saturating_add(1)
}

/// Verifies rounds of [`QUICKNET`].
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no settings")]
pub struct Drand;

impl BeaconVerifier for Drand {
    fn published_at(&self, chain: BeaconChain, round: u64) -> Option<Timestamp> {
        let seconds = round.checked_sub(1)?.checked_mul(PERIOD)?.checked_add(GENESIS)?;
        let moment = Timestamp::EPOCH.after(Duration::from_secs(seconds));
        (chain == QUICKNET && moment < Timestamp::FAR_FUTURE).then_some(moment)
    }

    fn is_genuine(&self, chain: BeaconChain, round: u64, signature: &BeaconSignature) -> bool {
        let Ok(key) = G2PubkeyRfc::from_fixed(QUICKNET_KEY) else { return false };
        // What is not a point of the curve is an error of the crate, and forged.
        chain == QUICKNET && key.verify(round, b"", signature.as_bytes()).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Round 1,000 of [`QUICKNET`], as `https://api.drand.sh/52db9ba7…/public/1000` publishes it.
    const SIGNATURE: &str =
        "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39";
    const RANDOMNESS: &str = "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd";

    fn signature() -> BeaconSignature {
        SIGNATURE.parse().unwrap()
    }

    #[test]
    fn the_chain_is_quicknet() {
        assert_eq!(QUICKNET.to_string(), "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971");
    }

    #[test]
    fn a_published_round_is_genuine_and_has_the_published_randomness() {
        assert!(Drand.is_genuine(QUICKNET, 1_000, &signature()));
        let randomness = BeaconChain::from_bytes(signature().randomness());
        assert_eq!(randomness.to_string(), RANDOMNESS);
    }

    #[test]
    fn another_round_chain_or_signature_is_forged() {
        assert!(!Drand.is_genuine(QUICKNET, 1_001, &signature()));
        assert!(!Drand.is_genuine(BeaconChain::from_bytes([1; 32]), 1_000, &signature()));
        let mut bytes = *signature().as_bytes();
        bytes[47] ^= 1;
        for forged in [bytes, [0; 48]] {
            assert!(!Drand.is_genuine(QUICKNET, 1_000, &BeaconSignature::from_bytes(forged)));
        }
    }

    #[test]
    fn a_round_is_published_every_three_seconds_from_the_first_on() {
        let first: Timestamp = "2023-08-23T15:09:27Z".parse().unwrap();
        assert_eq!(Drand.published_at(QUICKNET, 1), Some(first));
        assert_eq!(Drand.published_at(QUICKNET, 1_000), Some(first.after(Duration::from_secs(2_997))));
        assert_eq!(Drand.published_at(QUICKNET, 0), None);
        assert_eq!(Drand.published_at(QUICKNET, u64::MAX), None);
        assert_eq!(Drand.published_at(BeaconChain::from_bytes([1; 32]), 1), None);
    }

    #[test]
    fn the_round_at_a_moment_is_the_first_that_is_not_earlier() {
        let first: Timestamp = "2023-08-23T15:09:27Z".parse().unwrap();
        for (micros, round) in [(0, 1), (1, 2), (3_000_000, 2), (3_000_001, 3)] {
            assert_eq!(round_at(first.after(Duration::from_micros(micros))), round, "{micros}");
        }
        assert_eq!(round_at(Timestamp::EPOCH), 1);
    }
}
