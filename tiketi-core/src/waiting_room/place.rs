//! Places in a waiting room, and the state machine of a place.

use std::fmt;
use std::str::FromStr;

use crate::id::{BuyerId, CommandKey, EventId};
use crate::time::Timestamp;
use crate::transition::IllegalTransition;
use crate::waiting_room::proof::ProofState;

/// One buyer's place in the waiting room of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Place {
    /// Id of the place: its event, its class and its arrival number.
    pub id: PlaceId,
    /// The buyer.
    pub buyer: BuyerId,
    /// How many people the buyer buys for; they share the place.
    pub party: u32,
    /// State of the place.
    pub state: PlaceState,
    /// When the buyer joined.
    pub joined_at: Timestamp,
    /// Request that gave the place; a repetition of it gives no second one.
    pub joined_by: CommandKey,
    /// Whether it has its proof of work.
    pub proof: ProofState,
}

/// Id of a place, written such as `01890a5d-ac96-774b-bcce-b302099a8057.s42`.
///
/// A buyer who joins again after the place has ended gets another place with another id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct PlaceId {
    /// The event.
    pub event: EventId,
    /// The class, which is also the line.
    pub class: PlaceClass,
    /// Order of arrival in the line, from 1, out of a counter.
    pub arrival: u64,
}

/// Class of a place. Each class is a line of its own.
///
/// A place is called when no place of an earlier class waits. Classes are ordered as they are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of states, which hosts match on")]
pub enum PlaceClass {
    /// Buyers whom the organiser prefers: accessible places, invited buyers. Served first.
    Priority,
    /// All other buyers.
    #[default]
    Standard,
    /// Buyers whom a [`crate::waiting_room::JoinGuard`] put at the back. Served last.
    Demoted,
}

impl PlaceClass {
    /// All classes, in the order in which they are served.
    pub const ALL: [Self; 3] = [Self::Priority, Self::Standard, Self::Demoted];

    /// Returns the letter of the class in ids: `p`, `s` or `d`.
    pub const fn letter(self) -> char {
        match self {
            Self::Priority => 'p',
            Self::Standard => 's',
            Self::Demoted => 'd',
        }
    }
}

/// State of a place.
///
/// | from \ on | `Call` | `PassOver` | `Enter` | `Extend` | `Lapse` | `Leave` | `Finish` |
/// |---|---|---|---|---|---|---|---|
/// | `Waiting` | `Called` | `Lapsed` | `Active` | – | – | `Left` | – |
/// | `Called` | – | – | `Active`, before its `until` | – | `Lapsed`, from its `until` on | `Left` | – |
/// | `Active` | – | – | – | `Active`, before its `until` | `Lapsed`, from its `until` on | `Left` | `Done` |
/// | `Done` | – | – | – | – | – | – | – |
/// | `Left` | – | – | – | – | – | – | – |
/// | `Lapsed` | – | – | – | – | – | – | – |
///
/// A dash is an [`IllegalTransition`]. A waiting buyer enters without a call only where a room of mode
/// [`crate::waiting_room::RoomMode::Auto`] has room at once. A turn or session whose `until` has passed is over, also
/// before an admission has recorded it as lapsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of states, which hosts match on")]
pub enum PlaceState {
    /// In the line.
    Waiting,
    /// It is the buyer's turn to enter.
    Called {
        /// The first moment at which the turn is over.
        until: Timestamp,
    },
    /// The buyer may hold tickets.
    Active {
        /// When the buyer entered.
        since: Timestamp,
        /// The first moment at which the session is over; a heartbeat moves it.
        until: Timestamp,
    },
    /// The buyer has paid, or the reservation ended.
    Done,
    /// The buyer left.
    Left,
    /// The turn or the session ended by time.
    Lapsed,
}

/// What can happen to a [`PlaceState`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the steps of a complete state table")]
pub enum PlaceStep {
    /// It becomes the buyer's turn.
    Call {
        /// The first moment at which the turn is over.
        until: Timestamp,
    },
    /// It would be the buyer's turn, but the proof of work is overdue.
    PassOver,
    /// The buyer enters.
    Enter {
        /// The present moment.
        now: Timestamp,
        /// The first moment at which the session is over.
        until: Timestamp,
    },
    /// The session continues.
    Extend {
        /// The present moment.
        now: Timestamp,
        /// The first moment at which the session is over; an earlier moment than before has no effect.
        until: Timestamp,
    },
    /// The turn or the session ends by time.
    Lapse {
        /// The present moment.
        now: Timestamp,
    },
    /// The buyer leaves.
    Leave,
    /// The buyer has paid, or the reservation ended.
    Finish,
}

