//! Reservations: what one buyer holds or owns of one event.

mod status;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::cancellation_policy::AgreedCancellation;
use crate::hold_time::HoldTime;
use crate::id::{BuyerId, EventId, PaymentId, ReservationId, SeatId, TicketTypeId};
use crate::metadata::Metadata;
use crate::money::Money;
use crate::time::Timestamp;
use crate::transition::IllegalTransition;

pub use status::{PaymentStatus, ReservationStateKind, ReservationStatus};

/// Seats and general-admission units of one event that one buyer holds or owns.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Reservation {
    /// Id of the reservation.
    pub id: ReservationId,
    /// The number that people read, such as on the telephone.
    pub number: ReservationNumber,
    /// The event.
    pub event: EventId,
    /// The buyer.
    pub buyer: BuyerId,
    /// Its seats, each with the price it was held at.
    pub seats: Vec<SeatLine>,
    /// Its general-admission units, one line for each ticket type.
    pub items: Vec<ItemLine>,
    /// Sum of all lines.
    pub total: Money,
    /// State of the reservation.
    pub state: ReservationState,
    /// When its first seat or unit was held.
    pub created_at: Timestamp,
    /// When it was confirmed; it stays after the reservation was cancelled.
    pub confirmed_at: Option<Timestamp>,
    /// From when the hold cap counts: `created_at`, or earlier if the buyer holds seats again that they gave back.
    pub held_since: Timestamp,
    /// What the buyer had used of the hold time for the event: before this reservation, and, once it ended unpaid, with it.
    pub hold_time: HoldTime,
    /// Whether the payment window was granted; it is granted once.
    pub payment_window_granted: bool,
    /// The latest payment attempt, if any.
    pub payment: Option<PaymentId>,
    /// The policy for giving tickets back; set when the reservation is confirmed.
    pub cancellation: Option<Box<AgreedCancellation>>,
    /// The host's own data.
    pub metadata: Metadata,
    /// Grows by one with each change.
    pub version: u64,
}

impl Reservation {
    /// Returns how many tickets count against the per-buyer limit: seats plus units.
    pub fn tickets(&self) -> u32 {
        let seats = u32::try_from(self.seats.len()).unwrap_or(u32::MAX);
        self.items.iter().fold(seats, |sum, line| sum.saturating_add(line.quantity))
    }

    /// Returns whether it counts against the per-buyer limit.
    ///
    /// It does while it is held, being paid, or confirmed.
    pub fn is_live(&self) -> bool {
        match self.state {
            ReservationState::Held { .. }
            | ReservationState::Paying { .. }
            | ReservationState::Confirmed { .. } => true,
            ReservationState::Expired { .. } | ReservationState::Cancelled { .. } => false,
        }
    }

    /// Returns whether it is held or being paid.
    pub fn is_pending(&self) -> bool {
        match self.state {
            ReservationState::Held { .. } | ReservationState::Paying { .. } => true,
            ReservationState::Confirmed { .. }
            | ReservationState::Expired { .. }
            | ReservationState::Cancelled { .. } => false,
        }
    }

    /// Returns when the hold ends; `None` in every other state.
    pub fn held_until(&self) -> Option<Timestamp> {
        match self.state {
            ReservationState::Held { until } => Some(until),
            ReservationState::Paying { .. }
            | ReservationState::Confirmed { .. }
            | ReservationState::Expired { .. }
            | ReservationState::Cancelled { .. } => None,
        }
    }

    /// Returns whether the hold has ended at `now`, so that [`crate::decide::expire`] ends it.
    pub fn is_due_at(&self, now: Timestamp) -> bool {
        self.held_until().is_some_and(|until| until <= now)
    }
}

/// One seat of a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct SeatLine {
    /// The seat.
    pub seat: SeatId,
    /// The ticket type that gave the price.
    pub ticket_type: TicketTypeId,
    /// The label printed on the ticket.
    pub label: Arc<str>,
    /// The price it was held at; a later price change does not affect it.
    pub price: Money,
}

/// Units of one general-admission ticket type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct ItemLine {
    /// The ticket type.
    pub ticket_type: TicketTypeId,
    /// Its name when it was held.
    pub name: Arc<str>,
    /// The number of units.
    pub quantity: u32,
    /// Price of one unit when it was held.
    pub unit_price: Money,
}

/// The number people read: `TKT-20260105-00001`, the UTC date and the store's serial.
///
/// Serials are unique within a store, are never used again, and may leave gaps.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReservationNumber {
    date: u32,
    serial: u64,
}

/// A text that is not a reservation number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a reservation number: expected one such as TKT-20260105-00001")]
#[non_exhaustive]
pub struct ParseReservationNumberError;

