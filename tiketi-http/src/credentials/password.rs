//! Passwords: hashed with Argon2id, away from the threads that serve requests.

use std::fmt;
use std::sync::{Arc, OnceLock};

use argon2::password_hash::phc;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tiketi_core::account::PasswordHash;
use tiketi_core::network::Network;

use crate::credentials::fair_queue::{FairQueue, NoPlace, Turn};
use crate::credentials::password_rules::Password;
use crate::error::{ApiError, Code};
use crate::limits::HttpLimits;

/// Who waits for a password to be hashed; each has its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Lane {
    /// A network; `None` if it is not known.
    Of(Option<Network>),
    /// All networks with too many sign-ins together.
    Crowded,
}

/// Hashes and checks passwords, a few at a time.
pub(crate) struct Passwords {
    queue: FairQueue<Lane>,
    /// Verified against if there is no account: the answer must not show by its time whether the account exists.
    decoy: Arc<OnceLock<PasswordHash>>,
}

/// Why a password was not hashed or checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordError {
    /// Too many passwords of the same network are waiting.
    #[error("too many passwords of one network wait to be hashed")]
    TooMany,
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
        let queue = FairQueue::new(limits.max_password_hashes, limits.max_waiting_sign_ins);
        Self { queue, decoy: Arc::new(OnceLock::new()) }
    }

    /// Hashes a password with a new salt.
    pub(crate) async fn hash(&self, password: Password, lane: Lane) -> Result<PasswordHash, PasswordError> {
        self.run(lane, move || hash(&password)).await
    }

    /// Returns whether a password has this hash; without a hash it takes as long, and returns `false`.
    pub(crate) async fn verify(
        &self,
        password: Password,
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
    pub(crate) async fn warm_up(&self, lane: Lane) -> Result<(), PasswordError> {
        if self.decoy.get().is_some() {
            return Ok(());
        }
        let decoy = Arc::clone(&self.decoy);
        self.run(lane, move || decoy_in(&decoy).map(|_| ())).await
    }

    async fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let turn: Turn<Lane> = self.queue.turn(lane).await?;
        let done = tokio::task::spawn_blocking(move || {
            // The thread holds the turn: a client that disconnects frees none while its hash still runs.
            let _turn = turn;
            work()
        });
        done.await.map_err(PasswordError::Interrupted)?
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("queue", &self.queue).finish_non_exhaustive()
    }
}

impl From<NoPlace> for PasswordError {
    fn from(no_place: NoPlace) -> Self {
        match no_place {
            NoPlace::Own => Self::TooMany,
            NoPlace::Others => Self::TooBusy,
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::TooMany => Self::new(Code::TooManyAttempts)
                .retry_after(std::time::Duration::from_secs(1))
                .caused_by(error),
            PasswordError::TooBusy => Self::new(Code::TooBusy).caused_by(error),
            PasswordError::Hash(_) | PasswordError::Interrupted(_) => Self::internal(error),
        }
    }
}

fn hash(password: &Password) -> Result<PasswordHash, PasswordError> {
    let made: phc::PasswordHash = Argon2::default()
        .hash_password(password.expose_bytes())
        .map_err(|error| PasswordError::Hash(error.to_string()))?;
    Ok(PasswordHash::from_phc(made.to_string()))
}

fn verify(password: &Password, known: &PasswordHash) -> Result<bool, PasswordError> {
    let parsed =
        phc::PasswordHash::new(known.as_phc()).map_err(|error| PasswordError::Hash(error.to_string()))?;
    match Argon2::default().verify_password(password.expose_bytes(), &parsed) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(PasswordError::Hash(error.to_string())),
    }
}

fn decoy_in(cell: &OnceLock<PasswordHash>) -> Result<PasswordHash, PasswordError> {
    if let Some(decoy) = cell.get() {
        return Ok(decoy.clone());
    }
    let words = "the password of no account".to_owned().into();
    let made = match Password::of(&words) {
        Some(password) => hash(&password)?,
        None => return Err(PasswordError::Hash("the decoy is too long".to_owned())),
    };
    Ok(cell.get_or_init(|| made).clone())
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;

    use super::*;

    /// Fails with one queue for all networks.
    #[tokio::test]
    async fn one_network_leaves_places_to_others() {
        let mut limits = HttpLimits::default();
        (limits.max_password_hashes, limits.max_waiting_sign_ins) = (1, 3);
        let passwords = Passwords::new(&limits);
        let of = |address: &str| Lane::Of(address.parse().ok().map(Network::of));
        let (one, other) = (of("192.0.2.1"), of("198.51.100.1"));
        let lanes = [one, one, one, one, one, other];
        let password = || Password::of(&"a password".to_owned().into()).unwrap();
        let hashed = join_all(lanes.map(|lane| passwords.hash(password(), lane))).await;
        let done: Vec<bool> = hashed.iter().map(Result::is_ok).collect();
        assert_eq!(done, [true, true, true, false, false, true]);
    }
}
