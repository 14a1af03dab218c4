//! Policies of waiting rooms.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tiketi_core::waiting_room::{
    AdmissionRate, BeaconChain, BeaconSignature, DrawBeacon, DrawPlan, DrawSeed, Fairness, ProofOfWork,
    RoomMode, StoreFailure,
};
use tiketi_core::{RoomPolicy, StoreError, Timestamp};

use crate::row::unreadable;

/// The policy of a waiting room as JSON; durations and moments in microseconds.
#[derive(Serialize, Deserialize)]
pub(crate) struct RoomEntry {
    mode: Mode,
    max_active: u32,
    rate: Rate,
    session_ttl: u64,
    session_cap: u64,
    turn_window: u64,
    queue_limit: Option<u64>,
    max_party: u32,
    /// What a lobby is drawn with; absent if the order is that of arrival.
    draw: Option<Draw>,
    opens_at: Option<i64>,
    lets_in_on_failure: bool,
    proof: Option<ProofEntry>,
}

/// A proof of work as JSON.
#[derive(Serialize, Deserialize)]
struct ProofEntry {
    memory_kib: u32,
    passes: u32,
    zero_digits: u32,
    solve_within: u64,
}

#[derive(Serialize, Deserialize)]
struct Draw {
    seed: [u8; 32],
    beacon: Option<Beacon>,
}

/// The round of a beacon; the chain and the signature in hexadecimal digits.
#[derive(Serialize, Deserialize)]
struct Beacon {
    chain: String,
    round: u64,
    signature: Option<String>,
}

impl Draw {
    fn of(plan: &DrawPlan) -> Self {
        let beacon = plan.beacon.map(|DrawBeacon { chain, round, signature }| Beacon {
            chain: chain.to_string(),
            round,
            signature: signature.map(|signature| signature.to_string()),
        });
        Self { seed: *plan.seed.as_bytes(), beacon }
    }

    fn plan(self) -> Result<DrawPlan, StoreError> {
        let beacon = self.beacon.map(|Beacon { chain, round, signature }| {
            let chain = chain.parse::<BeaconChain>().map_err(|_| unreadable("terms"))?;
            let signature = signature.map(|text| text.parse::<BeaconSignature>()).transpose();
            let signature = signature.map_err(|_| unreadable("terms"))?;
            Ok::<_, StoreError>(DrawBeacon { chain, round, signature })
        });
        Ok(DrawPlan { seed: DrawSeed::from_bytes(self.seed), beacon: beacon.transpose()? })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Off,
    On,
    Auto { threshold: u32 },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Rate {
    Unlimited,
    Fixed { per_minute: u32 },
    Adaptive { at_least: u32, at_most: u32 },
}

impl RoomEntry {
    pub(crate) fn of(policy: &RoomPolicy) -> Self {
        let micros = |length: Duration| u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        Self {
            mode: match policy.mode {
                RoomMode::Off => Mode::Off,
                RoomMode::On => Mode::On,
                RoomMode::Auto { threshold } => Mode::Auto { threshold },
            },
            max_active: policy.max_active,
            rate: match policy.rate {
                AdmissionRate::Unlimited => Rate::Unlimited,
                AdmissionRate::Fixed { per_minute } => Rate::Fixed { per_minute },
                AdmissionRate::Adaptive { at_least, at_most } => Rate::Adaptive { at_least, at_most },
            },
            session_ttl: micros(policy.session_ttl),
            session_cap: micros(policy.session_cap),
            turn_window: micros(policy.turn_window),
            queue_limit: policy.queue_limit,
            max_party: policy.max_party,
            draw: policy.fairness.plan().map(Draw::of),
            opens_at: policy.opens_at.map(Timestamp::as_micros),
            lets_in_on_failure: policy.on_failure == StoreFailure::Open,
            proof: policy.proof.map(|proof| ProofEntry {
                memory_kib: proof.memory_kib,
                passes: proof.passes,
                zero_digits: proof.zero_digits,
                solve_within: micros(proof.solve_within),
            }),
        }
    }

    pub(crate) fn policy(self) -> Result<RoomPolicy, StoreError> {
        let policy = RoomPolicy::default()
            .mode(match self.mode {
                Mode::Off => RoomMode::Off,
                Mode::On => RoomMode::On,
                Mode::Auto { threshold } => RoomMode::Auto { threshold },
            })
            .max_active(self.max_active)
            .rate(match self.rate {
                Rate::Unlimited => AdmissionRate::Unlimited,
                Rate::Fixed { per_minute } => AdmissionRate::Fixed { per_minute },
                Rate::Adaptive { at_least, at_most } => AdmissionRate::Adaptive { at_least, at_most },
            })
            .session_ttl(Duration::from_micros(self.session_ttl))
            .session_cap(Duration::from_micros(self.session_cap))
            .turn_window(Duration::from_micros(self.turn_window))
            .queue_limit(self.queue_limit)
            .max_party(self.max_party)
            .fairness(self.draw.map(Draw::plan).transpose()?.map_or(Fairness::FirstCome, Fairness::Drawn))
            .opens_at(self.opens_at.map(Timestamp::from_micros))
            .proof(self.proof.map(|proof| {
                ProofOfWork::default()
                    .memory_kib(proof.memory_kib)
                    .passes(proof.passes)
                    .zero_digits(proof.zero_digits)
                    .solve_within(Duration::from_micros(proof.solve_within))
            }))
            .on_failure(if self.lets_in_on_failure { StoreFailure::Open } else { StoreFailure::Closed });
        policy.validate().map_err(|_| unreadable("terms"))?;
        Ok(policy)
    }
}
