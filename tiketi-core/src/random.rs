//! A source of unpredictable bytes, for secrets.

use std::fmt::Debug;

use crate::error::{StoreError, StoreErrorKind};
use crate::simulated::refuse_if_simulated;

/// Makes unpredictable bytes.
///
/// Ids come from an [`IdSource`](crate::clock::IdSource), which need not be unpredictable; secrets come from here.
pub trait Random: Debug + Send + Sync + 'static {
    /// Returns 32 bytes that no one can predict.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the system has no source of randomness.
    fn bytes(&self) -> Result<[u8; 32], RandomError>;
}

/// The system has no source of randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system has no source of randomness")]
#[non_exhaustive]
pub struct RandomError;

impl From<RandomError> for StoreError {
    fn from(error: RandomError) -> Self {
        Self::new(StoreErrorKind::Internal, error.to_string()).caused_by(error)
    }
}

/// The random source of the operating system.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "hosts name the only value")]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn bytes(&self) -> Result<[u8; 32], RandomError> {
        refuse_if_simulated("random bytes");
        let mut bytes = [0; 32];
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place where core takes chance from the machine"
        )]
        getrandom::fill(&mut bytes).map_err(|_| RandomError)?;
        Ok(bytes)
    }
}
