//! Seat layouts: venue, sections, rows and seats, from which an event's seats are made.

use std::collections::HashSet;
use std::sync::Arc;

use crate::id::LayoutId;
use crate::limits::{MAX_NAME_CHARS, MAX_PRICE_MINOR, MAX_SEATS_PER_LAYOUT};
use crate::money::Money;
use crate::seat::SeatPlace;
use crate::setters::setters;
use crate::text::{TextError, check_line, cleaned};
use crate::time::Timestamp;

/// The seats of a hall, with a price for each section.
///
/// ```
/// use tiketi_core::{Currency, Money, Row, SeatLayout, Section};
///
/// let section = Section::new("VIP", Money::new(150_000, Currency::KRW))
///     .row(Row::numbered("A", 20).gap_after("10").accessible(["1", "20"]))
///     .row(Row::lettered("B", 6));
/// let layout = SeatLayout::new("Harbour Hall", "Great hall").section(section);
/// assert_eq!(layout.seat_count(), 26);
/// assert!(layout.validate().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SeatLayout {
    /// The building, such as `Harbour Hall`.
    pub venue: String,
    /// The layout's own name, such as `Great hall, with orchestra pit`.
    pub name: String,
    /// Sections, from the stage backwards.
    pub sections: Vec<Section>,
}

/// A seat layout that a store has saved.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct StoredLayout {
    /// Id of the layout.
    pub id: LayoutId,
    /// The layout.
    pub layout: SeatLayout,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A saved layout without its seats, for lists.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct LayoutOutline {
    /// Id of the layout.
    pub id: LayoutId,
    /// The building.
    pub venue: String,
    /// The layout's own name.
    pub name: String,
    /// Its sections, from the stage backwards.
    pub sections: Vec<SectionOutline>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A section without its seats.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct SectionOutline {
    /// Unique within the layout.
    pub name: String,
    /// Price of each of its seats, unless an event says otherwise.
    pub price: Money,
    /// How many seats it has.
    pub seats: u64,
}

impl StoredLayout {
    /// Returns the layout without its seats.
    pub fn outline(&self) -> LayoutOutline {
        let section = |section: &Section| SectionOutline {
            name: section.name.clone(),
            price: section.price,
            seats: section.seat_count() as u64,
        };
        LayoutOutline {
            id: self.id,
            venue: self.layout.venue.clone(),
            name: self.layout.name.clone(),
            sections: self.layout.sections.iter().map(section).collect(),
            created_at: self.created_at,
        }
    }
}

impl LayoutOutline {
    /// Returns the number of seats of all sections.
    pub fn seat_count(&self) -> u64 {
        self.sections.iter().map(|section| section.seats).sum()
    }
}

/// A part of the hall sold at one price.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Section {
    /// Unique within the layout.
    pub name: String,
    /// Price of each of its seats, unless an event says otherwise.
    pub price: Money,
    /// Rows, from the stage backwards.
    pub rows: Vec<Row>,
}

/// A row of seats.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Row {
    /// Unique within the section, such as `A` or `12`.
    pub label: String,
    /// Seats, from left to right.
    pub seats: Vec<PlannedSeat>,
}

/// A seat of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PlannedSeat {
    /// Unique within the row, such as `7` or `G`.
    pub number: String,
    /// Column within the row from 0; missing numbers are gaps, such as an aisle.
    pub column: u32,
    /// Whether the seat is meant for a wheelchair user.
    pub accessible: bool,
}

