//! A buyer: what a person does who wants tickets.

use std::time::Duration;

use crate::chance::Chance;

/// What there is to buy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "harnesses make it, and give every part")]
pub struct Shape {
    /// The number of seats.
    pub seats: usize,
    /// The number of general-admission ticket types.
    pub units: usize,
    /// Whether buyers must join the line.
    pub has_line: bool,
}

/// What a buyer sees of the own purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "harnesses make every case")]
pub enum Seen {
    /// No place in the line, and no tickets.
    Nothing,
    /// Waiting in the line.
    Waiting,
    /// Tickets may be held now.
    Admitted,
    /// Tickets are held.
    Holding {
        /// The numbers of the seats.
        seats: Vec<usize>,
    },
    /// A payment at the provider's page was started.
    AtProvider,
    /// The outcome of a payment is not known.
    Paying,
    /// Tickets are owned.
    Owning {
        /// The numbers of the seats.
        seats: Vec<usize>,
    },
    /// No answer came to what was asked last.
    NoAnswer,
}

/// What a buyer does next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "harnesses act on every case")]
pub enum BuyerAct {
    /// Does nothing for a time.
    Hesitate(Duration),
    /// Joins the line, or looks at the own place in it.
    Join,
    /// Leaves the line.
    LeaveLine,
    /// Holds tickets.
    Hold {
        /// The numbers of the seats.
        seats: Vec<usize>,
        /// How many units, by the number of the ticket type.
        units: Vec<(usize, u32)>,
    },
    /// Gives back some held seats, or everything with `None`.
    Release(Option<Vec<usize>>),
    /// Extends the hold.
    Extend,
    /// Pays in one step.
    Pay,
    /// Starts a payment at the provider's page.
    Prepare,
    /// Pays at the provider's page.
    PayAtProvider,
    /// Comes back from the provider's page.
    Confirm,
    /// Sends the last request again under its key.
    Repeat,
    /// Cancels the reservation; a paid one is refunded.
    Cancel,
    /// Gives back some of the seats that were paid for.
    GiveBack(Vec<usize>),
    /// Goes away for good, whatever was begun.
    Vanish,
}

/// A person who wants tickets; what comes next depends on the seed and on what is seen.
#[derive(Debug, Clone)]
pub struct Buyer {
    chance: Chance,
    shape: Shape,
    habits: Habits,
}

/// Shares of 1,000, drawn once a person: some never cancel, some hardly do anything else.
#[derive(Debug, Clone)]
struct Habits {
    most_wanted: u64,
    hesitates: u64,
    longest_pause: u64,
    changes: u64,
    extends: u64,
    vanishes: u64,
    regrets: u64,
    repeats: u64,
    /// Whether the person pays at the provider's page.
    redirects: bool,
}

impl Buyer {
    /// Makes a buyer from a generator.
    pub fn new(mut chance: Chance, shape: Shape) -> Self {
        let mut rare = |most: u64| if chance.happens(500) { 0 } else { chance.below(most) };
        let habits = Habits {
            changes: rare(300),
            extends: rare(300),
            vanishes: rare(120),
            regrets: rare(700),
            repeats: rare(600),
            hesitates: rare(600),
            most_wanted: chance.between(1, 4),
            longest_pause: *chance.one_of(&[2_000, 30_000, 200_000]).unwrap_or(&2_000),
            redirects: chance.happens(400),
        };
        Self { chance, shape, habits }
    }

    /// Decides what the buyer does next.
    pub fn next_act(&mut self, seen: &Seen) -> BuyerAct {
        if self.chance.happens(self.habits.vanishes) {
            return BuyerAct::Vanish;
        }
        if *seen != Seen::NoAnswer && self.chance.happens(self.habits.hesitates) {
            return BuyerAct::Hesitate(self.chance.millis(1, self.habits.longest_pause));
        }
        match seen {
            Seen::Nothing if self.shape.has_line => BuyerAct::Join,
            Seen::Nothing | Seen::Admitted => self.hold(),
            Seen::Waiting => self.wait(),
            Seen::Holding { seats } => self.while_holding(seats),
            Seen::AtProvider => self.at_provider(),
            Seen::Paying => self.while_paying(),
            Seen::Owning { seats } => self.while_owning(seats),
            Seen::NoAnswer => self.without_answer(),
        }
    }

    fn wait(&mut self) -> BuyerAct {
        match self.chance.below(20) {
            0 => BuyerAct::LeaveLine,
            1..=5 => BuyerAct::Join,
            _ => BuyerAct::Hesitate(self.chance.millis(500, 20_000)),
        }
    }

