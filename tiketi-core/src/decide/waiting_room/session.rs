//! Enters, keeps alive and ends the session of one buyer.

use crate::decide::waiting_room::RoomChange;
use crate::error::CommandError;
use crate::id::{BuyerId, CommandKey, EventId};
use crate::time::Timestamp;
use crate::waiting_room::{Place, PlaceState, PlaceStep, ProofState, Room, RoomPolicy};

macro_rules! place_commands {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub struct $name {
            /// The moment that decides.
            pub now: Timestamp,
            /// The request; a repetition changes nothing more.
            pub request: CommandKey,
            /// The event.
            pub event: EventId,
            /// The buyer.
            pub buyer: BuyerId,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $name {
            /// Makes a command about a buyer's place.
            pub fn new(
                now: Timestamp,
                request: CommandKey,
                event: EventId,
                buyer: BuyerId,
                $($field: $type,)*
            ) -> Self {
                Self { now, request, event, buyer, $($field,)* }
            }
        }
    )*};
}

place_commands! {
    /// Enters: a called buyer becomes active. For an active buyer it changes nothing.
    Enter {
        /// The event's policy.
        policy: RoomPolicy,
    }
    /// Keeps an active session alive. For a buyer who waits or is called it changes nothing.
    Heartbeat {
        /// The event's policy.
        policy: RoomPolicy,
    }
    /// Records that the buyer's proof of work was checked. For a place that needs none it changes nothing.
    Prove {}
    /// Leaves the waiting room, whatever the place's state is.
    Leave {}
    /// Ends an active session, because its buyer has paid or the reservation ended.
    Finish {}
}

/// Why a buyer cannot enter, or a session does not continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceRefused {
    /// The buyer has no place.
    #[error("you are not in the waiting room")]
    NoPlace,
    /// The buyer waits.
    #[error("it is not your turn yet")]
    NotYourTurn,
    /// It is the buyer's turn, but the proof of work is missing.
    #[error("the proof of work is missing")]
    ProofMissing,
    /// The place has ended; the buyer may join again.
    #[error("your place in the waiting room has ended")]
    Over {
        /// How it ended.
        state: PlaceState,
    },
    /// The event does not exist, or has no waiting room.
    #[error("the event has no waiting room")]
    RoomOff,
}

/// Decides an entry.
///
/// # Errors
///
/// [`CommandError::Refused`] with a [`PlaceRefused`].
pub fn enter(
    room: &Room,
    present: Option<&Place>,
    ask: &Enter,
) -> Result<RoomChange, CommandError<PlaceRefused>> {
    let place = live(present, ask.now)?;
    match place.state {
        PlaceState::Waiting => Err(CommandError::Refused(PlaceRefused::NotYourTurn)),
        PlaceState::Called { .. } if ask.policy.missing_proof(place).is_some() => {
            Err(CommandError::Refused(PlaceRefused::ProofMissing))
        }
        PlaceState::Called { .. } => {
            let until = ask.policy.session_until(ask.now, ask.now);
            Ok(stepped(room, place, &PlaceStep::Enter { now: ask.now, until })?)
        }
        PlaceState::Active { .. } | PlaceState::Done | PlaceState::Left | PlaceState::Lapsed => {
            Ok(RoomChange::unchanged(room, place))
        }
    }
}

/// Decides a heartbeat.
///
/// # Errors
///
/// [`CommandError::Refused`] with [`PlaceRefused::NoPlace`] or [`PlaceRefused::Over`].
pub fn heartbeat(
    room: &Room,
    present: Option<&Place>,
    ask: &Heartbeat,
) -> Result<RoomChange, CommandError<PlaceRefused>> {
    let place = live(present, ask.now)?;
    let PlaceState::Active { since, until } = place.state else {
        return Ok(RoomChange::unchanged(room, place));
    };
    let extended = ask.policy.session_until(since, ask.now);
    if extended <= until {
        return Ok(RoomChange::unchanged(room, place));
    }
    Ok(stepped(room, place, &PlaceStep::Extend { now: ask.now, until: extended })?)
}

/// Decides that a buyer's proof of work was checked.
///
/// It is for the buyer's present place: one who joins again solves another.
///
/// # Errors
///
/// [`CommandError::Refused`] with [`PlaceRefused::NoPlace`] or [`PlaceRefused::Over`].
pub fn prove(
    room: &Room,
    present: Option<&Place>,
    ask: &Prove,
) -> Result<RoomChange, CommandError<PlaceRefused>> {
    let place = live(present, ask.now)?;
    match place.proof {
        ProofState::Missing => {
            Ok(RoomChange::changed(*room, Place { proof: ProofState::Solved, ..*place }, None))
        }
        ProofState::NotAsked | ProofState::Solved => Ok(RoomChange::unchanged(room, place)),
    }
}

/// Decides that a buyer leaves; `None` without a place.
///
/// A place that has ended stays as it is.
#[must_use]
pub fn leave(room: &Room, present: Option<&Place>, ask: &Leave) -> Option<RoomChange> {
    let place = present?;
    let lapsed = stepped(room, place, &PlaceStep::Lapse { now: ask.now });
    let left = lapsed.or_else(|_| stepped(room, place, &PlaceStep::Leave));
    Some(left.unwrap_or_else(|_| RoomChange::unchanged(room, place)))
}

/// Decides that a session ends; `None` without a place.
///
/// Only an active place ends: a buyer who waits again for more tickets keeps the new place.
#[must_use]
pub fn finish(room: &Room, present: Option<&Place>, ask: &Finish) -> Option<RoomChange> {
    let place = present?;
    let lapsed = stepped(room, place, &PlaceStep::Lapse { now: ask.now });
    let done = lapsed.or_else(|_| stepped(room, place, &PlaceStep::Finish));
    Some(done.unwrap_or_else(|_| RoomChange::unchanged(room, place)))
}

fn live(present: Option<&Place>, now: Timestamp) -> Result<&Place, CommandError<PlaceRefused>> {
    let place = present.ok_or(CommandError::Refused(PlaceRefused::NoPlace))?;
    let state = place.state.at(now);
    if state.is_live() { Ok(place) } else { Err(CommandError::Refused(PlaceRefused::Over { state })) }
}

fn stepped(
    room: &Room,
    place: &Place,
    step: &PlaceStep,
) -> Result<RoomChange, crate::transition::IllegalTransition> {
    let (mut room, mut place) = (*room, *place);
    room.step(&mut place, step)?;
    Ok(RoomChange::changed(room, place, None))
}
