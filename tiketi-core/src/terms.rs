//! The terms that a sale runs under.

use std::time::Duration;

use crate::cancellation_policy::CancellationPolicy;
use crate::limits::{MAX_DEPOSIT_WINDOW, MAX_LINES_PER_COMMAND};
use crate::setters::setters;

/// What a sale grants its buyers, and how long it waits for answers of providers.
///
/// ```
/// use tiketi_core::Terms;
///
/// let terms = Terms::default().max_seats_per_buyer(4);
/// assert!(terms.validate().is_ok());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terms {
    /// How long a hold lasts from its last extension; 5 minutes by default.
    pub hold_ttl: Duration,
    /// How long a hold may last from its first seat, with all its extensions; 15 minutes by default.
    pub hold_cap: Duration,
    /// How long a buyer may hold tickets of one event without paying, in all reservations; 1 hour by default.
    ///
    /// What was used comes back evenly, an hour in a day. Less than [`Terms::hold_cap`] counts as that. See [`HoldTime`].
    ///
    /// [`HoldTime`]: crate::hold_time::HoldTime
    pub hold_allowance: Duration,
    /// Time to pay, granted once, from the first `prepare`; 10 minutes by default.
    pub payment_window: Duration,
    /// Most tickets of one event that a buyer can hold and own together; 8 by default.
    pub max_seats_per_buyer: u32,
    /// What happens to a payment that arrives after its reservation has expired.
    pub late_payment: LatePayment,
    /// How long after a confirm the answer "no such order" stays inconclusive; 10 minutes by default.
    ///
    /// From then on, the answer means that no money was taken.
    pub not_found_grace: Duration,
    /// Shortest such time once the hold is past [`Terms::hold_cap`]; 2 minutes by default.
    ///
    /// It must be longer than a gateway waits for a confirm. An attempt that the provider does not know thus keeps its
    /// seats for at most [`Terms::hold_cap`], plus what [`Terms::payment_window`] adds to it, plus this time.
    pub not_found_grace_past_cap: Duration,
    /// What happens to seats whose money was refunded.
    pub refunded_seats: RefundedSeats,
    /// Until when buyers may give tickets back, and what the shop keeps.
    ///
    /// By default the whole price is refunded until the event starts.
    pub cancellation: CancellationPolicy,
    /// How long a deposit is awaited from the confirm on, while the buyer keeps the seats; 24 hours by default.
    ///
    /// The provider's own deadline or the start of the event applies if it is earlier.
    pub deposit_window: Duration,
    /// Pause before the provider is first asked again; 1 minute by default.
    pub ask_again_after: Duration,
    /// Longest pause between two questions; 10 minutes by default. See [`Terms::pause`].
    pub ask_again_at_most: Duration,
    /// How long an answer may be missing before the payment needs attention; 10 minutes by default.
    pub trouble_after: Duration,
}

/// What happens to seats whose money was refunded.
///
/// Units of general admission are always available again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a policy that stores save: each has a word for every case")]
pub enum RefundedSeats {
    /// They are available again at once.
    #[default]
    OnSale,
    /// They are blocked until the organiser puts them back on sale.
    Blocked,
}

/// What happens to a payment that arrives after its reservation has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a policy that stores save: each has a word for every case")]
pub enum LatePayment {
    /// The buyer gets the same seats if all are free and the event is still on sale; otherwise the money is refunded.
    #[default]
    TakeAgainElseRefund,
    /// The money is refunded.
    Refund,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            hold_ttl: Duration::from_mins(5),
            hold_cap: Duration::from_mins(15),
            hold_allowance: Duration::from_hours(1),
            payment_window: Duration::from_mins(10),
            max_seats_per_buyer: 8,
            late_payment: LatePayment::default(),
            not_found_grace: Duration::from_mins(10),
            not_found_grace_past_cap: Duration::from_mins(2),
            refunded_seats: RefundedSeats::default(),
            cancellation: CancellationPolicy::default(),
            deposit_window: Duration::from_hours(24),
            ask_again_after: Duration::from_mins(1),
            ask_again_at_most: Duration::from_mins(10),
            trouble_after: Duration::from_mins(10),
        }
    }
}