impl PlaceState {
    /// Returns the state after `step`; see the table on [`PlaceState`].
    ///
    /// # Errors
    ///
    /// [`IllegalTransition`] where the table has a dash, or its condition does not hold.
    pub fn apply(&self, step: &PlaceStep) -> Result<Self, IllegalTransition> {
        match (self, step) {
            (Self::Waiting, PlaceStep::Call { until }) => Ok(Self::Called { until: *until }),
            (Self::Waiting, PlaceStep::PassOver) => Ok(Self::Lapsed),
            (Self::Waiting, PlaceStep::Enter { now, until }) => {
                Ok(Self::Active { since: *now, until: *until })
            }
            (Self::Called { until: turn }, PlaceStep::Enter { now, until }) if now < turn => {
                Ok(Self::Active { since: *now, until: *until })
            }
            (Self::Active { since, until: before }, PlaceStep::Extend { now, until }) if now < before => {
                Ok(Self::Active { since: *since, until: (*until).max(*before) })
            }
            (Self::Called { until } | Self::Active { until, .. }, PlaceStep::Lapse { now })
                if until <= now =>
            {
                Ok(Self::Lapsed)
            }
            (Self::Waiting | Self::Called { .. } | Self::Active { .. }, PlaceStep::Leave) => Ok(Self::Left),
            (Self::Active { .. }, PlaceStep::Finish) => Ok(Self::Done),
            (Self::Waiting, PlaceStep::Extend { .. } | PlaceStep::Lapse { .. } | PlaceStep::Finish)
            | (
                Self::Called { .. },
                PlaceStep::Call { .. }
                | PlaceStep::PassOver
                | PlaceStep::Enter { .. }
                | PlaceStep::Extend { .. }
                | PlaceStep::Lapse { .. }
                | PlaceStep::Finish,
            )
            | (
                Self::Active { .. },
                PlaceStep::Call { .. }
                | PlaceStep::PassOver
                | PlaceStep::Enter { .. }
                | PlaceStep::Extend { .. }
                | PlaceStep::Lapse { .. },
            )
            | (
                Self::Done | Self::Left | Self::Lapsed,
                PlaceStep::Call { .. }
                | PlaceStep::PassOver
                | PlaceStep::Enter { .. }
                | PlaceStep::Extend { .. }
                | PlaceStep::Lapse { .. }
                | PlaceStep::Leave
                | PlaceStep::Finish,
            ) => Err(IllegalTransition::new("place", self.name(), step.name())),
        }
    }

    /// Returns the state as it is at `now`: a turn or session that is over is [`PlaceState::Lapsed`].
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        self.apply(&PlaceStep::Lapse { now }).unwrap_or(*self)
    }

    /// Returns whether the place is in the line, called or active.
    pub const fn is_live(&self) -> bool {
        match self {
            Self::Waiting | Self::Called { .. } | Self::Active { .. } => true,
            Self::Done | Self::Left | Self::Lapsed => false,
        }
    }

    /// Returns when the turn or session is over; `None` for a place that has neither.
    pub const fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Called { until } | Self::Active { until, .. } => Some(*until),
            Self::Waiting | Self::Done | Self::Left | Self::Lapsed => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Called { .. } => "called",
            Self::Active { .. } => "active",
            Self::Done => "finished",
            Self::Left => "left",
            Self::Lapsed => "lapsed",
        }
    }
}

impl PlaceStep {
    const fn name(self) -> &'static str {
        match self {
            Self::Call { .. } => "be called",
            Self::PassOver => "be passed over",
            Self::Enter { .. } => "be entered",
            Self::Extend { .. } => "be extended",
            Self::Lapse { .. } => "lapse",
            Self::Leave => "be left",
            Self::Finish => "be finished",
        }
    }
}

impl fmt::Display for PlaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}{}", self.event, self.class.letter(), self.arrival)
    }
}

impl fmt::Debug for PlaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlaceId({self})")
    }
}

/// A text that is not the id of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid place: expected an event and a number such as 01890a5d-ac96-774b-bcce-b302099a8057.s42")]
#[non_exhaustive]
pub struct ParsePlaceIdError;

impl FromStr for PlaceId {
    type Err = ParsePlaceIdError;

    fn from_str(text: &str) -> Result<Self, ParsePlaceIdError> {
        let (event, number) = text.split_once('.').ok_or(ParsePlaceIdError)?;
        let class = PlaceClass::ALL.into_iter().find(|class| number.starts_with(class.letter()));
        let class = class.ok_or(ParsePlaceIdError)?;
        let digits = number.get(1..).ok_or(ParsePlaceIdError)?;
        if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(ParsePlaceIdError);
        }
        let event = event.parse().map_err(|_| ParsePlaceIdError)?;
        Ok(Self { event, class, arrival: digits.parse().map_err(|_| ParsePlaceIdError)? })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_id_of_a_place_survives_being_written_and_read() {
        for class in PlaceClass::ALL {
            let id = PlaceId { event: EventId::from_uuid(Uuid::from_u128(7)), class, arrival: u64::MAX };
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn a_text_that_is_no_place_is_refused() {
        let event = EventId::from_uuid(Uuid::from_u128(7));
        for text in ["", "s1", &format!("{event}"), &format!("{event}.x1"), &format!("{event}.s+1")] {
            assert_eq!(text.parse::<PlaceId>(), Err(ParsePlaceIdError), "{text}");
        }
    }

    #[test]
    fn a_turn_is_entered_and_a_session_extended_only_before_its_end() {
        let at = Timestamp::from_micros;
        let called = PlaceState::Called { until: at(100) };
        let enter = |now| called.apply(&PlaceStep::Enter { now: at(now), until: at(500) });
        assert!(enter(99).is_ok() && enter(100).is_err());
        let active = PlaceState::Active { since: at(0), until: at(100) };
        let extend = |now| active.apply(&PlaceStep::Extend { now: at(now), until: at(500) });
        assert!(extend(99).is_ok() && extend(100).is_err());
    }

    #[test]
    fn a_heartbeat_of_a_slow_clock_does_not_shorten_a_session() {
        let at = Timestamp::from_micros;
        let active = PlaceState::Active { since: at(0), until: at(100) };
        let after = active.apply(&PlaceStep::Extend { now: at(1), until: at(50) });
        assert_eq!(after, Ok(active));
    }
}
