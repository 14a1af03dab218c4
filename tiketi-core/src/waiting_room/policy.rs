//! The policy of an event's waiting room.

use std::time::Duration;

use crate::limits::MAX_LINES_PER_COMMAND;
use crate::setters::setters;
use crate::time::Timestamp;
use crate::waiting_room::draw::{DrawPlan, DrawSeed};
use crate::waiting_room::place::Place;
use crate::waiting_room::proof::{ProofOfWork, ProofState};

/// How an event's waiting room works.
///
/// ```
/// use tiketi_core::waiting_room::{RoomMode, RoomPolicy};
///
/// let policy = RoomPolicy::default().mode(RoomMode::On).max_active(500);
/// assert!(policy.validate().is_ok());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RoomPolicy {
    /// Whether buyers wait; [`RoomMode::Off`] by default.
    pub mode: RoomMode,
    /// Most buyers that are called or active at the same time; 1,000 by default.
    pub max_active: u32,
    /// How many buyers are called in a minute; [`AdmissionRate::Unlimited`] by default.
    pub rate: AdmissionRate,
    /// How long a session lasts after its last heartbeat; 10 minutes by default.
    pub session_ttl: Duration,
    /// How long a session lasts at most, from the entry on; 30 minutes by default.
    pub session_cap: Duration,
    /// How long a called buyer may take to enter; 3 minutes by default.
    pub turn_window: Duration,
    /// Most buyers that wait at the same time; no limit by default.
    pub queue_limit: Option<u64>,
    /// Most people that share a place; 8 by default.
    pub max_party: u32,
    /// The order of those who joined before the opening; [`Fairness::FirstCome`] by default.
    pub fairness: Fairness,
    /// When the line opens; the event's sale opening by default.
    ///
    /// Those who join earlier are the lobby. Those who join later line up behind it.
    pub opens_at: Option<Timestamp>,
    /// What happens when the store of the waiting room fails; [`StoreFailure::Closed`] by default.
    pub on_failure: StoreFailure,
    /// Work that buyers do while they wait; none by default.
    pub proof: Option<ProofOfWork>,
}

/// Whether buyers of an event wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a policy that stores save: each has a word for every case")]
pub enum RoomMode {
    /// A hold needs no admission.
    #[default]
    Off,
    /// A hold needs an admission pass, and everyone joins the line.
    On,
    /// A hold needs an admission pass, but a buyer who joins while few are active and no buyer waits enters at once.
    Auto {
        /// Number of called and active buyers from which on buyers wait.
        threshold: u32,
    },
}

/// How many buyers are called in a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a policy that stores save: each has a word for every case")]
pub enum AdmissionRate {
    /// As many as there is capacity for.
    #[default]
    Unlimited,
    /// At most this many, spread evenly over the minute.
    Fixed {
        /// Buyers in a minute, at least 1.
        per_minute: u32,
    },
    /// As many as the shop can serve, measured: see [`crate::waiting_room::adapt`].
    Adaptive {
        /// Rate at which it starts and below which it does not fall, at least 1.
        at_least: u32,
        /// Rate above which it does not rise.
        at_most: u32,
    },
}

/// The order of those who joined before the opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a policy that stores save: each has a word for every case")]
pub enum Fairness {
    /// The order in which they joined.
    #[default]
    FirstCome,
    /// An order drawn with a seed whose hash is public beforehand: see [`crate::waiting_room::Draw`].
    Drawn(DrawPlan),
}

impl Fairness {
    /// Returns an order that is drawn with a seed alone.
    pub const fn drawn(seed: DrawSeed) -> Self {
        Self::Drawn(DrawPlan::of(seed))
    }

    /// Returns what the order is drawn with; `None` if it is that of arrival.
    pub const fn plan(&self) -> Option<&DrawPlan> {
        match self {
            Self::FirstCome => None,
            Self::Drawn(plan) => Some(plan),
        }
    }
}

