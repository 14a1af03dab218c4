//! Seat layouts.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tiketi_core::{
    LayoutId, Money, SeatLayout, Section, StoreError, Timestamp,
    seat_layout::{LayoutOutline, PlannedSeat, SectionOutline, StoredLayout},
};
use uuid::Uuid;

use crate::row::{Row, currency, json, parse};
use crate::table::table;

#[derive(Serialize, Deserialize)]
struct SectionEntry {
    name: String,
    price: i64,
    currency: String,
    rows: Vec<RowEntry>,
}

#[derive(Serialize, Deserialize)]
struct RowEntry {
    label: String,
    /// Number, column, whether accessible.
    seats: Vec<(String, u32, bool)>,
}

table! {
    /// A row of `layouts`.
    LayoutRow<'r> = "layouts", listed by layout_columns {
        key { id: Uuid }
        fixed { venue: Cow<'r, str>, name: Cow<'r, str>, outline: Cow<'r, str>, sections: Cow<'r, str>, created_at: i64 }
    }
}

impl<'r> LayoutRow<'r> {
    /// Writes a seat layout as its columns.
    ///
    /// # Errors
    ///
    /// None for a layout of `tiketi-core`: all its parts can be written as JSON.
    pub fn of(stored: &'r StoredLayout) -> Result<Self, StoreError> {
        Ok(Self { sections: sections_text(&stored.layout.sections)?.into(), ..Self::with(stored, "")? })
    }

    /// Writes a seat layout as its columns, with the text of its sections.
    ///
    /// # Errors
    ///
    /// As [`LayoutRow::of`].
    pub fn with(stored: &'r StoredLayout, sections: &'r str) -> Result<Self, StoreError> {
        let StoredLayout { id, layout, created_at } = stored;
        let SeatLayout { venue, name, .. } = layout;
        Ok(Self {
            id: id.as_uuid(),
            venue: venue.into(),
            name: name.into(),
            outline: outline_text(&stored.outline())?.into(),
            sections: sections.into(),
            created_at: created_at.as_micros(),
        })
    }

    /// Reads the seat layout from its columns.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
    pub fn layout(self) -> Result<StoredLayout, StoreError> {
        let entries: Vec<SectionEntry> = parse(&self.sections, "sections")?;
        let sections: Vec<_> = entries.into_iter().map(section).collect::<Result<_, _>>()?;
        Ok(StoredLayout {
            id: LayoutId::from_uuid(self.id),
            layout: SeatLayout::new(self.venue, self.name).sections(sections),
            created_at: Timestamp::from_micros(self.created_at),
        })
    }
}

/// Name, price, currency and number of seats.
type OutlineEntry = (String, i64, String, u64);

/// Reads a layout without its seats from the columns `id`, `venue`, `name`, `outline` and `created_at`.
///
/// # Errors
///
/// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
pub fn layout_outline(row: &impl Row) -> Result<LayoutOutline, StoreError> {
    let entries: Vec<OutlineEntry> = parse(row.text("outline")?, "outline")?;
    let section = |(name, price, word, seats): OutlineEntry| {
        Ok(SectionOutline { name, price: Money::new(price, currency(&word)?), seats })
    };
    Ok(LayoutOutline {
        id: LayoutId::from_uuid(row.uuid("id")?),
        venue: row.text("venue")?.to_owned(),
        name: row.text("name")?.to_owned(),
        sections: entries.into_iter().map(section).collect::<Result<_, StoreError>>()?,
        created_at: Timestamp::from_micros(row.int("created_at")?),
    })
}

fn outline_text(outline: &LayoutOutline) -> Result<String, StoreError> {
    let entry = |section: &SectionOutline| -> OutlineEntry {
        let SectionOutline { name, price, seats } = section;
        (name.clone(), price.minor(), price.currency().to_string(), *seats)
    };
    json(&outline.sections.iter().map(entry).collect::<Vec<_>>())
}

fn section(entry: SectionEntry) -> Result<Section, StoreError> {
    let currency = currency(&entry.currency)?;
    let seat = |(number, column, accessible)| PlannedSeat::new(number, column).accessible(accessible);
    let row = |row: RowEntry| tiketi_core::Row::new(row.label).seats(row.seats.into_iter().map(seat));
    Ok(Section::new(entry.name, Money::new(entry.price, currency)).rows(entry.rows.into_iter().map(row)))
}

/// Writes a layout's sections as a JSON array.
fn sections_text(sections: &[Section]) -> Result<String, StoreError> {
    let seat = |seat: &PlannedSeat| (seat.number.clone(), seat.column, seat.accessible);
    let row = |row: &tiketi_core::Row| RowEntry {
        label: row.label.clone(),
        seats: row.seats.iter().map(seat).collect(),
    };
    let section = |section: &Section| SectionEntry {
        name: section.name.clone(),
        price: section.price.minor(),
        currency: section.price.currency().to_string(),
        rows: section.rows.iter().map(row).collect(),
    };
    json(&sections.iter().map(section).collect::<Vec<_>>())
}