impl ReservationNumber {
    /// Makes the number of a reservation made at `now` with the store's `serial`.
    pub fn new(now: Timestamp, serial: u64) -> Self {
        Self { date: now.compact_date(), serial }
    }

    /// Makes a number from the date and serial that a store saved.
    pub const fn from_parts(date: u32, serial: u64) -> Self {
        Self { date, serial }
    }

    /// Returns the UTC date as the number `YYYYMMDD`.
    pub const fn date(self) -> u32 {
        self.date
    }

    /// Returns the store's serial.
    pub const fn serial(self) -> u64 {
        self.serial
    }
}

impl fmt::Display for ReservationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TKT-{:08}-{:05}", self.date, self.serial)
    }
}

impl fmt::Debug for ReservationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ReservationNumber {
    type Err = ParseReservationNumberError;

    fn from_str(text: &str) -> Result<Self, ParseReservationNumberError> {
        let number = |text: &str| -> Option<u64> {
            if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
        };
        let parsed =
            text.strip_prefix("TKT-").and_then(|rest| rest.split_once('-')).and_then(|(date, serial)| {
                if date.len() != 8 || serial.len() < 5 {
                    return None;
                }
                Some(Self { date: u32::try_from(number(date)?).ok()?, serial: number(serial)? })
            });
        parsed.filter(|number| number.to_string() == text).ok_or(ParseReservationNumberError)
    }
}

/// State of a reservation.
///
/// | from \ on | `Extend` | `Pay` | `Decline` | `Confirm` | `Expire` | `Cancel` | `TakeAgain` |
/// |---|---|---|---|---|---|---|---|
/// | `Held` | `Held` | `Paying` | – | `Confirmed`, when there is nothing to pay | `Expired`, once its `until` has passed | `Cancelled` | – |
/// | `Paying` | – | – | `Held`, as before | `Confirmed`, by its payment | – | – | – |
/// | `Confirmed` | – | – | – | – | – | `Cancelled`, once refunded or if free | – |
/// | `Expired` | – | – | – | – | – | – | `Confirmed` |
/// | `Cancelled` | – | – | – | – | – | – | – |
///
/// A dash is an [`IllegalTransition`]. `Paying` cannot expire and cannot be cancelled: while the outcome of the
/// payment is unknown, its tickets stay the buyer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a complete set of states, which hosts match on")]
pub enum ReservationState {
    /// Held: the buyer selects tickets or is about to pay.
    Held {
        /// The first moment at which it is no longer the buyer's.
        until: Timestamp,
    },
    /// The provider was asked for the money; the outcome is not known yet.
    Paying {
        /// The payment attempt.
        payment: PaymentId,
        /// When the hold would have ended; it resumes with this end if the payment is declined.
        deadline: Timestamp,
    },
    /// Paid, or free of charge.
    Confirmed {
        /// When it was confirmed.
        at: Timestamp,
    },
    /// The hold ended.
    Expired {
        /// When that was recorded.
        at: Timestamp,
    },
    /// Cancelled before it was paid, or after it was refunded.
    Cancelled {
        /// The reason.
        reason: CancelReason,
        /// When it was cancelled.
        at: Timestamp,
    },
}

/// Why a reservation was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a complete set of states, which hosts match on")]
pub enum CancelReason {
    /// The buyer cancelled before paying, or released the last ticket.
    ByBuyer,
    /// The organiser or an administrator cancelled it.
    ByOrganiser,
    /// It was paid, and its tickets were returned. Its payment says how much was refunded.
    Refunded,
}

/// What can happen to a [`ReservationState`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the steps of a complete state table")]
pub enum ReservationStep {
    /// The hold gets another end.
    Extend {
        /// The new end.
        until: Timestamp,
    },
    /// The provider is about to be asked for the money.
    Pay {
        /// The payment attempt.
        payment: PaymentId,
    },
    /// The provider declined the payment.
    Decline {
        /// The payment attempt.
        payment: PaymentId,
    },
    /// The money is captured, or nothing had to be paid.
    Confirm {
        /// The payment attempt; `None` if nothing had to be paid.
        payment: Option<PaymentId>,
        /// When it is confirmed.
        at: Timestamp,
    },
    /// The hold has ended.
    Expire {
        /// The present moment.
        at: Timestamp,
    },
    /// Its payment is late, and the same tickets are free to be taken again.
    TakeAgain {
        /// When it is confirmed.
        at: Timestamp,
    },
    /// The reservation is cancelled.
    Cancel {
        /// The reason.
        reason: CancelReason,
        /// When it is cancelled.
        at: Timestamp,
    },
}

