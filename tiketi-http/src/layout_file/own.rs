//! The format for writing by hand: venue, sections, rows, seats.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use tiketi_core::{
    Currency, Money, Row, SeatLayout, Section,
    limits::MAX_SEATS_PER_LAYOUT,
    money::ParseCurrencyError,
    seat_layout::{LayoutError, PlannedSeat},
};

use crate::layout_file::LayoutFileError;
use crate::layout_file::seats::{SeatEntry, SeatFile, SeatsFile};

/// A seating plan written by hand, or sent to `/api/admin/layouts`.
///
/// Unknown fields are refused: a misspelt field is an error.
///
/// ```
/// use tiketi_http::layout_file::LayoutFile;
///
/// let file: LayoutFile = serde_json::from_str(r#"{
///     "venue": "Harbour Hall",
///     "name": "Great hall",
///     "currency": "KRW",
///     "sections": [{
///         "name": "VIP",
///         "price": 150000,
///         "rows": [
///             { "label": "A", "seats": 20, "gapsAfter": ["10"], "accessible": ["1", "20"] },
///             { "label": "B", "seats": ["1", "2", { "number": "3", "column": 8 }] }
///         ]
///     }]
/// }"#)?;
/// assert_eq!(file.into_layout()?.seat_count(), 23);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewLayout)]
#[schema(description = "A seating plan: sections at a price each, from the stage backwards.")]
#[schema(example = json!({
    "venue": "Harbour Hall", "name": "Great hall", "currency": "KRW",
    "sections": [{ "name": "VIP", "price": 150_000, "rows": [
        { "label": "A", "seats": 20, "gapsAfter": ["10"], "accessible": ["1", "20"] },
        { "label": "B", "seats": ["A", "B", "C"] },
        { "label": "C", "seats": ["1", { "number": "2", "column": 4, "accessible": true }] },
    ] }],
}))]
#[non_exhaustive]
pub struct LayoutFile {
    /// The building.
    pub venue: String,
    /// The plan's own name.
    pub name: String,
    /// ISO 4217 code of every price; KRW if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// From the stage backwards.
    pub sections: Vec<SectionFile>,
}

/// A part of the hall sold at one price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSection)]
#[non_exhaustive]
pub struct SectionFile {
    /// Unique within the plan.
    pub name: String,
    /// Price of a seat, in minor units.
    pub price: i64,
    /// From the stage backwards.
    pub rows: Vec<RowFile>,
}

/// A row of seats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewRow)]
#[non_exhaustive]
pub struct RowFile {
    /// Unique within the section.
    pub label: String,
    /// The seats, from left to right.
    pub seats: SeatsFile,
    /// Numbers of the seats after which one column stays free.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps_after: Vec<String>,
    /// Numbers of the seats meant for wheelchair users.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accessible: Vec<String>,
}

impl LayoutFile {
    /// Builds the checked layout.
    ///
    /// # Errors
    ///
    /// [`LayoutFileError::Currency`] for a currency that does not exist, [`LayoutFileError::Empty`] for a
    /// section or row with nothing in it, [`LayoutFileError::UnknownSeat`] for a gap or place no seat
    /// has, [`LayoutFileError::Layout`] for what no hall can be.
    pub fn into_layout(self) -> Result<SeatLayout, LayoutFileError> {
        let currency = self.currency()?.unwrap_or(Currency::KRW);
        self.check_size()?;
        let mut layout = SeatLayout::new(self.venue.trim(), self.name.trim());
        for (at, section) in self.sections.into_iter().enumerate() {
            let path = format!("sections[{at}]");
            layout = layout.section(section.into_section(&path, currency)?);
        }
        layout.validate()?;
        Ok(layout)
    }

    /// Reads the currency, if the file names one.
    pub(super) fn currency(&self) -> Result<Option<Currency>, ParseCurrencyError> {
        self.currency.as_deref().map(str::parse).transpose()
    }

    /// Refuses a hall that is too large before its seats are built: a short file may name a huge count.
    fn check_size(&self) -> Result<(), LayoutError> {
        let rows = self.sections.iter().flat_map(|section| &section.rows);
        let seats = rows.fold(0_usize, |sum, row| sum.saturating_add(row.seats.len()));
        if seats > MAX_SEATS_PER_LAYOUT { Err(LayoutError::TooManySeats { seats }) } else { Ok(()) }
    }
}

impl SectionFile {
    fn into_section(self, path: &str, currency: Currency) -> Result<Section, LayoutFileError> {
        if self.rows.is_empty() {
            return Err(LayoutFileError::Empty { path: format!("{path}.rows") });
        }
        let mut section = Section::new(self.name.trim(), Money::new(self.price, currency));
        for (at, row) in self.rows.into_iter().enumerate() {
            section = section.row(row.into_row(&format!("{path}.rows[{at}]"))?);
        }
        Ok(section)
    }
}

impl RowFile {
    pub(super) fn into_row(self, path: &str) -> Result<Row, LayoutFileError> {
        if self.seats.len() == 0 {
            return Err(LayoutFileError::Empty { path: format!("{path}.seats") });
        }
        let mut row = self.seats.into_row(self.label.trim());
        let gaps = counted(&row, &self.gaps_after, &format!("{path}.gapsAfter"))?;
        let accessible = counted(&row, &self.accessible, &format!("{path}.accessible"))?;
        let mut shift = 0_u32;
        for seat in &mut row.seats {
            seat.column = seat.column.saturating_add(shift);
            shift = shift.saturating_add(gaps.get(&seat.number).copied().unwrap_or(0));
            seat.accessible |= accessible.contains_key(&seat.number);
        }
        Ok(row)
    }
}

impl SeatsFile {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Count(count) => usize::try_from(*count).unwrap_or(usize::MAX),
            Self::Each(seats) => seats.len(),
        }
    }

    fn into_row(self, label: &str) -> Row {
        let seats = match self {
            Self::Count(count) => return Row::numbered(label, count),
            Self::Each(seats) => seats,
        };
        let mut next = 0;
        let seats = seats.into_iter().map(|entry| {
            let seat = entry.into_seat();
            let column = seat.column.unwrap_or(next);
            next = column.saturating_add(1);
            PlannedSeat::new(seat.number, column).accessible(seat.accessible)
        });
        Row::new(label).seats(seats)
    }
}

impl SeatEntry {
    fn into_seat(self) -> SeatFile {
        match self {
            Self::Number(number) => SeatFile { number, column: None, accessible: false },
            Self::Seat(seat) => seat,
        }
    }
}

/// Counts how often each seat is named, in one pass.
fn counted(row: &Row, names: &[String], path: &str) -> Result<HashMap<String, u32>, LayoutFileError> {
    let mut known: HashSet<&str> = HashSet::new();
    if !names.is_empty() {
        known.extend(row.seats.iter().map(|seat| seat.number.as_str()));
    }
    let mut counted = HashMap::new();
    for (at, name) in names.iter().enumerate() {
        if !known.contains(name.as_str()) {
            return Err(LayoutFileError::UnknownSeat { path: format!("{path}[{at}]"), name: name.clone() });
        }
        *counted.entry(name.clone()).or_insert(0) += 1;
    }
    Ok(counted)
}
