//! What the buyer's pages read of the wire contract.

use serde::Deserialize;
use tiketi_core::Timestamp;

/// A moment of the wire contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At(pub(crate) Timestamp);

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

/// Writes it as the wire has it, for `datetime` attributes and scripts.
impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A page of events.
#[derive(Debug, Deserialize)]
pub(crate) struct EventList {
    pub(crate) data: Vec<Event>,
    pub(crate) pagination: Pagination,
}

/// One event, of a read.
#[derive(Debug, Deserialize)]
pub(crate) struct EventAnswer {
    pub(crate) event: Event,
}

/// An event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) artist: String,
    pub(crate) venue: String,
    pub(crate) description: String,
    pub(crate) poster_url: Option<String>,
    pub(crate) event_date: At,
    pub(crate) sale_start: At,
    pub(crate) sale_end: At,
    pub(crate) status: EventStatus,
    pub(crate) currency: String,
    pub(crate) limits: Limits,
    pub(crate) ticket_types: Vec<TicketType>,
    pub(crate) waiting_room: WaitingRoom,
}

/// What buyers see of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EventStatus {
    Upcoming,
    OnSale,
    SoldOut,
    Ended,
    Cancelled,
}

impl EventStatus {
    /// Every status, in the order of the filter.
    pub(crate) const ALL: [Self; 5] =
        [Self::OnSale, Self::Upcoming, Self::SoldOut, Self::Ended, Self::Cancelled];

    /// Returns the word of the wire contract.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Upcoming => "upcoming",
            Self::OnSale => "on_sale",
            Self::SoldOut => "sold_out",
            Self::Ended => "ended",
            Self::Cancelled => "cancelled",
        }
    }

    /// Returns the id of its sentence.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Upcoming => "event-status-upcoming",
            Self::OnSale => "event-status-on-sale",
            Self::SoldOut => "event-status-sold-out",
            Self::Ended => "event-status-ended",
            Self::Cancelled => "event-status-cancelled",
        }
    }
}

/// What a buyer may hold, and for how long.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Limits {
    pub(crate) hold_seconds: u64,
    pub(crate) hold_cap_seconds: u64,
    pub(crate) max_seats_per_buyer: u32,
    #[serde(default)]
    pub(crate) cancellation_policy: Vec<CancellationTier>,
}

/// What the shop keeps of a ticket that is returned until a moment.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CancellationTier {
    pub(crate) until_seconds_before: i64,
    pub(crate) kept_basis_points: i64,
    pub(crate) kept_fee: i64,
}

/// Tickets at one price.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TicketType {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) section: Option<String>,
    pub(crate) price: i64,
    pub(crate) capacity: u32,
    pub(crate) available: u32,
}

/// Whether an event has a waiting room.
#[derive(Debug, Deserialize)]
pub(crate) struct WaitingRoom {
    pub(crate) enabled: bool,
    /// `off`, `lobby`, `open` or `closed`.
    pub(crate) state: String,
}

/// Where a page is in its listing.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pagination {
    pub(crate) total: u64,
    pub(crate) page: u64,
    pub(crate) total_pages: u64,
}

impl Event {
    /// Returns the lowest and the highest price.
    pub(crate) fn prices(&self) -> Option<(i64, i64)> {
        let prices = self.ticket_types.iter().map(|known| known.price);
        prices.clone().min().zip(prices.max())
    }

    /// Returns how many tickets can be bought now.
    pub(crate) fn available(&self) -> u64 {
        self.ticket_types.iter().map(|known| u64::from(known.available)).sum()
    }

    /// Returns whether seats are chosen.
    pub(crate) fn has_seats(&self) -> bool {
        self.ticket_types.iter().any(|known| known.section.is_some())
    }
}
