//! Passwords: hashed with Argon2id, away from the threads that serve requests.

use std::fmt;
use std::sync::{Arc, OnceLock};

use argon2::password_hash::phc;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use tiketi_core::account::PasswordHash;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{ApiError, Code};
use crate::limits::HttpLimits;

/// Least characters of a password.
pub(crate) const MIN_PASSWORD_CHARS: usize = 8;
/// Most characters of a password; bounds the cost of hashing.
pub(crate) const MAX_PASSWORD_CHARS: usize = 128;

/// Where a password waits to be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// In any place.
    Open,
    /// In a quarter of the places, so that a network with too many sign-ins leaves the rest to others.
    Crowded,
}

/// Hashes and checks passwords, a few at a time.
pub(crate) struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// The places of [`Lane::Crowded`], which are places of `waiting` too.
    crowded: Arc<Semaphore>,
    /// Verified against if there is no account: the answer must not show by its time whether the account exists.
    decoy: Arc<OnceLock<PasswordHash>>,
}

/// Why a password was not hashed or checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordError {
    /// Too many passwords are waiting.
    #[error("too many passwords wait to be hashed")]
    TooBusy,
    /// The hash function failed, or a stored hash is not valid.
    #[error("password hashing failed: {0}")]
    Hash(String),
    /// The thread that hashed ended early.
    #[error("password hashing was interrupted")]
    Interrupted(#[source] tokio::task::JoinError),
}

impl Passwords {
    /// Sets how many passwords are hashed at once, and how many more may wait.
    pub(crate) fn new(limits: &HttpLimits) -> Self {
        let places = limits.max_password_hashes.saturating_add(limits.max_waiting_sign_ins);
        let semaphore = |permits: usize| Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)));
        Self {
            running: semaphore(limits.max_password_hashes),
            waiting: semaphore(places),
            crowded: semaphore(places.div_ceil(4)),
            decoy: Arc::new(OnceLock::new()),
        }
    }

    /// Hashes a password with a new salt.
    pub(crate) async fn hash(
        &self,
        password: SecretString,
        lane: Lane,
    ) -> Result<PasswordHash, PasswordError> {
        self.run(lane, move || hash(&password)).await
    }

    /// Returns whether a password has this hash; without a hash it takes as long, and returns `false`.
    pub(crate) async fn verify(
        &self,
        password: SecretString,
        against: Option<PasswordHash>,
        lane: Lane,
    ) -> Result<bool, PasswordError> {
        let decoy = Arc::clone(&self.decoy);
        self.run(lane, move || {
            if let Some(known) = against {
                return verify(&password, &known);
            }
            verify(&password, &decoy_in(&decoy)?)?;
            Ok(false)
        })
        .await
    }

    /// Computes the decoy hash, so that the first sign-in without an account takes no longer than others.
    pub(crate) async fn warm_up(&self) -> Result<(), PasswordError> {
        if self.decoy.get().is_some() {
            return Ok(());
        }
        let decoy = Arc::clone(&self.decoy);
        self.run(Lane::Open, move || decoy_in(&decoy).map(|_| ())).await
    }

    async fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let permits = self.permits(lane).await?;
        let done = tokio::task::spawn_blocking(move || {
            // The thread holds the permits: a client that disconnects frees none while its hash still runs.
            let _permits = permits;
            work()
        });
        done.await.map_err(PasswordError::Interrupted)?
    }

    async fn permits(&self, lane: Lane) -> Result<Vec<OwnedSemaphorePermit>, PasswordError> {
        let place = |places: &Arc<Semaphore>| {
            Arc::clone(places).try_acquire_owned().map_err(|_| PasswordError::TooBusy)
        };
        let mut permits = Vec::with_capacity(3);
        if lane == Lane::Crowded {
            permits.push(place(&self.crowded)?);
        }
        permits.push(place(&self.waiting)?);
        let turn = Arc::clone(&self.running).acquire_owned().await;
        permits.push(turn.map_err(|_| PasswordError::TooBusy)?);
        Ok(permits)
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("running", &self.running).finish_non_exhaustive()
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::TooBusy => Self::new(Code::TooBusy).caused_by(error),
            PasswordError::Hash(_) | PasswordError::Interrupted(_) => Self::internal(error),
        }
    }
}

fn hash(password: &SecretString) -> Result<PasswordHash, PasswordError> {
    let made: phc::PasswordHash = Argon2::default()
        .hash_password(password.expose_secret().as_bytes())
        .map_err(|error| PasswordError::Hash(error.to_string()))?;
    Ok(PasswordHash::from_phc(made.to_string()))
}

fn verify(password: &SecretString, known: &PasswordHash) -> Result<bool, PasswordError> {
    let parsed =
        phc::PasswordHash::new(known.as_phc()).map_err(|error| PasswordError::Hash(error.to_string()))?;
    match Argon2::default().verify_password(password.expose_secret().as_bytes(), &parsed) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(PasswordError::Hash(error.to_string())),
    }
}

fn decoy_in(cell: &OnceLock<PasswordHash>) -> Result<PasswordHash, PasswordError> {
    if let Some(decoy) = cell.get() {
        return Ok(decoy.clone());
    }
    let made = hash(&"the password of no account".to_owned().into())?;
    Ok(cell.get_or_init(|| made).clone())
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;

    use super::*;

    /// Seen to fail with a crowded lane of as many places as the open one.
    #[tokio::test]
    async fn a_crowd_leaves_places_to_others() {
        let mut limits = HttpLimits::default();
        (limits.max_password_hashes, limits.max_waiting_sign_ins) = (1, 7);
        let passwords = Passwords::new(&limits);
        let lanes = [Lane::Crowded, Lane::Crowded, Lane::Crowded, Lane::Crowded, Lane::Open, Lane::Open];
        let hashed = join_all(lanes.map(|lane| passwords.hash("a password".to_owned().into(), lane))).await;
        let done: Vec<bool> = hashed.iter().map(Result::is_ok).collect();
        assert_eq!(done, [true, true, false, false, true, true]);
    }
}
