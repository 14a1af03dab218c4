//! Events as organisers write them.

use std::time::Duration;

use serde::Deserialize;
use tiketi_core::{
    Event, EventDetails, EventInput, SaleWindow, Timestamp, event::TermsOverride, limits::MAX_DEPOSIT_WINDOW,
    poster_url::PosterUrl,
};
use utoipa::ToSchema;

use super::cancellation::{CancellationTierDto, policy};
use super::field::{currency, parsed, seconds, within};
use super::metadata::{MetadataDto, read_metadata};
use super::policy::{LatePaymentWord, RefundedSeatsWord};
use super::ticket::CreateTicketType;
use crate::error::ApiError;

/// A new event; it starts as a draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateEvent {
    #[schema(example = "Night of the Lighthouse")]
    title: String,
    #[schema(example = "The Paper Boats")]
    #[serde(default)]
    artist: String,
    #[schema(example = "Harbour Hall")]
    #[serde(default)]
    venue: String,
    #[serde(default)]
    description: String,
    /// Further search words, such as the event's name in another language.
    #[schema(example = json!(["등대의 밤"]))]
    #[serde(default)]
    keywords: Vec<String>,
    /// The poster: a `url` of `/api/image/upload`, or an `https` URL of at most 500 characters.
    #[schema(example = "https://cdn.example.com/poster.webp")]
    poster_url: Option<String>,
    /// When the performance begins.
    #[schema(format = DateTime, example = "2026-12-24T19:00:00+09:00")]
    event_date: String,
    /// When the sale opens; at once if left out.
    #[schema(format = DateTime, example = "2026-11-01T20:00:00+09:00")]
    sale_start: Option<String>,
    /// When the sale closes; when the performance begins if left out.
    #[schema(format = DateTime, example = "2026-12-24T18:00:00+09:00")]
    sale_end: Option<String>,
    /// Currency of every price; KRW if left out.
    #[schema(example = "KRW")]
    currency: Option<String>,
    /// The layout for the seats; each section becomes a ticket type.
    #[schema(format = Uuid)]
    layout_id: Option<String>,
    /// General-admission ticket types.
    #[serde(default)]
    ticket_types: Vec<CreateTicketType>,
    limits: Option<OwnEventLimits>,
    /// The host's own data, at most 2,048 bytes; everyone who reads the event sees it.
    #[schema(value_type = Option<Object>, example = json!({"series": "winter-2026"}))]
    metadata: Option<MetadataDto>,
}

/// An event's own limits.
///
/// A limit that is left out is the shop's.
#[derive(Debug, Default, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OwnEventLimits {
    /// How long a hold lasts from its last renewal, up to a day.
    #[schema(example = 300)]
    hold_seconds: Option<i64>,
    /// How long a hold may last from its first seat, up to a day.
    #[schema(example = 900)]
    hold_cap_seconds: Option<i64>,
    /// How long a buyer has to pay, up to a day.
    #[schema(example = 600)]
    payment_window_seconds: Option<i64>,
    /// Most tickets one buyer may hold and own, from 1 to 100.
    #[schema(example = 4)]
    max_seats_per_buyer: Option<i64>,
    /// What happens to a late payment: `take_again_else_refund` or `refund`.
    #[schema(example = "take_again_else_refund")]
    late_payment: Option<LatePaymentWord>,
    /// What happens to seats whose payment was refunded: `on_sale` or `blocked`.
    #[schema(example = "on_sale")]
    refunded_seats: Option<RefundedSeatsWord>,
    /// What the shop keeps of each returned ticket, at most 6 tiers, the earliest end first; none for no refunds.
    /// Reservations confirmed before keep their policy.
    cancellation_policy: Option<Vec<CancellationTierDto>>,
    /// How long a buyer has to pay into a virtual account, up to 30 days; the seats are held until then.
    #[schema(example = 86_400)]
    deposit_window_seconds: Option<i64>,
}

impl CreateEvent {
    /// Reads the request; a sale without a start opens at `now`.
    pub(crate) fn input(&self, now: Timestamp) -> Result<EventInput, ApiError> {
        let starts_at = parsed("eventDate", &self.event_date)?;
        let opens_at = optional_time("saleStart", self.sale_start.as_deref())?;
        let opens_when_made = opens_at.is_none();
        let opens_at = opens_at.unwrap_or(now);
        let closes_at = optional_time("saleEnd", self.sale_end.as_deref())?.unwrap_or(starts_at);
        let details = EventDetails::new(self.title.trim(), starts_at, sale(opens_at, closes_at)?)
            .artist(self.artist.trim())
            .venue(self.venue.trim())
            .description(&self.description)
            .keywords(&self.keywords)
            .poster(poster(self.poster_url.as_deref())?)
            .terms(self.limits.clone().unwrap_or_default().terms()?)
            .metadata(read_metadata(self.metadata.as_ref())?);
        let currency = currency("currency", self.currency.as_deref())?;
        let mut input = EventInput::new(details, currency);
        input.opens_when_made = opens_when_made;
        for (at, ticket_type) in self.ticket_types.iter().enumerate() {
            input = input.ticket_type(ticket_type.input(&format!("ticketTypes[{at}]."), currency)?);
        }
        match &self.layout_id {
            Some(layout) => Ok(input.seated(parsed("layoutId", layout)?)),
            None => Ok(input),
        }
    }
}

