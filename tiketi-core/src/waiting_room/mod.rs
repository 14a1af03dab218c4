//! The waiting room of an event: who waits, who may enter, and in which order.
//!
//! A buyer joins and gets a [`Place`] with an arrival number from a counter. Admission calls the first places of the
//! line while there is capacity. A called buyer enters within the turn window, and receives an [`AdmissionPass`], which
//! a hold requires. The rules are in [`crate::decide`] (`join`, `enter`, `heartbeat`, `leave`, `finish`, `admit`), the
//! storage in [`crate::store::WaitingRoomStore`].
//!
//! # Numbers
//!
//! A line is served in the order of its numbers, and [`Line::serving`] is the last number that was called or passed
//! over. A buyer's number never changes once the line has opened, so a client computes its position from the one
//! published number, and the cost of a status does not depend on how many wait.

mod adaptive;
mod beacon;
mod draw;
mod guard;
mod outflow;
mod pace;
mod pass;
mod place;
mod policy;
mod position;
mod proof;
mod room;

pub use adaptive::{AdaptiveRate, LoadSample, RateReason, adapt};
pub use beacon::{BeaconChain, BeaconSignature, BeaconVerifier, DrawBeacon, ParseBeaconError};
pub use draw::{Draw, DrawKey, DrawPlan, DrawSeed, ROUNDS, SeedCommitment};
pub use guard::{JoinAttempt, JoinGuard, JoinLimits, JoinVerdict, SourceLimits};
pub use outflow::Outflow;
pub use pace::Pace;
pub use pass::{AdmissionKey, AdmissionKeyTooShort, AdmissionPass, Admitted};
pub use place::{ParsePlaceIdError, Place, PlaceClass, PlaceId, PlaceState, PlaceStep};
pub use policy::{AdmissionRate, Fairness, RoomMode, RoomPolicy, RoomPolicyError, StoreFailure};
pub use position::{Lobby, Position, Serving, StockNote};
pub use proof::{ProofOfWork, ProofState};
pub use room::{Line, Room, Stock};
