//! The secret that signs tokens.

use secrecy::{ExposeSecret, SecretString};

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

    /// Returns the bytes, to make keys of them.
    pub(crate) fn expose_bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_could_be_guessed_is_refused() {
        assert_eq!(TokenSecret::new("x".repeat(31)).unwrap_err(), SecretTooShort { bytes: 31 });
        assert!(TokenSecret::new("x".repeat(32)).is_ok());
    }
}
