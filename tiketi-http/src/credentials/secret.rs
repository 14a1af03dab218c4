//! The secret that signs tokens.

use secrecy::{ExposeSecret, SecretString};
use tiketi_core::account::CodeKey;
use tiketi_core::{AdmissionKey, waiting_room::AdmissionKeyTooShort};

/// A secret that signs tokens with HS256, long enough not to be guessed.
///
/// ```
/// use tiketi_http::TokenSecret;
///
/// assert!(TokenSecret::new("too short").is_err());
/// let secret = TokenSecret::new("at least thirty-two bytes of secret text")?;
/// assert!(!format!("{secret:?}").contains("thirty-two"));
/// # Ok::<(), tiketi_http::SecretTooShort>(())
/// ```
#[derive(Debug, Clone)]
pub struct TokenSecret(SecretString);

/// A secret that could be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token secret has {bytes} bytes, at least {} are needed", TokenSecret::MIN_BYTES)]
#[non_exhaustive]
pub struct SecretTooShort {
    /// Its length.
    pub bytes: usize,
}

impl TokenSecret {
    /// Least length in bytes (source: RFC 7518, 3.2, for HS256).
    pub const MIN_BYTES: usize = 32;

    /// Accepts a secret of at least [`TokenSecret::MIN_BYTES`].
    ///
    /// # Errors
    ///
    /// [`SecretTooShort`] with its length.
    pub fn new(secret: impl Into<SecretString>) -> Result<Self, SecretTooShort> {
        let secret = secret.into();
        let bytes = secret.expose_secret().len();
        if bytes < Self::MIN_BYTES { Err(SecretTooShort { bytes }) } else { Ok(Self(secret)) }
    }

    /// Makes the key with which codes in mails are hashed.
    ///
    /// No hash is a signature of a token or a pass: what is hashed starts with a text of its own.
    pub fn code_key(&self) -> CodeKey {
        CodeKey::of(self.expose_bytes())
    }

    /// Makes a key of admission passes from the same secret, for a shop that has one secret.
    ///
    /// No signature of the one is a signature of the other: what is signed for a pass starts with a text that no token
    /// starts with.
    ///
    /// # Errors
    ///
    /// [`AdmissionKeyTooShort`] if [`TokenSecret::MIN_BYTES`] is less than a key needs.
    pub fn admission_key(&self) -> Result<AdmissionKey, AdmissionKeyTooShort> {
        AdmissionKey::new(self.expose_bytes())
    }

    /// Returns the bytes, to make keys of them.
    pub(crate) fn expose_bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_of_tokens_can_sign_admission_passes() {
        let shortest = TokenSecret::new("x".repeat(TokenSecret::MIN_BYTES)).unwrap();
        assert!(shortest.admission_key().is_ok());
    }

    #[test]
    fn a_secret_that_could_be_guessed_is_refused() {
        assert_eq!(TokenSecret::new("x".repeat(31)).unwrap_err(), SecretTooShort { bytes: 31 });
        assert!(TokenSecret::new("x".repeat(32)).is_ok());
    }
}
