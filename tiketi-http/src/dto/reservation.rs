//! Reservations.

use serde::{Deserialize, Serialize};
use tiketi_core::{
    AdmissionPass, BuyerId, Event, EventId, HoldRequest, Payment, Reservation, ReservationId, SeatId,
    TicketTypeId, Timestamp,
    limits::MAX_LINES_PER_COMMAND,
    reservation::{ItemLine, PaymentStatus, ReservationStatus, SeatLine},
};
use utoipa::ToSchema;

use super::cancellation::CancellationDto;
use super::field::{parsed, parsed_list, quantity};
use super::metadata::{MetadataDto, shown_metadata};
use super::page::PaginationDto;
use crate::error::{ApiError, Code};
use crate::status_words::{payment_status_word, reservation_status_word};

/// A buyer's reservation of one event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reservation)]
pub(crate) struct ReservationDto {
    #[schema(format = Uuid)]
    pub(super) id: String,
    /// A short number for people.
    #[schema(example = "TKT-20260105-00001")]
    pub(super) reservation_number: String,
    #[schema(format = Uuid)]
    pub(super) event_id: String,
    pub(super) event: ReservationEventDto,
    #[schema(format = Uuid)]
    pub(super) user_id: String,
    pub(super) seats: Vec<ReservedSeatDto>,
    pub(super) items: Vec<ReservedItemDto>,
    /// In minor units.
    #[schema(example = 300_000)]
    pub(super) total_amount: i64,
    #[schema(example = "KRW")]
    pub(super) currency: String,
    /// `pending` (held or being paid), `confirmed`, `cancelled` or `expired`.
    #[schema(example = "pending")]
    pub(super) status: &'static str,
    /// `pending`, `completed`, `failed`, `cancelled`, `refunded` or `partially_refunded`.
    #[schema(example = "pending")]
    pub(super) payment_status: &'static str,
    /// The latest attempt to pay; absent before the first.
    #[schema(format = Uuid)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) payment_id: Option<String>,
    /// What a cancellation refunds now; absent unless the reservation is confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cancellation: Option<CancellationDto>,
    /// The host's own data; absent if there is none.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<MetadataDto>,
    /// When the hold ends; `null` if it cannot expire any more.
    #[schema(format = DateTime)]
    pub(super) expires_at: Option<String>,
    #[schema(format = DateTime)]
    pub(super) created_at: String,
}

/// The event of a reservation.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReservationEvent)]
pub(super) struct ReservationEventDto {
    #[schema(format = Uuid)]
    pub(super) id: String,
    #[schema(example = "Night of the Lighthouse")]
    pub(super) title: String,
    #[schema(format = DateTime)]
    pub(super) event_date: String,
}

impl From<&Event> for ReservationEventDto {
    fn from(event: &Event) -> Self {
        Self {
            id: event.id.to_string(),
            title: event.details.title.clone(),
            event_date: event.details.starts_at.to_string(),
        }
    }
}

/// One seat of a reservation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReservedSeat)]
pub(super) struct ReservedSeatDto {
    #[schema(format = Uuid)]
    pub(super) seat_id: String,
    #[schema(example = "VIP A-7")]
    pub(super) seat_label: String,
    /// The price it was held at, in minor units.
    #[schema(example = 150_000)]
    pub(super) price: i64,
}

impl From<&SeatLine> for ReservedSeatDto {
    fn from(line: &SeatLine) -> Self {
        Self { seat_id: line.seat.to_string(), seat_label: line.label.to_string(), price: line.price.minor() }
    }
}

/// General-admission tickets of one type.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReservedItem)]
pub(super) struct ReservedItemDto {
    #[schema(format = Uuid)]
    pub(super) ticket_type_id: String,
    #[schema(example = "Standing")]
    pub(super) name: String,
    #[schema(example = 2)]
    pub(super) quantity: u32,
    /// Price of one when it was held, in minor units.
    #[schema(example = 88_000)]
    pub(super) unit_price: i64,
}

impl From<&ItemLine> for ReservedItemDto {
    fn from(line: &ItemLine) -> Self {
        Self {
            ticket_type_id: line.ticket_type.to_string(),
            name: line.name.to_string(),
            quantity: line.quantity,
            unit_price: line.unit_price.minor(),
        }
    }
}

impl ReservationDto {
    /// Shows a reservation as of `now`.
    ///
    /// `payment` is the latest attempt to pay for it.
    pub(crate) fn of(
        reservation: &Reservation,
        event: &Event,
        payment: Option<&Payment>,
        now: Timestamp,
    ) -> Self {
        Self {
            id: reservation.id.to_string(),
            reservation_number: reservation.number.to_string(),
            event_id: reservation.event.to_string(),
            event: event.into(),
            user_id: reservation.buyer.to_string(),
            seats: reservation.seats.iter().map(Into::into).collect(),
            items: reservation.items.iter().map(Into::into).collect(),
            total_amount: reservation.total.minor(),
            currency: reservation.total.currency().code().to_owned(),
            status: reservation_status_word(ReservationStatus::of(reservation, now)),
            payment_status: payment_status_word(PaymentStatus::of(reservation, payment, now)),
            payment_id: reservation.payment.map(|payment| payment.to_string()),
            cancellation: CancellationDto::of(reservation, event, payment, now),
            metadata: shown_metadata(&reservation.metadata),
            expires_at: reservation.held_until().map(|until| until.to_string()),
            created_at: reservation.created_at.to_string(),
        }
    }
}

