//! Seats of an event, and the state machine that says who owns each.

use std::sync::Arc;

use crate::id::{BuyerId, EventId, ReservationId, SeatId, TicketTypeId};
use crate::limits::MAX_NAME_CHARS;
use crate::text::{TextError, check_line};
use crate::time::Timestamp;
use crate::transition::IllegalTransition;

/// One seat of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Seat {
    /// Id of the seat.
    pub id: SeatId,
    /// The event.
    pub event: EventId,
    /// The ticket type that gives its price.
    pub ticket_type: TicketTypeId,
    /// Where it is in the hall; shared, because it never changes.
    pub place: Arc<SeatPlace>,
    /// State of the seat: who holds or owns it.
    pub state: SeatState,
    /// Grows by one with each change of `state`.
    pub version: u64,
    /// The event's map version of the latest change of `state`.
    pub map_version: u64,
    /// Who gave the seat back unpaid, if that was its latest change.
    pub former: Option<Box<FormerHold>>,
}

/// A hold that ended without a payment, as its seats remember it.
///
/// If its buyer holds the seat again soon, the hold cap counts from the first hold on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct FormerHold {
    /// The buyer.
    pub buyer: BuyerId,
    /// From when the hold cap counted.
    pub since: Timestamp,
    /// When the seat became available again.
    pub until: Timestamp,
}

impl Seat {
    /// Returns whether the seat can be held at `now`; see [`SeatState::is_available_at`].
    pub fn is_available_at(&self, now: Timestamp) -> bool {
        self.state.is_available_at(now)
    }
}

/// Where a seat is in its hall.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct SeatPlace {
    /// Name of the section, such as `VIP`.
    pub section: String,
    /// Label of the row, such as `A` or `12`.
    pub row: String,
    /// Label of the seat within its row, such as `7`.
    pub number: String,
    /// The label printed on the ticket, such as `VIP A-7`.
    pub label: Arc<str>,
    /// Column within the row from 0; missing numbers are gaps.
    pub column: u32,
    /// Row within the hall from 0.
    pub line: u32,
    /// Whether the seat is meant for a wheelchair user.
    pub accessible: bool,
}

impl SeatPlace {
    /// Checks every text of the seat's place.
    ///
    /// # Errors
    ///
    /// [`TextError`] naming the field.
    pub fn check_texts(&self) -> Result<(), TextError> {
        let Self { section, row, number, label, column: _, line: _, accessible: _ } = self;
        check_line("section", section, 1..=MAX_NAME_CHARS)?;
        check_line("row", row, 1..=MAX_NAME_CHARS)?;
        check_line("number", number, 1..=MAX_NAME_CHARS)?;
        // The label joins the three names above, so it may be longer than each of them.
        check_line("label", label, 1..=4 * MAX_NAME_CHARS)
    }
}

/// State of a seat: who holds or owns it.
///
/// | from \ on | `Hold` | `Extend` | `Sell` | `Release` | `Lapse` | `Block` | `Unblock` | `TakeAgain` | `Withdraw` |
/// |---|---|---|---|---|---|---|---|---|---|
/// | `Available` | `Held` | – | – | – | – | `Blocked` | – | `Sold` | – |
/// | `Held` | `Held`, once its `until` has passed | `Held`, by its owner | `Sold`, by its owner | `Available`, by its owner | `Available`, once its `until` has passed | `Blocked`, once its `until` has passed | – | `Sold`, once its `until` has passed | – |
/// | `Sold` | – | – | – | `Available`, by its owner | – | – | – | – | `Blocked`, by its owner |
/// | `Blocked` | – | – | – | – | – | – | `Available` | – | – |
///
/// A dash is an [`IllegalTransition`]. A hold whose `until` has passed *is* available: no job has to run before the
/// next buyer can take the seat.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a complete set of states, which hosts match on")]
pub enum SeatState {
    /// Any buyer may hold it.
    Available,
    /// One reservation holds it until a moment.
    Held {
        /// The reservation that holds it.
        reservation: ReservationId,
        /// The first moment at which it is available again; [`Timestamp::FAR_FUTURE`] while a payment is in progress.
        until: Timestamp,
    },
    /// One confirmed reservation owns it.
    Sold {
        /// The reservation that owns it.
        reservation: ReservationId,
    },
    /// Not for sale.
    Blocked {
        /// The reason, for the organiser.
        reason: String,
    },
}

/// What can happen to a [`SeatState`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the steps of a complete state table")]
pub enum SeatStep {
    /// A reservation holds the seat from `now` until `until`.
    Hold {
        /// The new owner.
        reservation: ReservationId,
        /// The present moment.
        now: Timestamp,
        /// The first moment at which it is available again.
        until: Timestamp,
    },
    /// The owner's hold gets another end.
    Extend {
        /// The owner.
        reservation: ReservationId,
        /// The new end.
        until: Timestamp,
    },
    /// The owner has paid.
    Sell {
        /// The owner.
        reservation: ReservationId,
    },
    /// The owner gives the seat back, before paying or after a refund.
    Release {
        /// The owner.
        reservation: ReservationId,
    },
    /// The hold has ended.
    Lapse {
        /// The present moment.
        now: Timestamp,
    },
    /// The organiser takes the seat off sale at `now`.
    Block {
        /// The reason.
        reason: String,
        /// The present moment.
        now: Timestamp,
    },
    /// The organiser puts the seat back on sale.
    Unblock,
    /// The owner was refunded, and the seat is blocked instead of put back on sale.
    Withdraw {
        /// The owner.
        reservation: ReservationId,
        /// The reason why it is blocked.
        reason: String,
    },
    /// A reservation that had expired was paid late and takes the seat again at `now`.
    TakeAgain {
        /// The new owner.
        reservation: ReservationId,
        /// The present moment.
        now: Timestamp,
    },
}

