//! Waiting rooms as organisers see them.

use serde::Deserialize;

/// A policy with what the room has and does.
#[derive(Debug, Deserialize)]
pub(crate) struct RoomAnswer {
    pub(crate) policy: RoomPolicy,
    pub(crate) room: Option<RoomState>,
}

/// A policy. Times are in seconds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoomPolicy {
    pub(crate) mode: String,
    pub(crate) max_active: i64,
    pub(crate) admit_per_minute: Option<i64>,
    pub(crate) rate: String,
    pub(crate) admit_per_minute_at_most: Option<i64>,
    pub(crate) threshold: Option<i64>,
    pub(crate) session_ttl: i64,
    pub(crate) session_cap: i64,
    pub(crate) turn_window: i64,
    pub(crate) queue_limit: Option<i64>,
    pub(crate) max_party: i64,
    pub(crate) fairness: String,
    pub(crate) beacon: Option<Beacon>,
    pub(crate) opens_at: Option<String>,
    pub(crate) on_failure: String,
    pub(crate) proof_of_work: Option<ProofOfWork>,
}

/// The public round on which a draw depends.
#[derive(Debug, Deserialize)]
pub(crate) struct Beacon {
    pub(crate) chain: String,
    pub(crate) round: u64,
    pub(crate) signature: Option<String>,
}

/// Work for buyers' clients.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProofOfWork {
    pub(crate) memory_kib: i64,
    pub(crate) passes: i64,
    pub(crate) zero_digits: i64,
    pub(crate) solve_within: i64,
}

/// What a waiting room has and does.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoomState {
    pub(crate) waiting: u64,
    pub(crate) called: u64,
    pub(crate) active: u64,
    pub(crate) serving_number: u64,
    pub(crate) served_per_minute: Option<f64>,
    pub(crate) paused: bool,
    pub(crate) adaptive: Option<RateDecision>,
}

/// A decision about an adaptive rate.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RateDecision {
    pub(crate) per_minute: u64,
    pub(crate) decided_at: String,
    pub(crate) reason: String,
    pub(crate) holds: u64,
    pub(crate) hold_latency_ms: f64,
    pub(crate) contended: u64,
    pub(crate) unavailable: u64,
    pub(crate) saturated: bool,
}
