//! Converts refusals about waiting rooms.

use tiketi_core::box_office::BeaconRefused;
use tiketi_core::decide::waiting_room::{JoinRefused, PlaceRefused};
use tiketi_core::waiting_room::RoomPolicyError;

use crate::error::{ApiError, Code};
use crate::reason::{AT_MOST_A_DAY, Reason};
use crate::status_words::place_state_word;

impl From<JoinRefused> for ApiError {
    fn from(refused: JoinRefused) -> Self {
        use JoinRefused as R;
        match refused {
            R::EventNotFound => Self::new(Code::EventNotFound),
            R::SaleOver => Self::new(Code::SaleOver),
            R::RoomOff => Self::new(Code::WaitingRoomOff),
            R::Full { limit } => Self::new(Code::WaitingRoomFull).detail("limit", limit),
            R::PartyOutOfRange { limit } => {
                Self::invalid("party", Reason::range(1, limit)).detail("least", 1).detail("most", limit)
            }
            R::Guarded { reason } => Self::new(Code::JoinRefused).detail("reason", reason),
            other => Self::unlisted(other),
        }
    }
}

impl From<PlaceRefused> for ApiError {
    fn from(refused: PlaceRefused) -> Self {
        match refused {
            PlaceRefused::NoPlace => Self::new(Code::NoPlace),
            PlaceRefused::ProofMissing => Self::new(Code::ProofMissing),
            PlaceRefused::NotYourTurn => Self::new(Code::NotAdmitted),
            PlaceRefused::Over { state } => {
                Self::new(Code::PlaceEnded).detail("state", place_state_word(state))
            }
            PlaceRefused::RoomOff => Self::new(Code::WaitingRoomOff),
            other => Self::unlisted(other),
        }
    }
}

impl From<BeaconRefused> for ApiError {
    fn from(refused: BeaconRefused) -> Self {
        match refused {
            BeaconRefused::EventNotFound => Self::new(Code::EventNotFound),
            BeaconRefused::NotNamed => Self::new(Code::BeaconNotNamed),
            BeaconRefused::WrongRound { expected } => {
                Self::new(Code::BeaconRefused).because(refused).detail("round", expected)
            }
            BeaconRefused::Forged => Self::new(Code::BeaconRefused).because(refused),
            BeaconRefused::Edit(refused) => refused.into(),
            other => Self::unlisted(other),
        }
    }
}

/// Translates the core's field names to those of the wire.
impl From<RoomPolicyError> for ApiError {
    fn from(error: RoomPolicyError) -> Self {
        match error {
            RoomPolicyError::DurationOutOfRange { name } => Self::invalid(wire_name(name), AT_MOST_A_DAY),
            RoomPolicyError::Zero { name } => Self::invalid(wire_name(name), Reason::at_least("1")),
            RoomPolicyError::ProofOutOfRange { name } => Self::invalid(
                wire_name(name),
                Reason::fixed("is out of its range", "허용 범위를 벗어났습니다."),
            ),
            RoomPolicyError::CapBelowTtl => Self::invalid("sessionCap", Reason::at_least("sessionTtl")),
            RoomPolicyError::RatesReversed => {
                Self::invalid("admitPerMinuteAtMost", Reason::at_least("admitPerMinute"))
            }
            RoomPolicyError::PartyOutOfRange => Self::invalid("maxParty", error),
            RoomPolicyError::BeaconUnknown => Self::invalid("beacon", error),
            RoomPolicyError::BeaconTooEarly { published_at } => {
                Self::invalid("beacon.round", error).detail("publishedAt", published_at.to_string())
            }
            other => Self::unlisted(other),
        }
    }
}

fn wire_name(name: &'static str) -> &'static str {
    match name {
        "session_ttl" => "sessionTtl",
        "session_cap" => "sessionCap",
        "turn_window" => "turnWindow",
        "max_active" => "maxActive",
        "admit_per_minute" => "admitPerMinute",
        "queue_limit" => "queueLimit",
        "memory_kib" => "proofOfWork.memoryKib",
        "passes" => "proofOfWork.passes",
        "zero_digits" => "proofOfWork.zeroDigits",
        "solve_within" => "proofOfWork.solveWithin",
        other => other,
    }
}
