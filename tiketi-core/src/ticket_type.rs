//! Ticket types: what an event sells at one price, and its stock.

use crate::id::{EventId, TicketTypeId};
use crate::limits::MAX_NAME_CHARS;
use crate::money::Money;
use crate::text::{TextError, check_line};

/// What an event sells at one price: a section's seats, or general-admission units.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct TicketType {
    /// Id of the ticket type.
    pub id: TicketTypeId,
    /// The event.
    pub event: EventId,
    /// Name that buyers read.
    pub name: String,
    /// Price of one seat or unit, in the event's currency.
    pub price: Money,
    /// Whether it is sold by seat or by quantity.
    pub kind: TicketKind,
    /// Its stock counters.
    pub stock: Stock,
    /// Position in listings, lowest first.
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a complete set of states, which hosts match on")]
pub enum TicketKind {
    /// Each ticket is a seat of this section.
    Seated {
        /// Name of the section in the layout.
        section: String,
    },
    /// Tickets without a seat, sold by quantity.
    GeneralAdmission,
}

/// The stock counters of one ticket type.
///
/// `held + sold + blocked <= capacity` always holds. The counters change in the same commit as the rows they count. A
/// hold that has ended counts as held until a commit ends it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Stock {
    /// All seats or units.
    pub capacity: u32,
    /// Seats or units of held reservations and of payments in progress.
    pub held: u32,
    /// Seats or units of confirmed reservations.
    pub sold: u32,
    /// Seats or units that are off sale.
    pub blocked: u32,
}

impl Stock {
    /// Makes a stock that is available in full.
    pub const fn of(capacity: u32) -> Self {
        Self { capacity, held: 0, sold: 0, blocked: 0 }
    }

    /// Returns how many are available.
    pub const fn available(self) -> u32 {
        self.capacity.saturating_sub(self.taken())
    }

    /// Returns how many are held, sold or blocked.
    pub const fn taken(self) -> u32 {
        self.held.saturating_add(self.sold).saturating_add(self.blocked)
    }

    /// Returns whether no more is taken than the capacity.
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
