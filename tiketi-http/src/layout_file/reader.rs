//! Detects the format, and adds prices and currency.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tiketi_core::{Currency, SeatLayout};

use crate::layout_file::pretix::Plan;
use crate::layout_file::{LayoutFile, LayoutFileError};

/// Reads a seating plan of either format, with added prices.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct LayoutReader {
    pub(super) currency: Option<Currency>,
    pub(super) venue: Option<String>,
    pub(super) prices: BTreeMap<String, i64>,
}

impl LayoutReader {
    /// Adds nothing; enough for plans in this crate's own format.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the currency; a plan with another currency is refused.
    pub fn currency(mut self, currency: Currency) -> Self {
        self.currency = Some(currency);
        self
    }

    /// Sets the building's name; by default the plan's venue, or its name.
    pub fn venue(mut self, venue: impl Into<String>) -> Self {
        self.venue = Some(venue.into());
        self
    }

    /// Sets the price of a category or a section, in minor units.
    ///
    /// A section's price takes precedence over its category's, and both over the file's.
    pub fn price(mut self, category: impl Into<String>, minor: i64) -> Self {
        self.prices.insert(category.into(), minor);
        self
    }

    /// Reads a plan and builds the checked layout.
    ///
    /// # Errors
    ///
    /// [`LayoutFileError`] naming what is wrong and where.
    pub fn read(&self, json: &[u8]) -> Result<SeatLayout, LayoutFileError> {
        let syntax = |error: serde_json::Error| LayoutFileError::Syntax { problem: error.to_string() };
        let fields: Value = serde_json::from_slice(json).map_err(syntax)?;
        if fields.get("sections").is_some() {
            self.read_own(parse(json)?)
        } else if fields.get("zones").is_some() {
            parse::<Plan>(json)?.into_layout(self)
        } else {
            Err(LayoutFileError::UnknownShape)
        }
    }

    fn read_own(&self, mut file: LayoutFile) -> Result<SeatLayout, LayoutFileError> {
        self.check_prices(file.sections.iter().map(|section| section.name.as_str()))?;
        for section in &mut file.sections {
            section.price = self.prices.get(&section.name).copied().unwrap_or(section.price);
        }
        file.venue = self.venue.clone().unwrap_or(file.venue);
        match (self.currency, file.currency()?) {
            (Some(asked), Some(plan)) if asked != plan => {
                return Err(LayoutFileError::CurrencyDiffers { plan, asked });
            }
            (Some(asked), None) => file.currency = Some(asked.code().to_owned()),
            _ => {}
        }
        file.into_layout()
    }

    /// Refuses a price for something that the plan does not have: most likely a misspelt name.
    pub(super) fn check_prices<'p>(
        &self,
        known: impl Iterator<Item = &'p str>,
    ) -> Result<(), LayoutFileError> {
        let known: Vec<&str> = known.collect();
        match self.prices.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(LayoutFileError::UnknownPrice {
                name: name.clone(),
                known: known.into_iter().map(str::to_owned).collect(),
            }),
        }
    }
}

fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, LayoutFileError> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| LayoutFileError::Shape {
        path: error.path().to_string(),
        problem: error.inner().to_string(),
    })
}
