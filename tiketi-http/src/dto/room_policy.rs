//! Policies of waiting rooms, for organisers.

use serde::{Deserialize, Serialize};
use tiketi_core::{
    RoomPolicy,
    waiting_room::{
        AdaptiveRate, AdmissionRate, BeaconChain, DrawBeacon, DrawPlan, Fairness, ProofOfWork, Room,
        RoomMode, StoreFailure,
    },
};
use utoipa::ToSchema;

use super::draw_beacon::{DrawBeaconDto, NamedBeacon};
use super::field::{parsed, seconds, within};
use super::waiting_room::thousandths;
use crate::error::ApiError;
use crate::reason::Reason;

/// Least and most memory of a proof of work, in KiB.
pub(crate) const MEMORY_KIB: (u32, u32) = (8, 65_536);
/// Fewest and most passes over that memory.
pub(crate) const PASSES: (u32, u32) = (1, 10);
/// Fewest and most hexadecimal zeros at the start of a solution.
pub(crate) const ZERO_DIGITS: (u32, u32) = (1, 4);

/// Whether buyers of an event wait.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RoomMode)]
enum ModeWord {
    /// A hold needs no admission.
    Off,
    /// Everyone joins the line.
    On,
    /// A buyer enters at once while few are active.
    Auto,
}

/// How the number of buyers that are called in a minute is decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AdmissionRate)]
enum RateWord {
    /// By `admitPerMinute`.
    #[default]
    Fixed,
    /// By what the shop can serve, measured.
    Adaptive,
}

/// The order of those who joined before the opening.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Fairness)]
enum FairnessWord {
    /// The order in which they joined.
    #[default]
    Fifo,
    /// A drawn order that anyone can verify.
    Draw,
}

/// What happens when the store of waiting rooms fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OnFailure)]
enum OnFailureWord {
    /// No buyer enters; those with a pass continue.
    #[default]
    Closed,
    /// Every buyer who asks is admitted.
    Open,
}

/// The policy of an event's waiting room; it replaces the present one.
///
/// A field that is left out has its default. Times are in seconds.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SetRoomPolicy {
    mode: ModeWord,
    /// Most buyers that are called or active at the same time; 1,000 by default.
    #[schema(example = 500)]
    max_active: Option<i64>,
    /// How many buyers are called in a minute; no limit by default. With the rate `adaptive`, the lowest rate.
    #[schema(example = 120)]
    admit_per_minute: Option<i64>,
    /// `fixed` (the default) or `adaptive`.
    #[serde(default)]
    rate: RateWord,
    /// The highest rate, with the rate `adaptive`.
    #[schema(example = 600)]
    admit_per_minute_at_most: Option<i64>,
    /// Number of called and active buyers from which on buyers wait, with the mode `auto`.
    #[schema(example = 400)]
    threshold: Option<i64>,
    /// How long a session lasts after its last heartbeat, up to a day; 600 by default.
    #[schema(example = 600)]
    session_ttl: Option<i64>,
    /// How long a session lasts at most, up to a day; 1,800 by default.
    #[schema(example = 1_800)]
    session_cap: Option<i64>,
    /// How long a called buyer may take to enter, up to a day; 180 by default.
    #[schema(example = 180)]
    turn_window: Option<i64>,
    /// Most buyers that wait at the same time; no limit by default.
    #[schema(example = 100_000)]
    queue_limit: Option<i64>,
    /// Most people that share a place, from 1 to 100; 8 by default.
    #[schema(example = 8)]
    max_party: Option<i64>,
    /// `fifo` (the default) or `draw`.
    #[serde(default)]
    fairness: FairnessWord,
    /// A public round on which the draw also depends, with the order `draw`; none by default.
    beacon: Option<NamedBeacon>,
    /// When the line opens; the event's sale opening by default.
    #[schema(format = DateTime, example = "2026-11-01T20:00:00+09:00")]
    opens_at: Option<String>,
    /// `closed` (the default) or `open`.
    #[serde(default)]
    on_failure: OnFailureWord,
    /// Work that buyers' clients do while they wait; none by default.
    proof_of_work: Option<SetProofOfWork>,
}