/// One reservation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReservationAnswer {
    pub(crate) reservation: ReservationDto,
}

/// A page of the caller's reservations, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReservationList {
    pub(crate) reservations: Vec<ReservationDto>,
    pub(crate) pagination: PaginationDto,
}

/// A hold of the caller.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HeldAnswer {
    pub(crate) reservation: ReservationDto,
    /// When the hold ends.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// Seconds until then.
    #[schema(example = 300)]
    expires_in: u64,
}

impl HeldAnswer {
    /// Shows a hold, and how long it lasts from `now`.
    pub(crate) fn of(reservation: ReservationDto, until: Option<Timestamp>, now: Timestamp) -> Self {
        let expires_in = until.map_or(0, |until| until.since(now).as_secs());
        Self { reservation, expires_at: until.map(|until| until.to_string()), expires_in }
    }
}

/// Seats to hold, all or nothing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReserveSeats {
    #[schema(format = Uuid)]
    event_id: String,
    #[schema(example = json!(["01890a5d-ac96-774b-bcce-b302099a8057"]))]
    seat_ids: Vec<String>,
    /// The admission pass; required if the event has a waiting room.
    admission: Option<String>,
}

impl ReserveSeats {
    /// Reads the request.
    pub(crate) fn request(&self, buyer: BuyerId) -> Result<HoldRequest, ApiError> {
        let event = parsed::<EventId>("eventId", &self.event_id)?;
        check_lines(self.seat_ids.len())?;
        let mut request = HoldRequest::new(event, buyer).seats(parsed_list("seatIds", &self.seat_ids)?);
        request.pass = pass(self.admission.as_deref());
        Ok(request)
    }
}

/// A reservation of seats, of general-admission tickets, or of both.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateReservation {
    #[schema(format = Uuid)]
    event_id: String,
    #[schema(example = json!(["01890a5d-ac96-774b-bcce-b302099a8057"]))]
    #[serde(default)]
    seat_ids: Vec<String>,
    #[serde(default)]
    items: Vec<WantedItem>,
    /// The admission pass; required if the event has a waiting room.
    admission: Option<String>,
}

/// General-admission tickets of one type.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WantedItem {
    #[schema(format = Uuid)]
    ticket_type_id: String,
    /// From 1 to 1,000.
    #[schema(example = 2)]
    quantity: i64,
}

impl CreateReservation {
    /// Reads the request.
    pub(crate) fn request(&self, buyer: BuyerId) -> Result<HoldRequest, ApiError> {
        let event = parsed::<EventId>("eventId", &self.event_id)?;
        check_lines(self.seat_ids.len() + self.items.len())?;
        let mut request = HoldRequest::new(event, buyer).seats(parsed_list("seatIds", &self.seat_ids)?);
        for (at, item) in self.items.iter().enumerate() {
            let path = format!("items[{at}]");
            let ticket_type = parsed::<TicketTypeId>(&format!("{path}.ticketTypeId"), &item.ticket_type_id)?;
            request = request.item(ticket_type, quantity(&format!("{path}.quantity"), item.quantity)?);
        }
        request.pass = pass(self.admission.as_deref());
        Ok(request)
    }
}

/// Reads an admission pass; a text that is none counts as no pass, which only a waiting room refuses.
fn pass(text: Option<&str>) -> Option<AdmissionPass> {
    text.and_then(|text| AdmissionPass::parse(text.trim()))
}

/// Refuses requests with too many lines before any id is parsed.
fn check_lines(asked: usize) -> Result<(), ApiError> {
    if asked > MAX_LINES_PER_COMMAND {
        let error = ApiError::new(Code::TooManyLines).detail("asked", asked);
        return Err(error.detail("limit", MAX_LINES_PER_COMMAND));
    }
    Ok(())
}

/// Held seats to release.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReleaseSeats {
    #[schema(format = Uuid)]
    reservation_id: String,
    /// Which seats; everything if left out.
    #[schema(example = json!(["01890a5d-ac96-774b-bcce-b302099a8057"]))]
    seat_ids: Option<Vec<String>>,
}

impl ReleaseSeats {
    /// Reads the reservation and the seats to release.
    pub(crate) fn read(&self) -> Result<(ReservationId, Option<Vec<SeatId>>), ApiError> {
        let reservation = parsed("reservationId", &self.reservation_id)?;
        check_lines(self.seat_ids.as_ref().map_or(0, Vec::len))?;
        let seats = self.seat_ids.as_deref().map(|seats| parsed_list("seatIds", seats)).transpose()?;
        Ok((reservation, seats))
    }
}
