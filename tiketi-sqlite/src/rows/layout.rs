//! Seat layouts.

use rusqlite::Row;
use serde::{Deserialize, Serialize};
use tiketi_core::{LayoutId, Money, PlannedSeat, SeatLayout, Section, StoreError, StoredLayout};

use super::{get, moment, parse, text};
use crate::error::unreadable;

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

pub(crate) fn layout(row: &Row<'_>) -> Result<StoredLayout, StoreError> {
    let entries: Vec<SectionEntry> = parse(&get::<String>(row, "sections")?, "sections")?;
    let sections = entries.into_iter().map(section).collect::<Result<_, _>>()?;
    Ok(StoredLayout {
        id: LayoutId::from_uuid(get(row, "id")?),
        layout: SeatLayout { venue: get(row, "venue")?, name: get(row, "name")?, sections },
        created_at: moment(row, "created_at")?,
    })
}

fn section(entry: SectionEntry) -> Result<Section, StoreError> {
    let currency = entry.currency.parse().map_err(|_| unreadable("currency"))?;
    let seat = |(number, column, accessible)| PlannedSeat { number, column, accessible };
    let row = |row: RowEntry| tiketi_core::Row {
        label: row.label,
        seats: row.seats.into_iter().map(seat).collect(),
    };
    Ok(Section {
        name: entry.name,
        price: Money::new(entry.price, currency),
        rows: entry.rows.into_iter().map(row).collect(),
    })
}

pub(crate) fn sections_text(layout: &SeatLayout) -> Result<String, StoreError> {
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
    text(&layout.sections.iter().map(section).collect::<Vec<_>>())
}