/// Why no seats can be made from a layout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// The layout has no seat.
    #[error("the layout has no seats")]
    Empty,
    /// The layout has more than [`MAX_SEATS_PER_LAYOUT`] seats.
    #[error("the layout has {seats} seats, more than the limit of {MAX_SEATS_PER_LAYOUT}")]
    TooManySeats {
        /// The number of seats.
        seats: usize,
    },
    /// A name is empty, longer than [`MAX_NAME_CHARS`] characters, or has characters that no store accepts.
    ///
    /// The field is `venue`, `name`, or the path of a section, row or seat.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Two sections of the layout, rows of a section or seats of a row have the same name.
    #[error("{what} appears twice")]
    Duplicate {
        /// Path of the second one.
        what: String,
    },
    /// Two seats of a row are in the same column.
    #[error("two seats of {row} stand in column {column}")]
    SameColumn {
        /// Path of the row.
        row: String,
        /// The column.
        column: u32,
    },
    /// A price is negative or above [`MAX_PRICE_MINOR`].
    #[error("the price of section {section} must be from 0 to {MAX_PRICE_MINOR} minor units")]
    BadPrice {
        /// Name of the section.
        section: String,
    },
    /// Sections are priced in different currencies.
    #[error("section {section} is priced in another currency than the first section")]
    MixedCurrencies {
        /// The first section that differs.
        section: String,
    },
}

impl SeatLayout {
    /// Starts an empty layout.
    pub fn new(venue: impl Into<String>, name: impl Into<String>) -> Self {
        Self { venue: venue.into(), name: name.into(), sections: Vec::new() }
    }

    /// Adds a section behind the others.
    #[must_use]
    pub fn section(self, section: Section) -> Self {
        self.sections([section])
    }

    /// Adds sections behind the others, from the stage backwards.
    #[must_use]
    pub fn sections(mut self, sections: impl IntoIterator<Item = Section>) -> Self {
        self.sections.extend(sections);
        self
    }

    /// Returns the number of seats.
    pub fn seat_count(&self) -> usize {
        self.sections.iter().map(Section::seat_count).sum()
    }

    /// Checks that seats can be made from the layout.
    ///
    /// Names must be valid and unique, prices valid and in one currency, and no two seats of a row in one column.
    ///
    /// # Errors
    ///
    /// [`LayoutError`] naming the first problem found.
    pub fn validate(&self) -> Result<(), LayoutError> {
        let Self { venue, name, sections: _ } = self;
        check_name(venue, || "venue".into())?;
        check_name(name, || "name".into())?;
        match self.seat_count() {
            0 => return Err(LayoutError::Empty),
            seats if seats > MAX_SEATS_PER_LAYOUT => return Err(LayoutError::TooManySeats { seats }),
            _ => {}
        }
        let currency = self.sections.first().map(|section| section.price.currency());
        let mut names = HashSet::new();
        for section in &self.sections {
            if !names.insert(&section.name) {
                return Err(LayoutError::Duplicate { what: format!("section {}", shown(&section.name)) });
            }
            if Some(section.price.currency()) != currency {
                return Err(LayoutError::MixedCurrencies { section: section.name.clone() });
            }
            section.validate()?;
        }
        Ok(())
    }

    /// Checks every text of the layout; [`SeatLayout::validate`] does so too.
    ///
    /// # Errors
    ///
    /// [`TextError`] naming the field.
    pub fn check_texts(&self) -> Result<(), TextError> {
        let Self { venue, name, sections } = self;
        check_line("venue", venue, 1..=MAX_NAME_CHARS)?;
        check_line("name", name, 1..=MAX_NAME_CHARS)?;
        for Section { name, price: _, rows } in sections {
            check_line("section", name, 1..=MAX_NAME_CHARS)?;
            for Row { label, seats } in rows {
                check_line("row", label, 1..=MAX_NAME_CHARS)?;
                let mut numbers = seats.iter().map(|PlannedSeat { number, column: _, accessible: _ }| number);
                numbers.try_for_each(|number| check_line("number", number, 1..=MAX_NAME_CHARS))?;
            }
        }
        Ok(())
    }

    /// Returns every seat's place with the index of its section.
    ///
    /// The order is from the stage backwards, and from left to right.
    pub fn places(&self) -> impl Iterator<Item = (usize, SeatPlace)> + '_ {
        let mut line = 0_u32;
        self.sections.iter().enumerate().flat_map(move |(index, section)| {
            let first = line;
            line = line.saturating_add(u32::try_from(section.rows.len()).unwrap_or(u32::MAX));
            section.places(first).map(move |place| (index, place))
        })
    }
}

