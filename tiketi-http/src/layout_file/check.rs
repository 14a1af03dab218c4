//! Finds every problem of a seating plan, each with its place.
//!
//! [`LayoutFile::into_layout`] stops at the first one, because nothing can be made then.

use std::collections::HashSet;

use tiketi_core::limits::{MAX_NAME_CHARS, MAX_PRICE_MINOR, MAX_SEATS_PER_LAYOUT};
use tiketi_core::seat_layout::LayoutError;
use tiketi_core::text::check_line;

use crate::layout_file::own::{LayoutFile, RowFile, SectionFile};
use crate::layout_file::seats::{SeatEntry, SeatsFile};
use crate::reason::Reason;
use tiketi_core::language::Language;

/// Most problems that are listed; a plan with more is broken as a whole.
pub(crate) const MOST_PROBLEMS: usize = 100;

/// What is wrong at one place of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LayoutProblem {
    /// Where, as in `sections[0].rows[2].seats`, counted from 0.
    pub path: String,
    /// What is wrong.
    reason: Reason,
}

impl LayoutProblem {
    /// Returns what is wrong, in English.
    pub fn reason(&self) -> &str {
        self.sentence(Language::English)
    }

    /// Returns what is wrong.
    pub(crate) fn sentence(&self, language: Language) -> &str {
        self.reason.sentence(language)
    }
}

const EMPTY: Reason = Reason::fixed("is empty", "비어 있습니다.");

/// The problems found so far.
#[derive(Debug, Default)]
struct Problems(Vec<LayoutProblem>);

impl LayoutFile {
    /// Returns every problem of the plan, at most 100; none if [`LayoutFile::into_layout`] succeeds.
    pub fn problems(&self) -> Vec<LayoutProblem> {
        let mut problems = Problems::default();
        problems.name("venue", &self.venue);
        problems.name("name", &self.name);
        if let Err(error) = self.currency() {
            problems.add("currency", error);
        }
        if self.sections.is_empty() {
            problems.add("sections", EMPTY);
        }
        let seats = self.seats();
        if seats > MAX_SEATS_PER_LAYOUT {
            problems.add("sections", LayoutError::TooManySeats { seats });
            return problems.0;
        }
        let mut names = HashSet::new();
        for (at, section) in self.sections.iter().enumerate() {
            let path = format!("sections[{at}]");
            if !names.insert(section.name.trim()) {
                problems.twice(&format!("{path}.name"), section.name.trim());
            }
            problems.section(&path, section);
        }
        problems.0.truncate(MOST_PROBLEMS);
        problems.0
    }

    /// Returns the number of seats, without making them.
    fn seats(&self) -> usize {
        let rows = self.sections.iter().flat_map(|section| &section.rows);
        rows.fold(0_usize, |sum, row| sum.saturating_add(row.seats.len()))
    }
}

impl Problems {
    fn add(&mut self, path: &str, reason: impl Into<Reason>) {
        // More than are listed, so that a caller sees that there are more.
        if self.0.len() <= MOST_PROBLEMS {
            self.0.push(LayoutProblem { path: path.to_owned(), reason: reason.into() });
        }
    }

    fn twice(&mut self, path: &str, name: &str) {
        self.add(
            path,
            Reason::new(format!("{name:?} appears twice"), format!("{name:?} 이름이 두 번 나옵니다.")),
        );
    }

    fn name(&mut self, path: &str, name: &str) {
        if let Err(error) = check_line("name", name.trim(), 1..=MAX_NAME_CHARS) {
            self.add(path, error.problem);
        }
    }

    fn section(&mut self, path: &str, section: &SectionFile) {
        self.name(&format!("{path}.name"), &section.name);
        if !(0..=MAX_PRICE_MINOR).contains(&section.price) {
            self.add(&format!("{path}.price"), Reason::range(0, MAX_PRICE_MINOR));
        }
        if section.rows.is_empty() {
            self.add(&format!("{path}.rows"), EMPTY);
        }
        let mut labels = HashSet::new();
        for (at, row) in section.rows.iter().enumerate() {
            let path = format!("{path}.rows[{at}]");
            if !labels.insert(row.label.trim()) {
                self.twice(&format!("{path}.label"), row.label.trim());
            }
            self.row(&path, row);
        }
    }

    fn row(&mut self, path: &str, row: &RowFile) {
        self.name(&format!("{path}.label"), &row.label);
        if row.seats.len() == 0 {
            return self.add(&format!("{path}.seats"), EMPTY);
        }
        if let SeatsFile::Each(seats) = &row.seats {
            self.seats(path, seats);
        }
        let numbers = numbers(&row.seats);
        for (list, names) in [("gapsAfter", &row.gaps_after), ("accessible", &row.accessible)] {
            for (at, name) in names.iter().enumerate() {
                if !numbers.contains(name.as_str()) {
                    self.add(
                        &format!("{path}.{list}[{at}]"),
                        Reason::new(
                            format!("the row has no seat {name:?}"),
                            format!("이 줄에 {name:?} 좌석이 없습니다."),
                        ),
                    );
                }
            }
        }
        self.columns(path, row);
    }

    fn seats(&mut self, path: &str, seats: &[SeatEntry]) {
        let mut numbers = HashSet::new();
        for (at, seat) in seats.iter().enumerate() {
            let (path, number) = (format!("{path}.seats[{at}]"), number(seat));
            // A seat's number is taken as it is written.
            if let Err(error) = check_line("number", number, 1..=MAX_NAME_CHARS) {
                self.add(&path, error.problem);
            }
            if !numbers.insert(number) {
                self.twice(&path, number);
            }
        }
    }

    /// Finds seats in one column: those that name theirs, and those to the right of one that does.
    fn columns(&mut self, path: &str, row: &RowFile) {
        let names_one = |seats: &[SeatEntry]| {
            seats.iter().any(|seat| matches!(seat, SeatEntry::Seat(seat) if seat.column.is_some()))
        };
        if !matches!(&row.seats, SeatsFile::Each(seats) if names_one(seats)) {
            return;
        }
        // The gaps move seats, so that the row has to be made.
        let Ok(made) = row.clone().into_row(path) else { return };
        let mut taken = HashSet::new();
        for (at, seat) in made.seats.iter().enumerate() {
            if !taken.insert(seat.column) {
                self.add(
                    &format!("{path}.seats[{at}]"),
                    Reason::new(
                        format!("another seat is in column {}", seat.column),
                        format!("다른 좌석이 같은 열({})에 있습니다.", seat.column),
                    ),
                );
            }
        }
    }
}

fn number(seat: &SeatEntry) -> &str {
    match seat {
        SeatEntry::Number(number) => number,
        SeatEntry::Seat(seat) => &seat.number,
    }
}

/// Returns the numbers of a row's seats.
fn numbers(seats: &SeatsFile) -> HashSet<std::borrow::Cow<'_, str>> {
    match seats {
        SeatsFile::Count(count) => (1..=*count).map(|number| number.to_string().into()).collect(),
        SeatsFile::Each(seats) => seats.iter().map(|seat| number(seat).into()).collect(),
    }
}
