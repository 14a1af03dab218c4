//! pretix seating plans: zones with rows of seats at positions, each seat of a category.
//!
//! Source of the field names: `seating-plan.schema.json` of pretix. Fields that do not describe seats, such as colours
//! and drawn areas, are ignored, and so are unknown fields.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Deserialize;
use serde::de::IgnoredAny;
use tiketi_core::{Currency, Money, Row, SeatLayout, Section};

use crate::layout_file::{LayoutFileError, LayoutReader};

mod zone;

/// A whole plan.
#[derive(Debug, Deserialize)]
pub(super) struct Plan {
    name: String,
    categories: Vec<Category>,
    zones: Vec<Zone>,
}

#[derive(Debug, Deserialize)]
struct Category {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Zone {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    position: Point,
    rows: Vec<PlanRow>,
    #[serde(default)]
    areas: Vec<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct PlanRow {
    row_number: String,
    #[serde(default)]
    row_label: Option<String>,
    #[serde(default)]
    position: Point,
    seats: Vec<Seat>,
}

#[derive(Debug, Deserialize)]
struct Seat {
    #[serde(rename = "seat_number")]
    number: String,
    #[serde(rename = "seat_guid")]
    guid: String,
    position: Point,
    category: String,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct Point {
    x: f64,
    y: f64,
}

/// The seats of one category in one zone; they become a section.
#[derive(Debug)]
struct Block {
    section: String,
    category: String,
    rows: Vec<Row>,
}

/// What must be unique, or known, in the whole plan.
#[derive(Debug)]
struct Names {
    /// Each category with its place in the plan's list.
    categories: HashMap<String, usize>,
    guids: HashSet<String>,
}

impl Plan {
    /// Builds the layout, with the reader's prices and currency.
    pub(super) fn into_layout(self, reader: &LayoutReader) -> Result<SeatLayout, LayoutFileError> {
        let currency = reader.currency.ok_or(LayoutFileError::CurrencyMissing)?;
        let mut names = Names::of(&self.categories)?;
        let mut zones = Vec::new();
        for (at, zone) in self.zones.into_iter().enumerate() {
            if zone.rows.is_empty() && !zone.areas.is_empty() {
                continue; // A zone without seats, such as a stage or a bar.
            }
            zones.push(zone.into_blocks(&format!("zones[{at}]"), &mut names)?);
        }
        zones.sort_by(|(top, _), (other, _)| top.total_cmp(other));
        let blocks: Vec<Block> = zones.into_iter().flat_map(|(_, blocks)| blocks).collect();
        check_prices(&blocks, reader)?;
        let venue = reader.venue.clone().unwrap_or_else(|| self.name.clone());
        let layout = blocks.into_iter().fold(SeatLayout::new(venue, self.name), |layout, block| {
            layout.section(block.into_section(reader, currency))
        });
        layout.validate()?;
        Ok(layout)
    }
}

impl Names {
    fn of(categories: &[Category]) -> Result<Self, LayoutFileError> {
        let mut known = HashMap::new();
        for (at, category) in categories.iter().enumerate() {
            let path = format!("categories[{at}].name");
            if category.name.trim().is_empty() {
                return Err(LayoutFileError::Empty { path });
            }
            if known.insert(category.name.clone(), at).is_some() {
                return Err(LayoutFileError::Duplicate { path, name: category.name.clone() });
            }
        }
        Ok(Self { categories: known, guids: HashSet::new() })
    }
}

impl Block {
    fn price(&self, reader: &LayoutReader) -> Option<i64> {
        reader.prices.get(&self.section).or_else(|| reader.prices.get(&self.category)).copied()
    }

    fn into_section(self, reader: &LayoutReader, currency: Currency) -> Section {
        // Every block has a price here; a missing one becomes negative and is refused, never free.
        let price = self.price(reader).unwrap_or(-1);
        Section::new(self.section, Money::new(price, currency)).rows(self.rows)
    }
}

fn check_prices(blocks: &[Block], reader: &LayoutReader) -> Result<(), LayoutFileError> {
    let unpriced = blocks.iter().filter(|block| block.price(reader).is_none());
    let categories: BTreeSet<_> = unpriced.map(|block| block.category.clone()).collect();
    if !categories.is_empty() {
        return Err(LayoutFileError::Unpriced { categories: categories.into_iter().collect() });
    }
    let known: BTreeSet<&str> =
        blocks.iter().flat_map(|block| [block.section.as_str(), block.category.as_str()]).collect();
    reader.check_prices(known.into_iter())
}
