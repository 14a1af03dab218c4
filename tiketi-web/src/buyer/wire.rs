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
#[expect(clippy::struct_field_names, reason = "the names of the wire contract")]
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
    pub(crate) available: u32,
}

/// Whether an event has a waiting room.
#[derive(Debug, Deserialize)]
pub(crate) struct WaitingRoom {
    pub(crate) enabled: bool,
    /// `off`, `lobby`, `open` or `closed`.
    pub(crate) state: String,
}

/// What an API that counts every listing leaves out.
const fn yes() -> bool {
    true
}

/// Where a page is in its listing.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pagination {
    pub(crate) total: u64,
    /// Whether `total` counts all; a long listing is counted up to a limit.
    #[serde(default = "yes")]
    pub(crate) total_is_exact: bool,
    /// Where to read on in a long listing.
    pub(crate) next: Option<String>,
    pub(crate) page: u64,
    pub(crate) total_pages: u64,
}

impl Event {
    /// Returns the lowest and the highest price.
    pub(crate) fn prices(&self) -> Option<(i64, i64)> {
        let prices = self.ticket_types.iter().map(|known| known.price);
        prices.clone().min().zip(prices.max())
    }

    /// Returns whether seats are chosen.
    pub(crate) fn has_seats(&self) -> bool {
        self.ticket_types.iter().any(|known| known.section.is_some())
    }
}

/// A page of the buyer's reservations.
#[derive(Debug, Deserialize)]
pub(crate) struct ReservationList {
    pub(crate) reservations: Vec<Reservation>,
    pub(crate) pagination: Pagination,
}

/// One reservation, of a read or a write.
#[derive(Debug, Deserialize)]
pub(crate) struct ReservationAnswer {
    pub(crate) reservation: Reservation,
}

/// A reservation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of the wire contract")]
pub(crate) struct Reservation {
    pub(crate) id: String,
    pub(crate) reservation_number: String,
    pub(crate) event_id: String,
    pub(crate) event: ReservationEvent,
    pub(crate) seats: Vec<ReservedSeat>,
    pub(crate) items: Vec<ReservedItem>,
    pub(crate) total_amount: i64,
    pub(crate) currency: String,
    pub(crate) status: ReservationStatus,
    pub(crate) payment_status: PaymentStatus,
    pub(crate) payment_id: Option<String>,
    pub(crate) cancellation: Option<Cancellation>,
    pub(crate) expires_at: Option<At>,
    pub(crate) created_at: At,
}

impl Reservation {
    /// Returns whether its tickets are only held, and can be paid for.
    pub(crate) fn is_held(&self) -> bool {
        self.status == ReservationStatus::Pending && self.expires_at.is_some()
    }

    /// Returns how many tickets it has.
    pub(crate) fn tickets(&self) -> u64 {
        let items: u64 = self.items.iter().map(|item| u64::from(item.quantity)).sum();
        items + self.seats.len() as u64
    }
}

/// The event of a reservation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReservationEvent {
    pub(crate) title: String,
    pub(crate) event_date: At,
}

/// One seat of a reservation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReservedSeat {
    pub(crate) seat_id: String,
    pub(crate) seat_label: String,
    pub(crate) price: i64,
}

/// General-admission tickets of one type.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReservedItem {
    pub(crate) name: String,
    pub(crate) quantity: u32,
    pub(crate) unit_price: i64,
}

/// The status of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReservationStatus {
    Pending,
    Confirmed,
    Cancelled,
    Expired,
}

impl ReservationStatus {
    /// Returns the word of the wire contract.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// Returns the id of its sentence.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Pending => "reservation-status-pending",
            Self::Confirmed => "reservation-status-confirmed",
            Self::Cancelled => "reservation-status-cancelled",
            Self::Expired => "reservation-status-expired",
        }
    }
}

/// The status of a reservation's payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaymentStatus {
    Pending,
    Completed,
    Failed,
    Cancelled,
    Refunded,
    PartiallyRefunded,
}

impl PaymentStatus {
    /// Returns the id of its sentence.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Pending => "payment-status-pending",
            Self::Completed => "payment-status-completed",
            Self::Failed => "payment-status-failed",
            Self::Cancelled => "payment-status-cancelled",
            Self::Refunded => "payment-status-refunded",
            Self::PartiallyRefunded => "payment-status-partly-refunded",
        }
    }
}

/// What goes back if a reservation is cancelled now.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cancellation {
    pub(crate) open: bool,
    pub(crate) refund_amount: i64,
    pub(crate) kept_amount: i64,
    pub(crate) until: Option<At>,
    pub(crate) closes_at: Option<At>,
}

/// One payment, of a read.
#[derive(Debug, Deserialize)]
pub(crate) struct PaymentAnswer {
    pub(crate) payment: Payment,
}

/// An attempt to pay.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payment {
    pub(crate) reservation_id: String,
    pub(crate) amount: i64,
    pub(crate) refunded_amount: i64,
    pub(crate) currency: String,
    pub(crate) status: PaymentStatus,
    pub(crate) method: String,
    pub(crate) deposit: Option<Deposit>,
}

/// A deposit that is awaited.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deposit {
    pub(crate) bank_code: Option<String>,
    pub(crate) account_number: Option<String>,
    pub(crate) due_at: At,
}

/// The payment methods of the shop.
#[derive(Debug, Deserialize)]
pub(crate) struct MethodList {
    pub(crate) methods: Vec<Method>,
}

/// A payment method.
#[derive(Debug, Deserialize)]
pub(crate) struct Method {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// An attempt to pay at a provider.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Prepared {
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) client_key: Option<String>,
    #[serde(default)]
    pub(crate) parameters: std::collections::BTreeMap<String, String>,
}

/// Where a buyer stands in a waiting room.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Place {
    pub(crate) state: PlaceState,
    pub(crate) position: u64,
    pub(crate) total_waiting: u64,
    pub(crate) estimated_wait: Option<u64>,
    pub(crate) serving_number: u64,
    pub(crate) number: Option<u64>,
    pub(crate) poll_after_ms: u64,
    pub(crate) note: Option<String>,
    pub(crate) until: Option<At>,
    pub(crate) proof: Option<String>,
    pub(crate) admission: Option<String>,
}

/// The state of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PlaceState {
    Waiting,
    Called,
    Active,
    Done,
    Left,
    Lapsed,
}

impl PlaceState {
    /// Returns the word of the wire contract.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Called => "called",
            Self::Active => "active",
            Self::Done => "done",
            Self::Left => "left",
            Self::Lapsed => "lapsed",
        }
    }
}

/// The public state of a waiting room.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Serving {
    pub(crate) total_waiting: u64,
    pub(crate) paused: bool,
    pub(crate) estimated_wait: Option<u64>,
    pub(crate) opens_at: Option<At>,
    pub(crate) opened_at: Option<At>,
    pub(crate) draw: Option<Draw>,
}

/// The draw of a lobby.
#[derive(Debug, Deserialize)]
pub(crate) struct Draw {
    pub(crate) commitment: String,
    pub(crate) seed: Option<String>,
}

/// A page of notices.
#[derive(Debug, Deserialize)]
pub(crate) struct News {
    pub(crate) news: Vec<Notice>,
    pub(crate) next: Option<String>,
}

/// One notice, of a read.
#[derive(Debug, Deserialize)]
pub(crate) struct NoticeAnswer {
    pub(crate) notice: Notice,
}

/// A notice of the organiser.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Notice {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) language: String,
    pub(crate) pinned: bool,
    pub(crate) created_at: At,
}