/// Work for buyers' clients. A field that is left out has its default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SetProofOfWork {
    /// Memory of one hash in KiB, from 8 to 65,536; 16,384 by default.
    #[schema(example = 16_384)]
    memory_kib: Option<i64>,
    /// Passes over the memory, from 1 to 10; 1 by default.
    #[schema(example = 1)]
    passes: Option<i64>,
    /// Zeros in hexadecimal digits with which a hash begins, from 1 to 4; 2 by default, which takes 256 hashes on
    /// average. Each further one takes 16 times as many.
    #[schema(example = 2)]
    zero_digits: Option<i64>,
    /// Seconds from joining on in which a place is not passed over without its proof; 60 by default.
    #[schema(example = 60)]
    solve_within: Option<i64>,
}

impl SetProofOfWork {
    fn proof(&self) -> Result<ProofOfWork, ApiError> {
        let mut proof = ProofOfWork::default();
        if let Some(number) = self.memory_kib {
            proof.memory_kib = within("proofOfWork.memoryKib", number, MEMORY_KIB.0, MEMORY_KIB.1)?;
        }
        if let Some(number) = self.passes {
            proof.passes = within("proofOfWork.passes", number, PASSES.0, PASSES.1)?;
        }
        if let Some(number) = self.zero_digits {
            proof.zero_digits = within("proofOfWork.zeroDigits", number, ZERO_DIGITS.0, ZERO_DIGITS.1)?;
        }
        if let Some(number) = self.solve_within {
            proof.solve_within = seconds("proofOfWork.solveWithin", number)?;
        }
        Ok(proof)
    }
}

impl SetRoomPolicy {
    /// Returns whether the order of the lobby is drawn, which needs a seed.
    pub(crate) fn is_drawn(&self) -> bool {
        self.fairness == FairnessWord::Draw
    }

    /// Returns the round that the policy names, with the signature that is known of it.
    pub(crate) fn beacon(&self, known: Option<DrawBeacon>) -> Result<Option<DrawBeacon>, ApiError> {
        let Some(NamedBeacon { chain, round }) = &self.beacon else { return Ok(None) };
        if !self.is_drawn() {
            return Err(ApiError::invalid("beacon", Reason::belongs_to("draw")));
        }
        let chain = parsed::<BeaconChain>("beacon.chain", chain)?;
        let known = known.filter(|known| (known.chain, known.round) == (chain, *round));
        Ok(Some(known.unwrap_or(DrawBeacon { chain, round: *round, signature: None })))
    }

    /// Reads the policy; a drawn order uses this plan.
    pub(crate) fn policy(&self, plan: Option<DrawPlan>) -> Result<RoomPolicy, ApiError> {
        let mut policy = RoomPolicy::default()
            .mode(self.mode()?)
            .rate(self.rate()?)
            .fairness(plan.map_or(Fairness::FirstCome, Fairness::Drawn))
            .on_failure(match self.on_failure {
                OnFailureWord::Closed => StoreFailure::Closed,
                OnFailureWord::Open => StoreFailure::Open,
            });
        policy.proof = self.proof_of_work.as_ref().map(SetProofOfWork::proof).transpose()?;
        policy.opens_at = self.opens_at.as_deref().map(|text| parsed("opensAt", text)).transpose()?;
        if let Some(number) = self.max_active {
            policy.max_active = within("maxActive", number, 1, u32::MAX)?;
        }
        if let Some(number) = self.session_ttl {
            policy.session_ttl = seconds("sessionTtl", number)?;
        }
        if let Some(number) = self.session_cap {
            policy.session_cap = seconds("sessionCap", number)?;
        }
        if let Some(number) = self.turn_window {
            policy.turn_window = seconds("turnWindow", number)?;
        }
        if let Some(number) = self.queue_limit {
            policy.queue_limit = Some(u64::from(within("queueLimit", number, 1, u32::MAX)?));
        }
        if let Some(number) = self.max_party {
            policy.max_party = within("maxParty", number, 1, 100)?;
        }
        Ok(policy)
    }