    fn hold(&mut self) -> BuyerAct {
        let wanted = self.chance.between(1, self.habits.most_wanted);
        let (mut seats, mut units) = (Vec::new(), Vec::new());
        for _ in 0..wanted {
            if self.shape.units > 0 && (self.shape.seats == 0 || self.chance.happens(250)) {
                let of = self.chance.place(self.shape.units);
                match units.iter_mut().find(|(known, _)| *known == of) {
                    Some((_, quantity)) => *quantity += 1,
                    None => units.push((of, 1)),
                }
            } else {
                let seat = self.chance.place(self.shape.seats);
                if !seats.contains(&seat) {
                    seats.push(seat);
                }
            }
        }
        BuyerAct::Hold { seats, units }
    }

    fn while_holding(&mut self, seats: &[usize]) -> BuyerAct {
        if self.chance.happens(self.habits.changes) {
            return match self.chance.below(4) {
                0 => BuyerAct::Cancel,
                1 => BuyerAct::Release(None),
                2 => self.hold(),
                _ => BuyerAct::Release(Some(self.some_of(seats))),
            };
        }
        if self.chance.happens(self.habits.extends) {
            return BuyerAct::Extend;
        }
        if self.habits.redirects { BuyerAct::Prepare } else { BuyerAct::Pay }
    }

    fn at_provider(&mut self) -> BuyerAct {
        match self.chance.below(10) {
            // The buyer changes the tickets while a page of the provider is open.
            0 => self.hold(),
            1 => BuyerAct::Prepare,
            2 | 3 => BuyerAct::Confirm,
            4 => BuyerAct::Hesitate(self.chance.millis(1_000, 400_000)),
            _ => BuyerAct::PayAtProvider,
        }
    }

    fn while_paying(&mut self) -> BuyerAct {
        match self.chance.below(10) {
            0 => BuyerAct::Cancel,
            1 => self.hold(),
            2 | 3 => BuyerAct::Repeat,
            4 => BuyerAct::Confirm,
            _ => BuyerAct::Hesitate(self.chance.millis(1_000, 90_000)),
        }
    }

    fn while_owning(&mut self, seats: &[usize]) -> BuyerAct {
        if self.chance.happens(self.habits.regrets) {
            return match self.chance.below(3) {
                0 if !seats.is_empty() => BuyerAct::GiveBack(self.some_of(seats)),
                _ => BuyerAct::Cancel,
            };
        }
        match self.chance.below(4) {
            0 => self.hold(),
            1 => BuyerAct::Vanish,
            _ => BuyerAct::Hesitate(self.chance.millis(1_000, 120_000)),
        }
    }

    fn without_answer(&mut self) -> BuyerAct {
        if self.chance.happens(400 + self.habits.repeats) {
            return BuyerAct::Repeat;
        }
        BuyerAct::Hesitate(self.chance.millis(1, 5_000))
    }

    fn some_of(&mut self, seats: &[usize]) -> Vec<usize> {
        let mut some: Vec<usize> = seats.iter().copied().filter(|_| self.chance.happens(500)).collect();
        if some.is_empty() {
            some.extend(self.chance.one_of(seats).copied());
        }
        some
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { seats: 5, units: 2, has_line: true };

    fn acts(person: u64, seen: &Seen) -> Vec<BuyerAct> {
        let mut buyer = Buyer::new(Chance::of(person, "buyer"), SHAPE);
        (0..20).map(|_| buyer.next_act(seen)).collect()
    }

    #[test]
    fn a_buyer_without_a_place_joins_the_line_before_holding() {
        for seed in 0..50 {
            let all = acts(seed, &Seen::Nothing);
            assert!(all.iter().all(|act| !matches!(act, BuyerAct::Hold { .. })), "{all:?}");
        }
    }

    #[test]
    fn every_act_of_a_holder_occurs_among_some_people() {
        let seen = Seen::Holding { seats: vec![1, 2] };
        let all: Vec<BuyerAct> = (0..200).flat_map(|seed| acts(seed, &seen)).collect();
        let occurs = |of: fn(&BuyerAct) -> bool| assert!(all.iter().any(of));
        occurs(|act| *act == BuyerAct::Pay);
        occurs(|act| *act == BuyerAct::Prepare);
        occurs(|act| *act == BuyerAct::Extend);
        occurs(|act| *act == BuyerAct::Cancel);
        occurs(|act| *act == BuyerAct::Vanish);
        occurs(|act| *act == BuyerAct::Release(None));
        occurs(|act| matches!(act, BuyerAct::Release(Some(_))));
        occurs(|act| matches!(act, BuyerAct::Hesitate(_)));
    }

    #[test]
    fn a_hold_names_each_seat_once_and_wants_something() {
        for act in (0..200).flat_map(|seed| acts(seed, &Seen::Admitted)) {
            let BuyerAct::Hold { mut seats, units } = act else { continue };
            assert!(!seats.is_empty() || !units.is_empty());
            let named = seats.len();
            seats.sort_unstable();
            seats.dedup();
            assert_eq!(named, seats.len());
        }
    }
}