impl OwnEventLimits {
    fn terms(self) -> Result<TermsOverride, ApiError> {
        let length = |field, value: Option<i64>| value.map(|value| seconds(field, value)).transpose();
        let seats = self.max_seats_per_buyer;
        Ok(TermsOverride::default()
            .hold_ttl(length("limits.holdSeconds", self.hold_seconds)?)
            .hold_cap(length("limits.holdCapSeconds", self.hold_cap_seconds)?)
            .payment_window(length("limits.paymentWindowSeconds", self.payment_window_seconds)?)
            .max_seats_per_buyer(
                seats.map(|seats| within("limits.maxSeatsPerBuyer", seats, 1, 100)).transpose()?,
            )
            .late_payment(self.late_payment.map(Into::into))
            .refunded_seats(self.refunded_seats.map(Into::into))
            .cancellation(
                self.cancellation_policy
                    .map(|tiers| policy("limits.cancellationPolicy", &tiers))
                    .transpose()?,
            )
            .deposit_window(self.deposit_window_seconds.map(deposit_window).transpose()?))
    }
}

/// Changes of an event; fields that are left out do not change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EditEvent {
    title: Option<String>,
    artist: Option<String>,
    venue: Option<String>,
    description: Option<String>,
    keywords: Option<Vec<String>>,
    /// The poster; an empty text removes it.
    poster_url: Option<String>,
    #[schema(format = DateTime)]
    event_date: Option<String>,
    #[schema(format = DateTime)]
    sale_start: Option<String>,
    #[schema(format = DateTime)]
    sale_end: Option<String>,
    /// Replaces all of the event's own limits.
    limits: Option<OwnEventLimits>,
    /// Replaces all of the host's own data.
    #[schema(value_type = Option<Object>)]
    metadata: Option<MetadataDto>,
    /// The version that was read; the edit is refused if the event was edited since.
    #[schema(example = 3)]
    version: Option<u64>,
}

impl EditEvent {
    /// Applies the changes to an event.
    ///
    /// Also returns the version for which they were made.
    pub(crate) fn over(self, event: &Event) -> Result<(EventDetails, u64), ApiError> {
        let known = event.details.clone();
        let trimmed = |text: Option<String>, known| text.map_or(known, |text| text.trim().to_owned());
        let starts_at = optional_time("eventDate", self.event_date.as_deref())?;
        let opens_at = optional_time("saleStart", self.sale_start.as_deref())?;
        let closes_at = optional_time("saleEnd", self.sale_end.as_deref())?;
        let terms = self.limits.map(OwnEventLimits::terms).transpose()?;
        let metadata = self.metadata.as_ref().map(|object| read_metadata(Some(object))).transpose()?;
        let details = EventDetails::new(
            trimmed(self.title, known.title),
            starts_at.unwrap_or(known.starts_at),
            sale(opens_at.unwrap_or(known.sale.opens_at()), closes_at.unwrap_or(known.sale.closes_at()))?,
        )
        .artist(trimmed(self.artist, known.artist))
        .venue(trimmed(self.venue, known.venue))
        .description(self.description.unwrap_or(known.description))
        .keywords(self.keywords.unwrap_or(known.keywords))
        .poster(match &self.poster_url {
            Some(url) => poster(Some(url))?,
            None => known.poster,
        })
        .terms(terms.unwrap_or(known.terms))
        .waiting_room(known.waiting_room)
        .metadata(metadata.unwrap_or(known.metadata));
        // Fields that were left out were filled in from this version, so only this version may be replaced.
        Ok((details, self.version.unwrap_or(event.version)))
    }
}

/// Reads the URL of a poster; an empty text is none.
fn poster(url: Option<&str>) -> Result<Option<PosterUrl>, ApiError> {
    url.filter(|url| !url.is_empty()).map(|url| parsed("posterUrl", url)).transpose()
}

/// Reads how long a deposit is awaited, in seconds.
fn deposit_window(number: i64) -> Result<Duration, ApiError> {
    let most = u32::try_from(MAX_DEPOSIT_WINDOW.as_secs()).unwrap_or(u32::MAX);
    let seconds = within("limits.depositWindowSeconds", number, 1, most)?;
    Ok(Duration::from_secs(u64::from(seconds)))
}

fn optional_time(field: &str, text: Option<&str>) -> Result<Option<Timestamp>, ApiError> {
    text.map(|text| parsed(field, text)).transpose()
}

fn sale(opens_at: Timestamp, closes_at: Timestamp) -> Result<SaleWindow, ApiError> {
    SaleWindow::new(opens_at, closes_at).map_err(|reason| ApiError::invalid("saleEnd", reason))
}