impl Section {
    /// Starts an empty section.
    pub fn new(name: impl Into<String>, price: Money) -> Self {
        Self { name: name.into(), price, rows: Vec::new() }
    }

    /// Adds a row behind the others.
    #[must_use]
    pub fn row(self, row: Row) -> Self {
        self.rows([row])
    }

    /// Adds rows behind the others, from the stage backwards.
    #[must_use]
    pub fn rows(mut self, rows: impl IntoIterator<Item = Row>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// Returns the number of seats.
    pub fn seat_count(&self) -> usize {
        self.rows.iter().map(|row| row.seats.len()).sum()
    }

    fn validate(&self) -> Result<(), LayoutError> {
        check_name(&self.name, || "section name".into())?;
        if !(0..=MAX_PRICE_MINOR).contains(&self.price.minor()) {
            return Err(LayoutError::BadPrice { section: self.name.clone() });
        }
        let mut labels = HashSet::new();
        for row in &self.rows {
            let path = || format!("row {} of section {}", shown(&row.label), self.name);
            check_name(&row.label, path)?;
            if !labels.insert(&row.label) {
                return Err(LayoutError::Duplicate { what: path() });
            }
            row.validate(&path)?;
        }
        Ok(())
    }

    fn places(&self, first_line: u32) -> impl Iterator<Item = SeatPlace> + '_ {
        (first_line..).zip(&self.rows).flat_map(move |(line, row)| {
            row.seats.iter().map(move |seat| SeatPlace {
                section: self.name.clone(),
                row: row.label.clone(),
                number: seat.number.clone(),
                label: Arc::from(format!("{} {}-{}", self.name, row.label, seat.number)),
                column: seat.column,
                line,
                accessible: seat.accessible,
            })
        })
    }
}

impl PlannedSeat {
    /// Makes a seat in a column of its row, not meant for a wheelchair user.
    pub fn new(number: impl Into<String>, column: u32) -> Self {
        Self { number: number.into(), column, accessible: false }
    }

    setters! {
        accessible: bool,
    }
}

impl Row {
    /// Starts an empty row.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), seats: Vec::new() }
    }

    /// Adds seats to the right of the others.
    #[must_use]
    pub fn seats(mut self, seats: impl IntoIterator<Item = PlannedSeat>) -> Self {
        self.seats.extend(seats);
        self
    }

    /// Makes a row of seats numbered from 1.
    pub fn numbered(label: impl Into<String>, seats: u32) -> Self {
        Self::of(label, (1..=seats).map(|number| number.to_string()))
    }

    /// Makes a row of seats lettered `A` to `Z`, then `AA`, `AB` and so on.
    pub fn lettered(label: impl Into<String>, seats: u32) -> Self {
        Self::of(label, (0..seats).map(letters))
    }

    /// Makes a row of seats with these numbers or letters, side by side.
    pub fn of(label: impl Into<String>, numbers: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::new(label).seats((0..).zip(numbers).map(|(column, number)| PlannedSeat::new(number, column)))
    }

    /// Leaves one column free behind the seat with this number, such as an aisle.
    #[must_use]
    pub fn gap_after(mut self, number: &str) -> Self {
        let behind = self.seats.iter().skip_while(|seat| seat.number != number).skip(1).count();
        for seat in self.seats.iter_mut().rev().take(behind) {
            seat.column = seat.column.saturating_add(1);
        }
        self
    }

    /// Marks the seats with these numbers as meant for wheelchair users.
    #[must_use]
    pub fn accessible<'n>(mut self, numbers: impl IntoIterator<Item = &'n str>) -> Self {
        for number in numbers {
            for seat in self.seats.iter_mut().filter(|seat| seat.number == number) {
                seat.accessible = true;
            }
        }
        self
    }

    fn validate(&self, path: &impl Fn() -> String) -> Result<(), LayoutError> {
        let mut numbers = HashSet::new();
        let mut columns = HashSet::new();
        for seat in &self.seats {
            let seat_path = || format!("seat {} in {}", shown(&seat.number), path());
            check_name(&seat.number, seat_path)?;
            if !numbers.insert(&seat.number) {
                return Err(LayoutError::Duplicate { what: seat_path() });
            }
            if !columns.insert(seat.column) {
                return Err(LayoutError::SameColumn { row: path(), column: seat.column });
            }
        }
        Ok(())
    }
}

