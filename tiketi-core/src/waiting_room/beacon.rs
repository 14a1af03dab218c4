//! Public beacons of randomness: a round that is fixed before a draw, and known to everyone only after it.

use std::fmt;
use std::fmt::Debug;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::hex::{from_hex, write_hex};
use crate::time::Timestamp;

/// The chain of a beacon such as drand, named by its hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BeaconChain([u8; 32]);

/// The signature of one round of a chain: 48 bytes, a point of the first group of BLS12-381.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BeaconSignature([u8; 48]);

/// A text that is not the hexadecimal form of a chain's hash or of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {digits} hexadecimal digits in lower case")]
#[non_exhaustive]
pub struct ParseBeaconError {
    /// How many digits the text should have.
    pub digits: usize,
}

/// The round of a public beacon on which a draw depends, beside its seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a policy that stores save: each writes every field")]
pub struct DrawBeacon {
    /// The chain.
    pub chain: BeaconChain,
    /// The round, which is published after the line has opened.
    pub round: u64,
    /// The signature of the round, once it was supplied and verified; the order is drawn from then on.
    pub signature: Option<BeaconSignature>,
}

/// Verifies rounds of public beacons, without a network.
///
/// `tiketi-drand` implements it for drand. A shop without one refuses policies that name a beacon.
pub trait BeaconVerifier: Debug + Send + Sync + 'static {
    /// Returns when a round is published; `None` for a chain that cannot be verified, or a round that never comes.
    fn published_at(&self, chain: BeaconChain, round: u64) -> Option<Timestamp>;

    /// Returns whether a signature is that of the round. It computes for some milliseconds.
    fn is_genuine(&self, chain: BeaconChain, round: u64, signature: &BeaconSignature) -> bool;
}

impl BeaconChain {
    /// Wraps the hash of a chain.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl BeaconSignature {
    /// Wraps a signature, which may be forged.
    pub const fn from_bytes(bytes: [u8; 48]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    pub const fn as_bytes(&self) -> &[u8; 48] {
        &self.0
    }

    /// Returns the randomness of the round: SHA-256 of its signature, as drand defines it.
    pub fn randomness(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

macro_rules! hexadecimal {
    ($($name:ident, $bytes:literal;)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(f, &self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ParseBeaconError;

            fn from_str(text: &str) -> Result<Self, ParseBeaconError> {
                from_hex(text).map(Self).ok_or(ParseBeaconError { digits: 2 * $bytes })
            }
        }
    )*};
}

hexadecimal! {
    BeaconChain, 32;
    BeaconSignature, 48;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_and_a_signature_survive_being_written_and_read() {
        let chain = BeaconChain::from_bytes([0xA7; 32]);
        assert_eq!(chain.to_string().parse(), Ok(chain));
        let signature = BeaconSignature::from_bytes([0x0B; 48]);
        assert_eq!(signature.to_string().parse(), Ok(signature));
        for text in ["", "a7", &chain.to_string()[1..], &chain.to_string().to_uppercase()] {
            assert_eq!(text.parse::<BeaconChain>(), Err(ParseBeaconError { digits: 64 }), "{text}");
        }
    }
}
