//! Ticket types: what is sold at one price, and how much of it is left.

use crate::id::{EventId, TicketTypeId};
use crate::limits::MAX_NAME_CHARS;
use crate::money::Money;
use crate::text::{TextError, check_line};

/// Something of an event sold at one price: a section's seats, or standing room by the unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketType {
    /// Which ticket type.
    pub id: TicketTypeId,
    /// Whose.
    pub event: EventId,
    /// What buyers read.
    pub name: String,
    /// Price of one seat or unit, in the event's currency.
    pub price: Money,
    /// Sold by seat or by quantity.
    pub kind: TicketKind,
    /// How much there is and where it went.
    pub stock: Stock,
    /// Place in listings, lowest first.
    pub position: u32,
}

impl TicketType {
    /// Checks every text of the ticket type.
    ///
    /// # Errors
    ///
    /// [`TextError`] naming the field.
    pub fn check_texts(&self) -> Result<(), TextError> {
        let Self { id: _, event: _, name, price: _, kind, stock: _, position: _ } = self;
        check_line("name", name, 1..=MAX_NAME_CHARS)?;
        match kind {
            TicketKind::Seated { section } => check_line("section", section, 1..=MAX_NAME_CHARS),
            TicketKind::GeneralAdmission => Ok(()),
        }
    }
}

/// How a ticket type is sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketKind {
    /// Each ticket is a seat of this section.
    Seated {
        /// Name of the section in the layout.
        section: String,
    },
    /// Tickets are alike and sold by quantity.
    GeneralAdmission,
}

/// The counted stock of one ticket type.
///
/// `held + sold + blocked <= capacity` always holds. The counter is kept beside the rows it counts,
/// in the same commit; holds that lapsed but are not yet tidied still count as held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stock {
    /// Seats or units in all.
    pub capacity: u32,
    /// In pending reservations and payments under way.
    pub held: u32,
    /// In confirmed reservations.
    pub sold: u32,
    /// Kept off sale.
    pub blocked: u32,
}

impl Stock {
    /// Makes a stock of which everything is available.
    pub const fn of(capacity: u32) -> Self {
        Self { capacity, held: 0, sold: 0, blocked: 0 }
    }

    /// Returns how many can be bought now.
    pub const fn available(self) -> u32 {
        self.capacity.saturating_sub(self.taken())
    }

    /// Returns how many are held, sold or blocked.
    pub const fn taken(self) -> u32 {
        self.held.saturating_add(self.sold).saturating_add(self.blocked)
    }

    /// Tells whether no more is taken than there is.
    pub const fn is_sound(self) -> bool {
        self.taken() <= self.capacity
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_sold_or_blocked_is_not_available() {
        let stock = Stock { held: 1, sold: 2, blocked: 3, ..Stock::of(10) };
        assert_eq!((stock.taken(), stock.available()), (6, 4));
        assert!(stock.is_sound());
    }

    #[test]
    fn a_full_stock_is_sound_and_one_more_is_not() {
        let full = Stock { held: 1, sold: 1, ..Stock::of(2) };
        assert!(full.is_sound() && full.available() == 0);
        let oversold = Stock { blocked: 1, ..full };
        assert!(!oversold.is_sound() && oversold.available() == 0);
    }

    #[test]
    fn counters_beyond_all_numbers_are_unsound_rather_than_wrapped() {
        let stock = Stock { held: u32::MAX, sold: 1, ..Stock::of(u32::MAX - 1) };
        assert!(!stock.is_sound());
    }
}
