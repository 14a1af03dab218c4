//! Ticket types.

use serde::{Deserialize, Serialize};
use tiketi_core::{
    Currency, Money, TicketType, TicketTypeInput, limits::MAX_CAPACITY, ticket_type::TicketKind,
};
use utoipa::ToSchema;

use super::field::{parsed, within};
use crate::error::ApiError;

/// What an event sells at one price, and how much of it is available.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TicketType)]
pub(crate) struct TicketTypeDto {
    #[schema(format = Uuid)]
    id: String,
    #[schema(format = Uuid)]
    event_id: String,
    #[schema(example = "VIP")]
    name: String,
    /// The section of the seat layout; absent for general admission.
    #[schema(example = "VIP")]
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<String>,
    /// Price of one, in minor units.
    #[schema(example = 150_000)]
    price: i64,
    #[schema(example = "KRW")]
    currency: String,
    /// Seats or units in all.
    #[schema(example = 200)]
    capacity: u32,
    /// How many can be bought now.
    #[schema(example = 73)]
    available: u32,
}

impl From<&TicketType> for TicketTypeDto {
    fn from(known: &TicketType) -> Self {
        let section = match &known.kind {
            TicketKind::Seated { section } => Some(section.clone()),
            TicketKind::GeneralAdmission => None,
        };
        Self {
            id: known.id.to_string(),
            event_id: known.event.to_string(),
            name: known.name.clone(),
            section,
            price: known.price.minor(),
            currency: known.price.currency().code().to_owned(),
            capacity: known.stock.capacity,
            available: known.stock.available(),
        }
    }
}

/// Ticket types with their stock.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TicketTypeList {
    /// In the order of their positions.
    pub(crate) ticket_types: Vec<TicketTypeDto>,
}

impl TicketTypeList {
    /// Lists ticket types.
    pub(crate) fn of(known: &[TicketType]) -> Self {
        Self { ticket_types: known.iter().map(Into::into).collect() }
    }
}

/// One ticket type.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TicketTypeAnswer {
    pub(crate) ticket_type: TicketTypeDto,
}

/// A new general-admission ticket type.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateTicketType {
    #[schema(example = "Standing")]
    name: String,
    /// Price of one, in minor units.
    #[schema(example = 88_000)]
    price: i64,
    /// Optional; must be the event's currency.
    #[schema(example = "KRW")]
    currency: Option<String>,
    /// How many there are, from 1 to 10,000,000.
    #[schema(example = 500)]
    capacity: i64,
}

impl CreateTicketType {
    /// Reads the request; `path` is the common prefix of its fields in errors.
    pub(crate) fn input(&self, path: &str, event: Currency) -> Result<TicketTypeInput, ApiError> {
        let currency = match &self.currency {
            Some(code) => parsed(&format!("{path}currency"), code)?,
            None => event,
        };
        let capacity = within(&format!("{path}capacity"), self.capacity, 1, MAX_CAPACITY)?;
        let price = Money::new(self.price, currency);
        Ok(TicketTypeInput::new(self.name.trim(), price, capacity))
    }
}

/// Changes of a ticket type; fields that are left out do not change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EditTicketType {
    #[schema(example = "Standing, early bird")]
    name: Option<String>,
    /// Price of one, in minor units; held and sold tickets keep their price.
    #[schema(example = 77_000)]
    price: Option<i64>,
    /// Optional; must be the event's currency.
    #[schema(example = "KRW")]
    currency: Option<String>,
    /// How many there are; at least as many as are held and sold.
    #[schema(example = 600)]
    capacity: Option<i64>,
}

impl EditTicketType {
    /// Applies the changes to a ticket type.
    pub(crate) fn over(self, known: &TicketType) -> Result<TicketTypeInput, ApiError> {
        let currency = match &self.currency {
            Some(code) => parsed("currency", code)?,
            None => known.price.currency(),
        };
        let capacity = match self.capacity {
            Some(capacity) => within("capacity", capacity, 1, MAX_CAPACITY)?,
            None => known.stock.capacity,
        };
        Ok(TicketTypeInput::new(
            self.name.map_or_else(|| known.name.clone(), |name| name.trim().to_owned()),
            Money::new(self.price.unwrap_or_else(|| known.price.minor()), currency),
            capacity,
        ))
    }
}