    fn mode(&self) -> Result<RoomMode, ApiError> {
        match (self.mode, self.threshold) {
            (ModeWord::Auto, Some(number)) => {
                Ok(RoomMode::Auto { threshold: within("threshold", number, 0, u32::MAX)? })
            }
            (ModeWord::Auto, None) => Err(ApiError::invalid("threshold", Reason::required_by("auto"))),
            (ModeWord::On | ModeWord::Off, Some(_)) => {
                Err(ApiError::invalid("threshold", Reason::belongs_to("auto")))
            }
            (ModeWord::On, None) => Ok(RoomMode::On),
            (ModeWord::Off, None) => Ok(RoomMode::Off),
        }
    }

    fn rate(&self) -> Result<AdmissionRate, ApiError> {
        let per_minute = |field, number| within(field, number, 1, u32::MAX);
        match (self.rate, self.admit_per_minute, self.admit_per_minute_at_most) {
            (RateWord::Fixed, _, Some(_)) => {
                Err(ApiError::invalid("admitPerMinuteAtMost", Reason::belongs_to("adaptive")))
            }
            (RateWord::Fixed, None, None) => Ok(AdmissionRate::Unlimited),
            (RateWord::Fixed, Some(number), None) => {
                Ok(AdmissionRate::Fixed { per_minute: per_minute("admitPerMinute", number)? })
            }
            (RateWord::Adaptive, Some(least), Some(most)) => Ok(AdmissionRate::Adaptive {
                at_least: per_minute("admitPerMinute", least)?,
                at_most: per_minute("admitPerMinuteAtMost", most)?,
            }),
            (RateWord::Adaptive, None, _) => {
                Err(ApiError::invalid("admitPerMinute", Reason::required_by("adaptive")))
            }
            (RateWord::Adaptive, Some(_), None) => {
                Err(ApiError::invalid("admitPerMinuteAtMost", Reason::required_by("adaptive")))
            }
        }
    }
}

/// The policy of an event's waiting room. Times are in seconds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoomPolicy)]
struct RoomPolicyDto {
    mode: ModeWord,
    max_active: u32,
    /// `null` if there is no limit.
    admit_per_minute: Option<u32>,
    rate: RateWord,
    /// `null` unless the rate is `adaptive`.
    admit_per_minute_at_most: Option<u32>,
    /// `null` unless the mode is `auto`.
    threshold: Option<u32>,
    session_ttl: u64,
    session_cap: u64,
    turn_window: u64,
    /// `null` if there is no limit.
    queue_limit: Option<u64>,
    max_party: u32,
    fairness: FairnessWord,
    /// `null` if the draw depends on none.
    beacon: Option<DrawBeaconDto>,
    /// `null` for the event's sale opening.
    #[schema(format = DateTime)]
    opens_at: Option<String>,
    on_failure: OnFailureWord,
    /// `null` if buyers do no work.
    proof_of_work: Option<ProofOfWorkDto>,
}

/// Work for buyers' clients.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProofOfWork)]
struct ProofOfWorkDto {
    memory_kib: u32,
    passes: u32,
    zero_digits: u32,
    solve_within: u64,
}

impl RoomPolicyDto {
    fn of(policy: &RoomPolicy) -> Self {
        let (mode, threshold) = match policy.mode {
            RoomMode::Off => (ModeWord::Off, None),
            RoomMode::On => (ModeWord::On, None),
            RoomMode::Auto { threshold } => (ModeWord::Auto, Some(threshold)),
        };
        let (rate, admit_per_minute, admit_per_minute_at_most) = match policy.rate {
            AdmissionRate::Unlimited => (RateWord::Fixed, None, None),
            AdmissionRate::Fixed { per_minute } => (RateWord::Fixed, Some(per_minute), None),
            AdmissionRate::Adaptive { at_least, at_most } => {
                (RateWord::Adaptive, Some(at_least), Some(at_most))
            }
        };
        Self {
            mode,
            max_active: policy.max_active,
            admit_per_minute,
            rate,
            admit_per_minute_at_most,
            threshold,
            session_ttl: policy.session_ttl.as_secs(),
            session_cap: policy.session_cap.as_secs(),
            turn_window: policy.turn_window.as_secs(),
            queue_limit: policy.queue_limit,
            max_party: policy.max_party,
            fairness: match policy.fairness {
                Fairness::FirstCome => FairnessWord::Fifo,
                Fairness::Drawn(_) => FairnessWord::Draw,
            },
            beacon: policy.fairness.plan().and_then(|plan| plan.beacon).as_ref().map(DrawBeaconDto::of),
            opens_at: policy.opens_at.map(|at| at.to_string()),
            on_failure: match policy.on_failure {
                StoreFailure::Closed => OnFailureWord::Closed,
                StoreFailure::Open => OnFailureWord::Open,
            },
            proof_of_work: policy.proof.map(|proof| ProofOfWorkDto {
                memory_kib: proof.memory_kib,
                passes: proof.passes,
                zero_digits: proof.zero_digits,
                solve_within: proof.solve_within.as_secs(),
            }),
        }
    }
}

