//! A meddler: what no shop permits, because it is wrong or another buyer's.

use crate::buyer::Shape;
use crate::chance::Chance;

/// What a meddler tries; `which` chooses among the purchases that there are, also those that are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "harnesses act on every case")]
pub enum MeddlerAct {
    /// Holds a seat that the request names twice.
    NameTwice {
        /// The number of the seat.
        seat: usize,
    },
    /// Holds nothing.
    HoldNothing,
    /// Holds no unit, or more units than any buyer may have.
    HoldUnits {
        /// The number of the ticket type.
        of: usize,
        /// The quantity.
        quantity: u32,
    },
    /// Extends a hold.
    Extend {
        /// Chooses the reservation.
        which: u64,
    },
    /// Gives back a seat, whether the reservation has it or not.
    Release {
        /// Chooses the reservation.
        which: u64,
        /// The number of the seat.
        seat: usize,
    },
    /// Starts to pay.
    Prepare {
        /// Chooses the reservation.
        which: u64,
    },
    /// Pays in one step.
    Pay {
        /// Chooses the reservation.
        which: u64,
    },
    /// Confirms a payment.
    Confirm {
        /// Chooses the payment.
        which: u64,
    },
    /// Cancels a reservation.
    Cancel {
        /// Chooses the reservation.
        which: u64,
    },
    /// Gives back a seat that was paid for, whether the reservation has it or not.
    GiveBack {
        /// Chooses the payment.
        which: u64,
        /// The number of the seat.
        seat: usize,
    },
}

/// Someone who asks for what is not to be had.
#[derive(Debug, Clone)]
pub struct Meddler {
    chance: Chance,
    shape: Shape,
}

impl Meddler {
    /// Makes a meddler from a generator.
    pub fn new(chance: Chance, shape: Shape) -> Self {
        Self { chance, shape }
    }

    /// Returns whether the meddler acts in the name of the purchase's own buyer.
    pub fn is_owner(&mut self) -> bool {
        self.chance.happens(500)
    }

    /// Decides what the meddler tries next.
    pub fn next_act(&mut self) -> MeddlerAct {
        let (which, seat) = (self.chance.number(), self.chance.place(self.shape.seats));
        let quantity = *self.chance.one_of(&[0, 1_000]).unwrap_or(&0);
        let (seats, units) = (u64::from(self.shape.seats > 0), u64::from(self.shape.units > 0));
        let acts = [
            (seats, MeddlerAct::NameTwice { seat }),
            (1, MeddlerAct::HoldNothing),
            (units, MeddlerAct::HoldUnits { of: self.chance.place(self.shape.units), quantity }),
            (3, MeddlerAct::Extend { which }),
            (3, MeddlerAct::Release { which, seat }),
            (2, MeddlerAct::Prepare { which }),
            (2, MeddlerAct::Pay { which }),
            (3, MeddlerAct::Confirm { which }),
            (2, MeddlerAct::Cancel { which }),
            (2, MeddlerAct::GiveBack { which, seat }),
        ];
        self.chance.weighted(&acts).unwrap_or(MeddlerAct::HoldNothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meddler_names_seats_and_units_only_where_there_are_some() {
        let mut meddler =
            Meddler::new(Chance::of(1, "meddler"), Shape { seats: 0, units: 0, has_line: false });
        for _ in 0..200 {
            let act = meddler.next_act();
            assert!(!matches!(act, MeddlerAct::NameTwice { .. } | MeddlerAct::HoldUnits { .. }), "{act:?}");
        }
    }
}
