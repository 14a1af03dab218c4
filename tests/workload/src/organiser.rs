//! An organiser: what staff do to an event while it sells.

use std::time::Duration;

use crate::buyer::Shape;
use crate::chance::Chance;

/// What an organiser does next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "harnesses act on every case")]
pub enum OrganiserAct {
    /// Does nothing for a time.
    Wait(Duration),
    /// Blocks a seat.
    Block(usize),
    /// Puts a blocked seat back on sale.
    Unblock(usize),
    /// Sets how many tickets one buyer may have.
    LimitBuyers(u32),
    /// Sets how many buyers may be in the shop at once.
    LimitActive(u32),
    /// Closes the sale this long from now.
    CloseSaleIn(Duration),
    /// Refunds a sold reservation; the number chooses which.
    Refund(u64),
    /// Ends a payment that has been silent for too long; the number chooses which.
    EndPayment(u64),
    /// Cancels the event.
    CancelEvent,
    /// Does nothing more.
    Leave,
}

/// Staff of one event.
#[derive(Debug, Clone)]
pub struct Organiser {
    chance: Chance,
    shape: Shape,
    habits: [u64; 8],
}

impl Organiser {
    /// Makes an organiser from a generator.
    pub fn new(mut chance: Chance, shape: Shape) -> Self {
        let most = [6, 6, 2, if shape.has_line { 4 } else { 0 }, 1, 3, 3, 1];
        let habits = most.map(|most: u64| if chance.happens(500) { 0 } else { chance.between(0, most) });
        Self { chance, shape, habits }
    }

    /// Decides what the organiser does next; every other act is a wait.
    pub fn next_act(&mut self) -> OrganiserAct {
        let [block, unblock, limit, active, close, refund, end, cancel] = self.habits;
        let seat = self.chance.place(self.shape.seats);
        let which = self.chance.number();
        let acts = [
            (block, OrganiserAct::Block(seat)),
            (unblock, OrganiserAct::Unblock(seat)),
            (limit, OrganiserAct::LimitBuyers(u32::try_from(1 + which % 6).unwrap_or(1))),
            (active, OrganiserAct::LimitActive(u32::try_from(1 + which % 3).unwrap_or(1))),
            (close, OrganiserAct::CloseSaleIn(self.chance.millis(1_000, 300_000))),
            (refund, OrganiserAct::Refund(which)),
            (end, OrganiserAct::EndPayment(which)),
            (cancel, OrganiserAct::CancelEvent),
        ];
        if self.chance.happens(700) {
            return OrganiserAct::Wait(self.chance.millis(1_000, 120_000));
        }
        self.chance.weighted(&acts).unwrap_or(OrganiserAct::Leave)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_organisers_cancel_their_event_and_most_do_not() {
        let shape = Shape { seats: 4, units: 1, has_line: true };
        let cancels = |seed: u64| {
            let mut organiser = Organiser::new(Chance::of(seed, "organiser"), shape);
            (0..40).any(|_| organiser.next_act() == OrganiserAct::CancelEvent)
        };
        let many = (0..300).filter(|seed| cancels(*seed)).count();
        assert!((20..200).contains(&many), "{many}");
    }
}