impl ReservationState {
    /// Returns the state after `step`; see the table on [`ReservationState`].
    ///
    /// # Errors
    ///
    /// [`IllegalTransition`] where the table has a dash.
    pub fn apply(&self, step: &ReservationStep) -> Result<Self, IllegalTransition> {
        match self {
            Self::Held { until } => Self::from_held(*until, step),
            Self::Paying { payment, deadline } => Self::from_paying(*payment, *deadline, step),
            Self::Confirmed { .. } => Self::from_confirmed(step),
            Self::Expired { .. } => Self::from_expired(step),
            Self::Cancelled { .. } => Err(illegal("cancelled", step)),
        }
    }

    fn from_held(until: Timestamp, step: &ReservationStep) -> Result<Self, IllegalTransition> {
        match step {
            ReservationStep::Extend { until } => Ok(Self::Held { until: *until }),
            ReservationStep::Pay { payment } => Ok(Self::Paying { payment: *payment, deadline: until }),
            ReservationStep::Confirm { payment: None, at } => Ok(Self::Confirmed { at: *at }),
            ReservationStep::Expire { at } if until <= *at => Ok(Self::Expired { at: *at }),
            ReservationStep::Cancel {
                reason: reason @ (CancelReason::ByBuyer | CancelReason::ByOrganiser),
                at,
            } => Ok(Self::Cancelled { reason: *reason, at: *at }),
            ReservationStep::Confirm { payment: Some(_), .. }
            | ReservationStep::Decline { .. }
            | ReservationStep::Expire { .. }
            | ReservationStep::TakeAgain { .. }
            | ReservationStep::Cancel { reason: CancelReason::Refunded, .. } => Err(illegal("pending", step)),
        }
    }

    fn from_paying(
        owner: PaymentId,
        deadline: Timestamp,
        step: &ReservationStep,
    ) -> Result<Self, IllegalTransition> {
        match step {
            ReservationStep::Decline { payment } if *payment == owner => Ok(Self::Held { until: deadline }),
            ReservationStep::Confirm { payment: Some(payment), at } if *payment == owner => {
                Ok(Self::Confirmed { at: *at })
            }
            ReservationStep::Extend { .. }
            | ReservationStep::Pay { .. }
            | ReservationStep::Decline { .. }
            | ReservationStep::Confirm { .. }
            | ReservationStep::Expire { .. }
            | ReservationStep::TakeAgain { .. }
            | ReservationStep::Cancel { .. } => Err(illegal("paying", step)),
        }
    }

    fn from_expired(step: &ReservationStep) -> Result<Self, IllegalTransition> {
        match step {
            ReservationStep::TakeAgain { at } => Ok(Self::Confirmed { at: *at }),
            ReservationStep::Extend { .. }
            | ReservationStep::Pay { .. }
            | ReservationStep::Decline { .. }
            | ReservationStep::Confirm { .. }
            | ReservationStep::Expire { .. }
            | ReservationStep::Cancel { .. } => Err(illegal("expired", step)),
        }
    }

    fn from_confirmed(step: &ReservationStep) -> Result<Self, IllegalTransition> {
        match step {
            // A free reservation is cancelled like a held one, without a refund; `decide` checks that it is free.
            ReservationStep::Cancel { reason, at } => Ok(Self::Cancelled { reason: *reason, at: *at }),
            ReservationStep::Extend { .. }
            | ReservationStep::Pay { .. }
            | ReservationStep::Decline { .. }
            | ReservationStep::Confirm { .. }
            | ReservationStep::TakeAgain { .. }
            | ReservationStep::Expire { .. } => Err(illegal("confirmed", step)),
        }
    }
}

fn illegal(state: &'static str, step: &ReservationStep) -> IllegalTransition {
    let step = match step {
        ReservationStep::Extend { .. } => "be extended",
        ReservationStep::Pay { .. } => "be paid",
        ReservationStep::Decline { .. } => "be declined",
        ReservationStep::Confirm { .. } => "be confirmed",
        ReservationStep::Expire { .. } => "expire",
        ReservationStep::TakeAgain { .. } => "be taken again",
        ReservationStep::Cancel { .. } => "be cancelled so",
    };
    IllegalTransition::new("reservation", state, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_shows_the_utc_date_and_at_least_five_digits() {
        let now = "2026-01-05T23:59:59Z".parse().unwrap();
        assert_eq!(ReservationNumber::new(now, 1).to_string(), "TKT-20260105-00001");
        assert_eq!(ReservationNumber::new(now, 123_456).to_string(), "TKT-20260105-123456");
    }

    #[test]
    fn a_number_survives_being_read_and_nonsense_is_refused() {
        assert!("TKT-20260105-00001".parse::<ReservationNumber>().is_ok());
        for bad in [
            "",
            "TKT-2026-1",
            "TKT-20260105-1",
            "TKT-20260105-+0001",
            "TKT-20260105-000001",
            "TKT-20260105-00001-x",
            "tkt-20260105-00001",
        ] {
            assert!(bad.parse::<ReservationNumber>().is_err(), "{bad}");
        }
    }
}