impl SeatState {
    /// Returns whether the seat can be held at `now`.
    ///
    /// It can if it is available, or if its hold's `until` is not after `now`.
    pub fn is_available_at(&self, now: Timestamp) -> bool {
        match self {
            Self::Available => true,
            Self::Held { until, .. } => *until <= now,
            Self::Sold { .. } | Self::Blocked { .. } => false,
        }
    }

    /// Returns the reservation that holds or owns the seat, even if its hold has ended.
    pub fn owner(&self) -> Option<ReservationId> {
        match self {
            Self::Held { reservation, .. } | Self::Sold { reservation } => Some(*reservation),
            Self::Available | Self::Blocked { .. } => None,
        }
    }

    /// Returns the state after `step`; see the table on [`SeatState`].
    ///
    /// # Errors
    ///
    /// [`IllegalTransition`] where the table has a dash.
    pub fn apply(&self, step: &SeatStep) -> Result<Self, IllegalTransition> {
        match self {
            Self::Available => Self::from_available(step),
            Self::Held { reservation, until } => Self::from_held(*reservation, *until, step),
            Self::Sold { reservation } => Self::from_sold(*reservation, step),
            Self::Blocked { .. } => Self::from_blocked(step),
        }
    }

    fn from_available(step: &SeatStep) -> Result<Self, IllegalTransition> {
        match step {
            SeatStep::Hold { reservation, until, .. } => {
                Ok(Self::Held { reservation: *reservation, until: *until })
            }
            SeatStep::Block { reason, .. } => Ok(Self::Blocked { reason: reason.clone() }),
            SeatStep::TakeAgain { reservation, .. } => Ok(Self::Sold { reservation: *reservation }),
            SeatStep::Extend { .. }
            | SeatStep::Sell { .. }
            | SeatStep::Release { .. }
            | SeatStep::Lapse { .. }
            | SeatStep::Withdraw { .. }
            | SeatStep::Unblock => Err(illegal("available", step)),
        }
    }

    fn from_held(owner: ReservationId, until: Timestamp, step: &SeatStep) -> Result<Self, IllegalTransition> {
        match step {
            SeatStep::Hold { now, .. } | SeatStep::Block { now, .. } | SeatStep::TakeAgain { now, .. }
                if until <= *now =>
            {
                Self::from_available(step)
            }
            SeatStep::Lapse { now } if until <= *now => Ok(Self::Available),
            SeatStep::Extend { reservation, until } if *reservation == owner => {
                Ok(Self::Held { reservation: owner, until: *until })
            }
            SeatStep::Sell { reservation } if *reservation == owner => Ok(Self::Sold { reservation: owner }),
            SeatStep::Release { reservation } if *reservation == owner => Ok(Self::Available),
            SeatStep::Hold { .. }
            | SeatStep::Extend { .. }
            | SeatStep::Sell { .. }
            | SeatStep::Release { .. }
            | SeatStep::Lapse { .. }
            | SeatStep::Block { .. }
            | SeatStep::TakeAgain { .. }
            | SeatStep::Withdraw { .. }
            | SeatStep::Unblock => Err(illegal("held", step)),
        }
    }

    fn from_sold(owner: ReservationId, step: &SeatStep) -> Result<Self, IllegalTransition> {
        match step {
            SeatStep::Release { reservation } if *reservation == owner => Ok(Self::Available),
            SeatStep::Withdraw { reservation, reason } if *reservation == owner => {
                Ok(Self::Blocked { reason: reason.clone() })
            }
            SeatStep::Hold { .. }
            | SeatStep::Extend { .. }
            | SeatStep::Sell { .. }
            | SeatStep::Release { .. }
            | SeatStep::Lapse { .. }
            | SeatStep::Block { .. }
            | SeatStep::TakeAgain { .. }
            | SeatStep::Withdraw { .. }
            | SeatStep::Unblock => Err(illegal("sold", step)),
        }
    }

    fn from_blocked(step: &SeatStep) -> Result<Self, IllegalTransition> {
        match step {
            SeatStep::Unblock => Ok(Self::Available),
            SeatStep::Hold { .. }
            | SeatStep::Extend { .. }
            | SeatStep::Sell { .. }
            | SeatStep::Release { .. }
            | SeatStep::Lapse { .. }
            | SeatStep::TakeAgain { .. }
            | SeatStep::Withdraw { .. }
            | SeatStep::Block { .. } => Err(illegal("blocked", step)),
        }
    }
}

fn illegal(state: &'static str, step: &SeatStep) -> IllegalTransition {
    let step = match step {
        SeatStep::Hold { .. } => "be held",
        SeatStep::Extend { .. } => "be extended",
        SeatStep::Sell { .. } => "be sold",
        SeatStep::Release { .. } => "be released",
        SeatStep::Lapse { .. } => "lapse",
        SeatStep::Block { .. } => "be blocked",
        SeatStep::Unblock => "be unblocked",
        SeatStep::TakeAgain { .. } => "be taken again",
        SeatStep::Withdraw { .. } => "be withdrawn",
    };
    IllegalTransition::new("seat", state, step)
}
