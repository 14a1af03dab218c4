//! Seat layouts.

use serde::{Deserialize, Serialize};
use tiketi_core::{
    LayoutId, Money, SeatLayout, Section, StoreError,
    seat_layout::{PlannedSeat, StoredLayout},
};

use crate::row::{Row, json, moment, parse, unreadable};

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

/// Reads a seat layout.
pub fn layout(row: &impl Row) -> Result<StoredLayout, StoreError> {
    let entries: Vec<SectionEntry> = parse(row.text("sections")?, "sections")?;
    let sections: Vec<_> = entries.into_iter().map(section).collect::<Result<_, _>>()?;
    Ok(StoredLayout {
        id: LayoutId::from_uuid(row.uuid("id")?),
        layout: SeatLayout::new(row.text("venue")?, row.text("name")?).sections(sections),
        created_at: moment(row, "created_at")?,
    })
}

fn section(entry: SectionEntry) -> Result<Section, StoreError> {
    let currency = entry.currency.parse().map_err(|_| unreadable("currency"))?;
    let seat = |(number, column, accessible)| PlannedSeat::new(number, column).accessible(accessible);
    let row = |row: RowEntry| tiketi_core::Row::new(row.label).seats(row.seats.into_iter().map(seat));
    Ok(Section::new(entry.name, Money::new(entry.price, currency)).rows(entry.rows.into_iter().map(row)))
}

/// Writes a layout's sections as a JSON array.
pub fn sections_text(layout: &SeatLayout) -> Result<String, StoreError> {
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
    json(&layout.sections.iter().map(section).collect::<Vec<_>>())
}