/// What happens when the store of the waiting room fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a policy that stores save: each has a word for every case")]
pub enum StoreFailure {
    /// No buyer enters until the store works again. Buyers with a pass continue.
    #[default]
    Closed,
    /// Every buyer who asks is admitted.
    Open,
}

/// Why a waiting room cannot work under a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RoomPolicyError {
    /// A duration is zero or longer than a day.
    #[error("{name} must be longer than zero and at most 24 hours")]
    DurationOutOfRange {
        /// Name of the field.
        name: &'static str,
    },
    /// A number is zero.
    #[error("{name} must be at least 1")]
    Zero {
        /// Name of the field.
        name: &'static str,
    },
    /// The cap is shorter than a single session.
    #[error("session_cap must be at least session_ttl")]
    CapBelowTtl,
    /// The lowest adaptive rate is above the highest.
    #[error("the highest adaptive rate must be at least the lowest")]
    RatesReversed,
    /// The shop cannot verify rounds of the chain, or the round is never published.
    #[error("this shop cannot verify that round of that chain")]
    BeaconUnknown,
    /// The round is known while buyers can still join the lobby.
    #[error("the round is published at {published_at}: it must be after the line opens")]
    BeaconTooEarly {
        /// When the round is published.
        published_at: Timestamp,
    },
    /// The signature is not that of the round.
    #[error("the signature is not that of the round")]
    BeaconForged,
    /// A field of the proof of work is out of its range.
    #[error("{name} is out of its range")]
    ProofOutOfRange {
        /// Name of the field.
        name: &'static str,
    },
    /// The party is larger than a hold can be.
    #[error("max_party must be from 1 to {max}", max = MAX_LINES_PER_COMMAND)]
    PartyOutOfRange,
}

impl Default for RoomPolicy {
    fn default() -> Self {
        Self {
            mode: RoomMode::default(),
            max_active: 1_000,
            rate: AdmissionRate::default(),
            session_ttl: Duration::from_mins(10),
            session_cap: Duration::from_mins(30),
            turn_window: Duration::from_mins(3),
            queue_limit: None,
            max_party: 8,
            fairness: Fairness::default(),
            opens_at: None,
            on_failure: StoreFailure::default(),
            proof: None,
        }
    }
}

impl RoomPolicy {
    setters! {
        mode: RoomMode,
        max_active: u32,
        rate: AdmissionRate,
        session_ttl: Duration,
        session_cap: Duration,
        turn_window: Duration,
        queue_limit: impl Into<Option<u64>>,
        max_party: u32,
        fairness: Fairness,
        opens_at: impl Into<Option<Timestamp>>,
        on_failure: StoreFailure,
        proof: impl Into<Option<ProofOfWork>>,
    }

    /// Returns whether a hold needs an admission pass.
    pub const fn requires_pass(&self) -> bool {
        match self.mode {
            RoomMode::Off => false,
            RoomMode::On | RoomMode::Auto { .. } => true,
        }
    }

    /// Returns whether the order cannot be drawn yet, because the round of its beacon was not supplied.
    pub fn awaits_beacon(&self) -> bool {
        self.fairness.plan().is_some_and(|plan| plan.key().is_none())
    }

    /// Returns the end of a session that is alive at `now`: it slides, up to the cap.
    pub fn session_until(&self, since: Timestamp, now: Timestamp) -> Timestamp {
        now.after(self.session_ttl).min(since.after(self.session_cap))
    }

    /// Returns the proof of work that a place still needs before its buyer enters.
    pub fn missing_proof(&self, place: &Place) -> Option<ProofOfWork> {
        match place.proof {
            ProofState::Missing => self.proof,
            ProofState::NotAsked | ProofState::Solved => None,
        }
    }