/// Why no sale can run under some terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TermsError {
    /// A duration is zero or longer than a day.
    #[error("{name} must be longer than zero and at most 24 hours")]
    DurationOutOfRange {
        /// Name of the field.
        name: &'static str,
    },
    /// The deposit window is zero or longer than [`MAX_DEPOSIT_WINDOW`].
    #[error("deposit_window must be longer than zero and at most 30 days")]
    DepositWindowOutOfRange,
    /// The first pause between questions is longer than the longest pause.
    #[error("ask_again_at_most must be at least ask_again_after")]
    PausesReversed,
    /// The cap is shorter than a single hold.
    #[error("hold_cap must be at least hold_ttl")]
    CapBelowTtl,
    /// The per-buyer limit is zero, or more than one command can carry.
    #[error("max_seats_per_buyer must be from 1 to {max}", max = MAX_LINES_PER_COMMAND)]
    SeatsPerBuyerOutOfRange,
}

impl Terms {
    /// Checks that a sale can run under these terms.
    ///
    /// # Errors
    ///
    /// [`TermsError`] naming the first problem found.
    pub fn validate(&self) -> Result<(), TermsError> {
        let durations = [
            ("hold_ttl", self.hold_ttl),
            ("hold_cap", self.hold_cap),
            ("hold_allowance", self.hold_allowance),
            ("payment_window", self.payment_window),
            ("not_found_grace", self.not_found_grace),
            ("not_found_grace_past_cap", self.not_found_grace_past_cap),
            ("ask_again_after", self.ask_again_after),
            ("ask_again_at_most", self.ask_again_at_most),
            ("trouble_after", self.trouble_after),
        ];
        for (name, duration) in durations {
            if duration.is_zero() || duration > Duration::from_hours(24) {
                return Err(TermsError::DurationOutOfRange { name });
            }
        }
        if self.deposit_window.is_zero() || self.deposit_window > MAX_DEPOSIT_WINDOW {
            return Err(TermsError::DepositWindowOutOfRange);
        }
        if self.ask_again_at_most < self.ask_again_after {
            return Err(TermsError::PausesReversed);
        }
        if self.hold_cap < self.hold_ttl {
            return Err(TermsError::CapBelowTtl);
        }
        let seats = usize::try_from(self.max_seats_per_buyer).unwrap_or(usize::MAX);
        if seats == 0 || seats > MAX_LINES_PER_COMMAND {
            return Err(TermsError::SeatsPerBuyerOutOfRange);
        }
        Ok(())
    }

    setters! {
        hold_ttl: Duration,
        hold_cap: Duration,
        hold_allowance: Duration,
        payment_window: Duration,
        max_seats_per_buyer: u32,
        late_payment: LatePayment,
        not_found_grace: Duration,
        not_found_grace_past_cap: Duration,
        refunded_seats: RefundedSeats,
        cancellation: CancellationPolicy,
        deposit_window: Duration,
        ask_again_after: Duration,
        ask_again_at_most: Duration,
        trouble_after: Duration,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(Terms::default().validate(), Ok(()));
    }

    #[test]
    fn a_cap_below_one_hold_is_refused() {
        let terms = Terms { hold_cap: Duration::from_secs(1), ..Terms::default() };
        assert_eq!(terms.validate(), Err(TermsError::CapBelowTtl));
    }

    #[test]
    fn an_endless_or_instant_hold_is_refused_by_name() {
        for hold_ttl in [Duration::ZERO, Duration::MAX] {
            let terms = Terms { hold_ttl, ..Terms::default() };
            assert_eq!(terms.validate(), Err(TermsError::DurationOutOfRange { name: "hold_ttl" }));
        }
    }

    #[test]
    fn a_deposit_is_waited_for_some_time_and_not_for_ever() {
        for deposit_window in [Duration::ZERO, MAX_DEPOSIT_WINDOW + Duration::from_micros(1)] {
            let terms = Terms { deposit_window, ..Terms::default() };
            assert_eq!(terms.validate(), Err(TermsError::DepositWindowOutOfRange));
        }
        let longest = Terms { deposit_window: MAX_DEPOSIT_WINDOW, ..Terms::default() };
        assert_eq!(longest.validate(), Ok(()));
    }

    #[test]
    fn a_limit_of_no_seats_is_refused() {
        let terms = Terms { max_seats_per_buyer: 0, ..Terms::default() };
        assert_eq!(terms.validate(), Err(TermsError::SeatsPerBuyerOutOfRange));
    }
}
