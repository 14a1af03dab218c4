//! Proof of work that buyers solve while they wait.

use std::time::Duration;

use crate::setters::setters;
use crate::time::Timestamp;

/// Work that a buyer's client does once for a place, while it waits.
///
/// It finds a number whose Argon2id hash begins with some zeros. So a place costs memory and time on the client, and one
/// hash on the server. The rules know only whether a place has its proof; a host checks proofs, as `tiketi-http` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ProofOfWork {
    /// Memory of one hash in KiB, from 8 to 65,536; 16,384 by default.
    pub memory_kib: u32,
    /// Passes over the memory, from 1 to 10; 1 by default.
    pub passes: u32,
    /// Zeros in hexadecimal digits with which a hash begins, from 1 to 4; 2 by default. Each further one takes 16 times
    /// as many hashes: 2 take 256 on average.
    pub zero_digits: u32,
    /// Time from joining on in which a place is not passed over without its proof; 1 minute by default.
    pub solve_within: Duration,
}

impl Default for ProofOfWork {
    fn default() -> Self {
        Self { memory_kib: 16_384, passes: 1, zero_digits: 2, solve_within: Duration::from_mins(1) }
    }
}

impl ProofOfWork {
    setters! {
        memory_kib: u32,
        passes: u32,
        zero_digits: u32,
        solve_within: Duration,
    }

    /// Returns the name of the first field that is out of its range.
    pub(super) fn out_of_range(&self) -> Option<&'static str> {
        let fields = [
            ("memory_kib", (8..=65_536).contains(&self.memory_kib)),
            ("passes", (1..=10).contains(&self.passes)),
            ("zero_digits", (1..=4).contains(&self.zero_digits)),
        ];
        fields.into_iter().find(|(_, is_valid)| !is_valid).map(|(name, _)| name)
    }

    /// Returns whether a place that was joined at `joined_at` is passed over at `now` without its proof.
    pub fn is_overdue(&self, joined_at: Timestamp, now: Timestamp) -> bool {
        joined_at.after(self.solve_within) <= now
    }
}

/// Whether a place has its proof of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of states, which hosts match on")]
pub enum ProofState {
    /// None was asked for when the buyer joined.
    #[default]
    NotAsked,
    /// The buyer has not sent it yet.
    Missing,
    /// The host has checked it.
    Solved,
}
