//! The part of a seat map before its seats.

use std::collections::HashMap;

use serde::Serialize;
use tiketi_core::{TicketTypeId, store::EventView, ticket_type::TicketKind};
use uuid::Uuid;

use crate::dto::{SeatDto, SeatMapDto, SeatMapEventDto, SeatMapLayoutDto, SeatMapSectionDto};

/// Title, sections and prices, which change without the map version.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MapHeader {
    event: SeatMapEventDto,
    layout: SeatMapLayoutDto,
    currency: String,
    prices: HashMap<TicketTypeId, i64>,
    /// Identifies this content, the same on every server.
    pub(super) digest: String,
}

impl MapHeader {
    /// Copies the fields of an event that its seat map contains.
    pub(super) fn of(view: &EventView) -> Self {
        let event = SeatMapEventDto::of(&view.event);
        let sections = view.ticket_types.iter().filter_map(|ticket_type| match &ticket_type.kind {
            TicketKind::Seated { section } => Some(SeatMapSectionDto {
                ticket_type_id: ticket_type.id.to_string(),
                name: section.clone(),
                price: ticket_type.price.minor(),
            }),
            TicketKind::GeneralAdmission => None,
        });
        let layout = SeatMapLayoutDto {
            id: view.event.layout.map(|layout| layout.to_string()),
            sections: sections.collect(),
        };
        let prices = view.ticket_types.iter().map(|known| (known.id, known.price.minor())).collect();
        let currency = view.event.currency.code().to_owned();
        let digest = digest(&(&event, &layout, &currency));
        Self { event, layout, currency, prices, digest }
    }

    /// Returns the price of a seat of this ticket type, in minor units.
    pub(super) fn price(&self, ticket_type: TicketTypeId) -> i64 {
        self.prices.get(&ticket_type).copied().unwrap_or_default()
    }

    /// Builds the answer around some seats.
    pub(super) fn around(&self, version: u64, complete: bool, seats: Vec<SeatDto>) -> SeatMapDto {
        SeatMapDto {
            event: self.event.clone(),
            layout: self.layout.clone(),
            currency: self.currency.clone(),
            version,
            complete,
            seats,
        }
    }

    /// Encodes everything before the first seat.
    pub(super) fn opening(&self, version: u64, complete: bool) -> Vec<u8> {
        let mut json = serde_json::to_vec(&self.around(version, complete, Vec::new())).unwrap_or_default();
        // Cuts `]}`, which closes the list of seats: the seats follow.
        json.truncate(json.len().saturating_sub(CLOSING.len()));
        json
    }
}

/// Closes the JSON that [`MapHeader::opening`] opened.
pub(super) const CLOSING: &[u8] = b"]}";

fn digest(content: &impl Serialize) -> String {
    let json = serde_json::to_vec(content).unwrap_or_default();
    // A name-based UUID, which is the same on every server.
    format!("{:016x}", Uuid::new_v5(&Uuid::NAMESPACE_URL, &json).as_u64_pair().0)
}