/// What a waiting room has and does, for staff.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoomState)]
struct RoomStateDto {
    #[schema(example = 2_400)]
    waiting: u64,
    #[schema(example = 12)]
    called: u32,
    #[schema(example = 488)]
    active: u32,
    /// The last number that was called or passed over.
    #[schema(example = 1_812)]
    serving_number: u64,
    /// How many numbers the line passes in a minute, measured; `null` until it has moved.
    #[schema(example = 118.5)]
    served_per_minute: Option<f64>,
    /// Whether no buyer is called, because no ticket can be held at present.
    paused: bool,
    /// The latest decision about the rate; `null` unless the rate is `adaptive`.
    adaptive: Option<RateDecisionDto>,
}

/// A decision about an adaptive rate, with what the deciding server had measured in the five seconds before.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RateDecision)]
struct RateDecisionDto {
    /// Buyers a minute.
    #[schema(example = 240)]
    per_minute: u32,
    #[schema(format = DateTime)]
    decided_at: String,
    /// `started`, `raised`, `kept`, or why it was lowered: `slow`, `contended`, `unavailable`.
    #[schema(example = "raised")]
    reason: &'static str,
    /// Holds that were decided, refused ones included.
    #[schema(example = 96)]
    holds: u32,
    /// The time within which 95 of 100 holds were decided, in milliseconds.
    #[schema(example = 12.5)]
    hold_latency_ms: f64,
    /// Holds that failed because others changed the same rows.
    contended: u32,
    /// Holds that failed because the store took no more work.
    unavailable: u32,
    /// Whether the rate held buyers back: capacity was free, and buyers waited.
    saturated: bool,
}

impl From<AdaptiveRate> for RateDecisionDto {
    fn from(rate: AdaptiveRate) -> Self {
        let load = rate.load;
        Self {
            per_minute: rate.per_minute,
            decided_at: rate.decided_at.to_string(),
            reason: rate.reason.word(),
            holds: load.holds,
            hold_latency_ms: load.latency.as_secs_f64() * 1_000.0,
            contended: load.contended,
            unavailable: load.unavailable,
            saturated: load.is_saturated,
        }
    }
}

impl From<&Room> for RoomStateDto {
    fn from(room: &Room) -> Self {
        Self {
            waiting: room.waiting(),
            called: room.called,
            active: room.active,
            serving_number: room.standard.serving,
            served_per_minute: room.outflow.per_minute_milli.map(thousandths),
            paused: room.is_paused(),
            adaptive: room.rate.map(Into::into),
        }
    }
}

/// A waiting room, for staff.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoomPolicyAnswer {
    policy: RoomPolicyDto,
    /// `null` if no one has joined, or if the store of waiting rooms fails.
    room: Option<RoomStateDto>,
}

impl RoomPolicyAnswer {
    /// Shows a policy, and the room if someone has joined it.
    pub(crate) fn of(policy: &RoomPolicy, room: Option<&Room>) -> Self {
        Self { policy: RoomPolicyDto::of(policy), room: room.map(Into::into) }
    }
}

/// How many places were deleted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClearedAnswer {
    /// Buyers who were waiting, called or active.
    #[schema(example = 2_900)]
    pub(crate) cleared: u64,
}