    /// Checks that a waiting room can work under this policy.
    ///
    /// # Errors
    ///
    /// [`RoomPolicyError`] naming the first problem found.
    pub fn validate(&self) -> Result<(), RoomPolicyError> {
        let durations = [
            ("session_ttl", self.session_ttl),
            ("session_cap", self.session_cap),
            ("turn_window", self.turn_window),
        ];
        let solve_within = self.proof.map(|proof| ("solve_within", proof.solve_within));
        for (name, duration) in durations.into_iter().chain(solve_within) {
            if duration.is_zero() || duration > Duration::from_hours(24) {
                return Err(RoomPolicyError::DurationOutOfRange { name });
            }
        }
        let (lowest, highest) = match self.rate {
            AdmissionRate::Unlimited => (1, 1),
            AdmissionRate::Fixed { per_minute } => (per_minute, per_minute),
            AdmissionRate::Adaptive { at_least, at_most } => (at_least, at_most),
        };
        let numbers = [("max_active", self.max_active), ("admit_per_minute", lowest)];
        if let Some((name, _)) = numbers.into_iter().find(|(_, number)| *number == 0) {
            return Err(RoomPolicyError::Zero { name });
        }
        if self.queue_limit == Some(0) {
            return Err(RoomPolicyError::Zero { name: "queue_limit" });
        }
        if highest < lowest {
            return Err(RoomPolicyError::RatesReversed);
        }
        if self.session_cap < self.session_ttl {
            return Err(RoomPolicyError::CapBelowTtl);
        }
        if let Some(name) = self.proof.and_then(|proof| proof.out_of_range()) {
            return Err(RoomPolicyError::ProofOutOfRange { name });
        }
        let party = usize::try_from(self.max_party).unwrap_or(usize::MAX);
        if party == 0 || party > MAX_LINES_PER_COMMAND {
            return Err(RoomPolicyError::PartyOutOfRange);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(policy: &RoomPolicy) -> Option<RoomPolicyError> {
        policy.validate().err()
    }

    #[test]
    fn the_default_policy_is_valid_and_off() {
        assert_eq!(RoomPolicy::default().validate(), Ok(()));
        assert!(!RoomPolicy::default().requires_pass());
    }

    #[test]
    fn a_policy_that_admits_no_one_is_refused_by_name() {
        let policy = RoomPolicy { max_active: 0, ..RoomPolicy::default() };
        assert_eq!(refusal(&policy), Some(RoomPolicyError::Zero { name: "max_active" }));
        let rate = AdmissionRate::Fixed { per_minute: 0 };
        let policy = RoomPolicy { rate, ..RoomPolicy::default() };
        assert_eq!(refusal(&policy), Some(RoomPolicyError::Zero { name: "admit_per_minute" }));
        let policy = RoomPolicy { queue_limit: Some(0), ..RoomPolicy::default() };
        assert_eq!(refusal(&policy), Some(RoomPolicyError::Zero { name: "queue_limit" }));
    }

    #[test]
    fn contradicting_bounds_are_refused() {
        let policy = RoomPolicy { session_cap: Duration::from_secs(1), ..RoomPolicy::default() };
        assert_eq!(refusal(&policy), Some(RoomPolicyError::CapBelowTtl));
        let rate = AdmissionRate::Adaptive { at_least: 10, at_most: 9 };
        let policy = RoomPolicy { rate, ..RoomPolicy::default() };
        assert_eq!(refusal(&policy), Some(RoomPolicyError::RatesReversed));
        for max_party in [0, 101] {
            let policy = RoomPolicy { max_party, ..RoomPolicy::default() };
            assert_eq!(refusal(&policy), Some(RoomPolicyError::PartyOutOfRange));
        }
    }

    #[test]
    fn a_session_slides_up_to_its_cap() {
        let policy = RoomPolicy::default();
        let since = Timestamp::EPOCH;
        assert_eq!(policy.session_until(since, since), since.after(Duration::from_mins(10)));
        let late = since.after(Duration::from_mins(25));
        assert_eq!(policy.session_until(since, late), since.after(Duration::from_mins(30)));
    }
}
