//! Joins a waiting room: a buyer gets a place, or keeps the one they have.

use crate::decide::waiting_room::RoomChange;
use crate::error::{CommandError, StoreError};
use crate::id::{BuyerId, CommandKey, EventId};
use crate::time::Timestamp;
use crate::waiting_room::{
    Place, PlaceClass, PlaceId, PlaceState, PlaceStep, ProofState, Room, RoomMode, RoomPolicy,
};

/// Joins the waiting room of an event.
///
/// A buyer whose place is live keeps it, whatever class or party the command names.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Join {
    /// The moment that decides.
    pub now: Timestamp,
    /// The request under which it gives at most one place.
    pub request: CommandKey,
    /// The event.
    pub event: EventId,
    /// The buyer.
    pub buyer: BuyerId,
    /// The class of the place.
    pub class: PlaceClass,
    /// How many people the buyer buys for.
    pub party: u32,
    /// The event's policy.
    pub policy: RoomPolicy,
}

impl Join {
    /// Makes a command for a party of one and the standard class.
    pub fn new(
        now: Timestamp,
        request: CommandKey,
        event: EventId,
        buyer: BuyerId,
        policy: RoomPolicy,
    ) -> Self {
        Self { now, request, event, buyer, class: PlaceClass::Standard, party: 1, policy }
    }
}

/// Why a buyer gets no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinRefused {
    /// The event does not exist, or is a draft.
    #[error("there is no such event")]
    EventNotFound,
    /// The event was cancelled, or its sale is over.
    #[error("the sale is over")]
    SaleOver,
    /// The event has no waiting room; a hold needs no admission.
    #[error("the event has no waiting room")]
    RoomOff,
    /// As many wait as the policy allows.
    #[error("the waiting room is full: {limit} are waiting")]
    Full {
        /// The limit.
        limit: u64,
    },
    /// The party is empty, or larger than the policy allows.
    #[error("a party has from 1 to {limit} people")]
    PartyOutOfRange {
        /// The limit.
        limit: u32,
    },
    /// A guard refused the buyer.
    #[error("{reason}")]
    Guarded {
        /// The reason, for the buyer.
        reason: String,
    },
}

/// Decides a join, given the buyer's latest place.
///
/// # Errors
///
/// [`CommandError::Refused`] with a [`JoinRefused`]; [`crate::StoreErrorKind::Corrupt`] if the counters are at their
/// limit.
pub fn join(
    room: &Room,
    present: Option<&Place>,
    ask: &Join,
) -> Result<RoomChange, CommandError<JoinRefused>> {
    if let Some(place) = present
        && (place.state.at(ask.now).is_live() || place.joined_by == ask.request)
    {
        return Ok(RoomChange::unchanged(room, place));
    }
    check(room, ask).map_err(CommandError::Refused)?;
    let mut room = *room;
    room.open_if_due(&ask.policy, ask.now);
    let lapsed = lapse(&mut room, present, ask.now);
    let is_at_once = enters_at_once(&room, ask);
    let line = room.line_mut(ask.class);
    line.arrivals = line
        .arrivals
        .checked_add(1)
        .ok_or_else(|| StoreError::corrupt("a line has given all its arrival numbers"))?;
    let mut place = Place {
        id: PlaceId { event: ask.event, class: ask.class, arrival: line.arrivals },
        buyer: ask.buyer,
        party: ask.party,
        state: PlaceState::Waiting,
        joined_at: ask.now,
        joined_by: ask.request,
        proof: proof_asked(ask, is_at_once),
    };
    room.count_new(ask.class);
    if is_at_once {
        let until = ask.policy.session_until(ask.now, ask.now);
        room.step(&mut place, &PlaceStep::Enter { now: ask.now, until })?;
        // No one waits, so the line has nothing left to serve up to this number.
        let line = room.line_mut(ask.class);
        line.serving = line.arrivals;
    }
    Ok(RoomChange::changed(room, place, lapsed))
}

fn check(room: &Room, ask: &Join) -> Result<(), JoinRefused> {
    if ask.policy.mode == RoomMode::Off {
        return Err(JoinRefused::RoomOff);
    }
    if ask.party == 0 || ask.party > ask.policy.max_party {
        return Err(JoinRefused::PartyOutOfRange { limit: ask.policy.max_party });
    }
    match ask.policy.queue_limit {
        Some(limit) if room.waiting() >= limit => Err(JoinRefused::Full { limit }),
        Some(_) | None => Ok(()),
    }
}

/// Returns whether a new place needs a proof: not where the buyer waits for no one, or was invited.
fn proof_asked(ask: &Join, is_at_once: bool) -> ProofState {
    if ask.policy.proof.is_some() && !is_at_once && ask.class != PlaceClass::Priority {
        ProofState::Missing
    } else {
        ProofState::NotAsked
    }
}

/// Records that the buyer's former turn or session is over.
fn lapse(room: &mut Room, present: Option<&Place>, now: Timestamp) -> Option<Place> {
    let mut place = *present?;
    room.step(&mut place, &PlaceStep::Lapse { now }).ok()?;
    Some(place)
}

/// Returns whether an automatic room has room at once, and no one is passed over.
fn enters_at_once(room: &Room, ask: &Join) -> bool {
    let threshold = match ask.policy.mode {
        RoomMode::Off | RoomMode::On => return false,
        RoomMode::Auto { threshold } => threshold.min(ask.policy.max_active),
    };
    let is_free = room.waiting() == 0 && room.in_flight() < threshold;
    is_free && room.opened_at.is_some() && !room.is_paused() && !ask.policy.awaits_beacon()
}
