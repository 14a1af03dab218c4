//! Rate limits: an allowance of attempts for each key, which is used up and comes back evenly.
//!
//! An allowance is one moment: when it is full again. The rule is [`crate::decide::rate_limit`]; a store keeps that
//! moment for each key, and may forget it once it has passed. So memory follows from recent attempts only.

use std::fmt::{self, Debug};
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use crate::error::StoreError;
use crate::hex::write_hex;
use crate::time::Timestamp;

/// Most attempts of an allowance.
pub const MAX_BURST: u32 = 1_000_000;
/// Longest time in which an allowance comes back.
pub const MAX_PERIOD: Duration = Duration::from_hours(24);

/// How many attempts one key has, and in which time they come back.
///
/// A key that was not used for the period has the whole burst. A used attempt comes back after the period divided by
/// the burst. So there are at most twice as many attempts in a period as the burst says, and at most the burst in each
/// period that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    burst: u32,
    period: Duration,
}

/// A rate limit that cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rate limit has from 1 to 1000000 attempts in 1 second to 24 hours")]
#[non_exhaustive]
pub struct RateLimitError;

impl RateLimit {
    /// Makes a limit of `burst` attempts that come back within `period`.
    ///
    /// # Errors
    ///
    /// [`RateLimitError`] if the burst is not from 1 to [`MAX_BURST`], or the period not from a second to
    /// [`MAX_PERIOD`].
    pub fn new(burst: u32, period: Duration) -> Result<Self, RateLimitError> {
        let is_valid =
            (1..=MAX_BURST).contains(&burst) && (Duration::from_secs(1)..=MAX_PERIOD).contains(&period);
        if is_valid { Ok(Self { burst, period }) } else { Err(RateLimitError) }
    }

    /// Makes one of the limits that this crate has by default.
    pub(crate) const fn by_default(burst: u32, period: Duration) -> Self {
        Self { burst, period }
    }

    /// Returns how many attempts a full allowance has.
    pub const fn burst(self) -> u32 {
        self.burst
    }

    /// Returns in which time a used allowance is full again.
    pub const fn period(self) -> Duration {
        self.period
    }

    /// Returns in which time one attempt comes back, in whole microseconds.
    pub fn interval(self) -> Duration {
        let micros = self.period.as_micros() / u128::from(self.burst.max(1));
        Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX).max(1))
    }
}

/// What is limited: 16 bytes that name it, and do not show it.
///
/// They are the first bytes of a SHA-256 of a scope and its parts, so that a store of limits holds no addresses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RateKey([u8; 16]);

impl RateKey {
    /// Makes the key of some parts in a scope, such as an event and a buyer in `join account`.
    pub fn new(scope: &str, parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in [scope.as_bytes()].iter().chain(parts) {
            // The length comes first, so that no two lists of parts are one text.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest: [u8; 32] = hash.finalize().into();
        Self(*digest.first_chunk().unwrap_or(&[0; 16]))
    }

    /// Returns the bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Writes 32 hexadecimal digits.
impl fmt::Display for RateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl Debug for RateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RateKey({self})")
    }
}

/// One attempt of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "each store reads every field")]
pub struct Take {
    /// The moment that decides.
    pub now: Timestamp,
    /// What is limited.
    pub key: RateKey,
    /// The limit; the same for every attempt of the key.
    pub limit: RateLimit,
}

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of answers, which hosts act on")]
pub enum Taken {
    /// The attempt was within the limit, and is used up.
    Within {
        /// When the allowance is full again.
        full_at: Timestamp,
    },
    /// The attempt is beyond the limit, and uses nothing up.
    Exceeded {
        /// The first moment at which there is an attempt again.
        retry_at: Timestamp,
    },
}

/// Counts attempts, for one process or for many servers.
///
/// # Contract
///
/// - An attempt MUST be decided as [`crate::decide::rate_limit::take`] decides it, from the moment that the attempt
///   before it left, while no other attempt of the key changes it.
/// - `now` MUST be that of the command. A store's own clock may only decide when a moment that has passed is deleted.
/// - Memory MUST be bounded: by the end of what is stored, or by a number of keys. A store that is full MUST delete the
///   allowance that is full again first, so that a flood of new keys does not reset one that is used up.
/// - Its cost MUST NOT grow with the number of keys by more than its logarithm.
///
/// An attempt whose answer is lost may be counted. A limit is no rule of a sale: callers decide what they do if the
/// store fails.
///
/// # Cancel safety
///
/// A dropped future leaves the attempt counted or not.
#[async_trait]
pub trait RateLimits: Debug + Send + Sync + 'static {
    /// Uses up one attempt, if there is one.
    async fn take(&self, attempt: Take) -> Result<Taken, StoreError>;

    /// Gives one attempt back, as if it had not been made.
    ///
    /// # Contract
    ///
    /// An allowance that is full MUST stay as it is.
    async fn give_back(&self, attempt: Take) -> Result<(), StoreError>;
}

/// Reads a limit such as `10/1h`: attempts, and the time in seconds, minutes or hours.
impl FromStr for RateLimit {
    type Err = RateLimitError;

    fn from_str(text: &str) -> Result<Self, RateLimitError> {
        let (burst, period) = text.split_once('/').ok_or(RateLimitError)?;
        let unit = period.chars().next_back().ok_or(RateLimitError)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            _ => return Err(RateLimitError),
        };
        let number: u64 = period.strip_suffix(unit).unwrap_or("").parse().map_err(|_| RateLimitError)?;
        let burst = burst.parse().map_err(|_| RateLimitError)?;
        Self::new(burst, Duration::from_secs(number.checked_mul(seconds).ok_or(RateLimitError)?))
    }
}

/// Writes a limit as it is read.
impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.period.as_secs();
        let (number, unit) = match seconds {
            _ if seconds.is_multiple_of(3_600) => (seconds / 3_600, 'h'),
            _ if seconds.is_multiple_of(60) => (seconds / 60, 'm'),
            _ => (seconds, 's'),
        };
        write!(f, "{}/{number}{unit}", self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_survives_being_written_and_read() {
        for text in ["10/1h", "1/1s", "300/15m", "1000000/24h", "5/90s"] {
            assert_eq!(text.parse::<RateLimit>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_limit_that_cannot_work_is_refused() {
        for text in [
            "",
            "5",
            "0/1h",
            "5/0s",
            "5/25h",
            "1000001/1h",
            "-1/1h",
            "5/1d",
            "5/h",
            "5/99999999999999999999h",
        ] {
            assert_eq!(text.parse::<RateLimit>(), Err(RateLimitError), "{text}");
        }
    }

    #[test]
    fn keys_of_other_scopes_and_parts_differ() {
        let keys = [
            RateKey::new("a", &[b"bc"]),
            RateKey::new("ab", &[b"c"]),
            RateKey::new("a", &[b"b", b"c"]),
            RateKey::new("a", &[b"bc", b""]),
        ];
        for (at, key) in keys.iter().enumerate() {
            assert!(keys.iter().skip(at + 1).all(|other| other != key), "{key}");
        }
        assert_eq!(RateKey::new("a", &[b"bc"]), keys[0]);
    }
}
