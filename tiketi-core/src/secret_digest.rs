//! Hashes of the secrets with which providers prove their webhooks.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::hex::{from_hex, write_hex};

/// A hash of the secret by which a provider proves that it sent a webhook about a payment.
///
/// The secret itself is not stored: who reads the database cannot forge a webhook.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SecretDigest([u8; 32]);

/// A text that is not a [`SecretDigest`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a digest: expected 64 hexadecimal digits")]
#[non_exhaustive]
pub struct ParseSecretDigestError;

impl SecretDigest {
    /// Hashes a secret; `None` for an empty one, which proves nothing.
    ///
    /// Digests are compared byte by byte. That takes no secret away: who sends a secret does not choose its digest.
    pub fn of(secret: &str) -> Option<Self> {
        (!secret.is_empty()).then(|| Self(Sha256::digest(secret).into()))
    }
}

/// Writes the digest as stores save it.
impl fmt::Display for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(..)")
    }
}

impl FromStr for SecretDigest {
    type Err = ParseSecretDigestError;

    fn from_str(text: &str) -> Result<Self, ParseSecretDigestError> {
        from_hex(text).map(Self).ok_or(ParseSecretDigestError)
    }
}
