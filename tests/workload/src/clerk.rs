//! A clerk: what staff do about single purchases and prices while an event sells.

use crate::buyer::Shape;
use crate::chance::Chance;

/// What a clerk does next; `which` chooses among the purchases that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "harnesses act on every case")]
pub enum ClerkAct {
    /// Changes the price of a general-admission ticket type; reservations keep the price they have.
    Price {
        /// The number of the ticket type.
        of: usize,
        /// The new price, in minor units.
        minor: u32,
    },
    /// Gives a part of the money back; the buyer keeps the tickets.
    Waive {
        /// Chooses the payment.
        which: u64,
        /// The amount, in minor units.
        minor: u32,
    },
    /// Cancels a buyer's reservation.
    Cancel {
        /// Chooses the reservation.
        which: u64,
        /// How much of the money goes back.
        returns: Returns,
    },
    /// Asks the provider about a payment again.
    Retry {
        /// Chooses the payment.
        which: u64,
    },
    /// Writes a note about a payment.
    Note {
        /// Chooses the payment.
        which: u64,
        /// Whether nothing more has to be done about it.
        settles: bool,
    },
    /// Gives money back on the provider's own pages, where the shop does not see it.
    ReturnByHand {
        /// Chooses the payment.
        which: u64,
    },
}

/// How much of a purchase's money goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "harnesses act on every case")]
pub enum Returns {
    /// What the cancellation policy says.
    ByPolicy,
    /// All of it.
    All,
    /// Nothing.
    Nothing,
}

/// Staff who work on single purchases.
#[derive(Debug, Clone)]
pub struct Clerk {
    chance: Chance,
    shape: Shape,
}

impl Clerk {
    /// Makes a clerk from a generator.
    pub fn new(chance: Chance, shape: Shape) -> Self {
        Self { chance, shape }
    }

    /// Decides what the clerk does next.
    pub fn next_act(&mut self) -> ClerkAct {
        let which = self.chance.number();
        let price = if self.shape.units == 0 { 0 } else { 3 };
        let returns = self.chance.one_of(&[Returns::ByPolicy, Returns::All, Returns::Nothing]).copied();
        let acts = [
            (price, ClerkAct::Price { of: self.chance.place(self.shape.units), minor: self.thousands() }),
            (4, ClerkAct::Waive { which, minor: self.thousands() }),
            (3, ClerkAct::Cancel { which, returns: returns.unwrap_or(Returns::ByPolicy) }),
            (3, ClerkAct::Retry { which }),
            (1, ClerkAct::Note { which, settles: self.chance.happens(500) }),
            (2, ClerkAct::ReturnByHand { which }),
        ];
        self.chance.weighted(&acts).unwrap_or(ClerkAct::Retry { which })
    }

    fn thousands(&mut self) -> u32 {
        u32::try_from(self.chance.between(1, 9) * 1_000).unwrap_or(1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clerk_changes_prices_only_where_units_are_sold() {
        let acts = |units| {
            let mut clerk = Clerk::new(Chance::of(1, "clerk"), Shape { seats: 3, units, has_line: false });
            (0..200).map(move |_| clerk.next_act()).collect::<Vec<_>>()
        };
        let prices =
            |acts: Vec<ClerkAct>| acts.iter().filter(|act| matches!(act, ClerkAct::Price { .. })).count();
        assert_eq!(prices(acts(0)), 0);
        assert!(prices(acts(2)) > 10);
    }
}