/// Checks a name. `path` is a closure because only an error needs the path.
fn check_name(name: &str, path: impl Fn() -> String) -> Result<(), LayoutError> {
    check_line("name", name, 1..=MAX_NAME_CHARS)
        .map_err(|TextError { problem, .. }| TextError { field: path().into(), problem }.into())
}

/// Returns a name cleaned for an error message, because the name itself may be the error.
fn shown(name: &str) -> String {
    cleaned(name, MAX_NAME_CHARS)
}

/// Returns the letters of a spreadsheet column: 0 is `A`, 25 is `Z`, 26 is `AA`.
fn letters(index: u32) -> String {
    let mut left = index;
    let mut reversed = Vec::new();
    loop {
        reversed.push(char::from(b'A' + u8::try_from(left % 26).unwrap_or(0)));
        if left < 26 {
            return reversed.into_iter().rev().collect();
        }
        left = left / 26 - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn hall(rows: Vec<Row>) -> SeatLayout {
        let section = Section { name: "R".into(), price: Money::new(1_000, Currency::KRW), rows };
        SeatLayout::new("Hall", "Plan").section(section)
    }

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!([0, 25, 26, 27, 701, 702].map(letters), ["A", "Z", "AA", "AB", "ZZ", "AAA"]);
    }

    #[test]
    fn a_gap_moves_the_seats_behind_it_and_renames_none() {
        let row = Row::numbered("A", 4).gap_after("2");
        let columns: Vec<_> = row.seats.iter().map(|seat| (seat.number.as_str(), seat.column)).collect();
        assert_eq!(columns, [("1", 0), ("2", 1), ("3", 3), ("4", 4)]);
    }

    #[test]
    fn places_carry_section_row_number_and_line() {
        let layout = hall(vec![Row::numbered("A", 1), Row::lettered("B", 2)]);
        let places: Vec<_> =
            layout.places().map(|(_, place)| (place.label.to_string(), place.line)).collect();
        assert_eq!(places, [("R A-1".into(), 0), ("R B-A".into(), 1), ("R B-B".into(), 1)]);
    }

    #[test]
    fn a_seat_drawn_twice_is_refused_by_its_path() {
        let error = hall(vec![Row::of("A", ["1", "1"])]).validate().unwrap_err();
        assert_eq!(error.to_string(), "seat 1 in row A of section R appears twice");
    }

    #[test]
    fn two_rows_or_two_sections_of_one_name_are_refused() {
        let rows = hall(vec![Row::numbered("A", 1), Row::numbered("A", 1)]);
        assert!(matches!(rows.validate(), Err(LayoutError::Duplicate { .. })));
        let sections = hall(vec![Row::numbered("A", 1)]);
        let again = sections.sections.clone();
        let sections = SeatLayout { sections: [sections.sections, again].concat(), ..sections };
        assert!(matches!(sections.validate(), Err(LayoutError::Duplicate { .. })));
    }

    #[test]
    fn an_empty_hall_is_refused() {
        assert_eq!(hall(vec![]).validate(), Err(LayoutError::Empty));
    }

    #[test]
    fn a_negative_price_is_refused() {
        let mut layout = hall(vec![Row::numbered("A", 1)]);
        layout.sections[0].price = Money::new(-1, Currency::KRW);
        assert_eq!(layout.validate(), Err(LayoutError::BadPrice { section: "R".into() }));
    }
}
