//! Events as they are read.

use serde::{Deserialize, Serialize};
use tiketi_core::{
    BoxOffice, EventStatus, Page, PageRequest, Terms, Timestamp,
    event::EventState,
    store::{EventKey, EventKeyValue, EventQuery, EventSort, EventView},
};
use utoipa::{IntoParams, ToSchema};

use super::cancellation::{CancellationTierDto, tiers};
use super::metadata::{MetadataDto, shown_metadata};
use super::page::{PaginationDto, numbered_page, page_after_key};
use super::policy::{LatePaymentWord, RefundedSeatsWord};
use super::ticket::TicketTypeDto;
use super::waiting_room::WaitingRoomDto;
use crate::error::ApiError;
use crate::reason::Reason;
use crate::status_words::event_status_word;

/// Most characters a search may have.
const MAX_SEARCH_CHARS: usize = 200;

/// One performance and what is sold of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Event)]
struct EventDto {
    #[schema(format = Uuid)]
    id: String,
    #[schema(example = "Night of the Lighthouse")]
    title: String,
    #[schema(example = "The Paper Boats")]
    artist: String,
    #[schema(example = "Harbour Hall")]
    venue: String,
    description: String,
    /// Further search words, such as the event's name in another language.
    #[schema(example = json!(["등대의 밤"]))]
    keywords: Vec<String>,
    /// The poster: an image of the shop, below its root, or an `https` URL; absent if there is none.
    #[schema(example = "/images/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.jpg")]
    #[serde(skip_serializing_if = "Option::is_none")]
    poster_url: Option<String>,
    /// When the performance begins.
    #[schema(format = DateTime, example = "2026-12-24T10:00:00Z")]
    event_date: String,
    /// The first moment at which tickets may be bought.
    #[schema(format = DateTime, example = "2026-11-01T11:00:00Z")]
    sale_start: String,
    /// The first moment at which tickets may no longer be bought.
    #[schema(format = DateTime, example = "2026-12-24T09:00:00Z")]
    sale_end: String,
    /// `upcoming`, `on_sale`, `sold_out`, `ended` or `cancelled`; derived at each read.
    #[schema(example = "on_sale")]
    status: &'static str,
    /// `draft`, `published` or `cancelled`; buyers never see a draft.
    #[schema(example = "published")]
    state: &'static str,
    /// When it was archived; absent unless it is. An archived event is read only, and in no list for buyers.
    #[schema(format = DateTime, example = "2027-12-24T10:00:00Z")]
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<String>,
    /// Currency of every price of the event.
    #[schema(example = "KRW")]
    currency: String,
    /// The layout its seats were made from; absent if it has none.
    #[schema(format = Uuid)]
    #[serde(skip_serializing_if = "Option::is_none")]
    layout_id: Option<String>,
    limits: EventLimitsDto,
    /// The host's own data; absent if there is none.
    #[schema(value_type = Option<Object>, example = json!({"series": "winter-2026"}))]
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<MetadataDto>,
    ticket_types: Vec<TicketTypeDto>,
    waiting_room: WaitingRoomDto,
    #[schema(format = DateTime)]
    created_at: String,
    /// Grows with each edit; send it with an edit to detect edits by others.
    #[schema(example = 3)]
    version: u64,
}

/// The limits and policies for buyers of the event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EventLimits)]
struct EventLimitsDto {
    /// How long a hold lasts from its last renewal.
    #[schema(example = 300)]
    hold_seconds: u64,
    /// How long a hold may last from its first seat.
    #[schema(example = 900)]
    hold_cap_seconds: u64,
    /// How long a buyer has to pay, from the first prepare.
    #[schema(example = 600)]
    payment_window_seconds: u64,
    /// Most tickets one buyer may hold and own.
    #[schema(example = 8)]
    max_seats_per_buyer: u32,
    /// What happens to a late payment.
    late_payment: LatePaymentWord,
    /// What happens to seats whose payment was refunded.
    refunded_seats: RefundedSeatsWord,
    /// What the shop keeps of each returned ticket, by time, the earliest end first. After the last tier, and from the
    /// start of the event, there is no refund; without tiers there is never one. A reservation keeps the policy that
    /// was in force when it was confirmed.
    cancellation_policy: Vec<CancellationTierDto>,
    /// How long a buyer has to pay into a virtual account; the seats are held until then.
    #[schema(example = 86_400)]
    deposit_window_seconds: u64,
}

impl EventDto {
    /// Shows an event as it is now.
    fn of(view: &EventView, box_office: &BoxOffice) -> Self {
        let (event, details) = (&view.event, &view.event.details);
        Self {
            id: event.id.to_string(),
            title: details.title.clone(),
            artist: details.artist.clone(),
            venue: details.venue.clone(),
            description: details.description.clone(),
            keywords: details.keywords.clone(),
            poster_url: details.poster.as_ref().map(ToString::to_string),
            event_date: details.starts_at.to_string(),
            sale_start: details.sale.opens_at().to_string(),
            sale_end: details.sale.closes_at().to_string(),
            status: event_status_word(view.status(box_office.now())),
            state: state_word(event.state),
            archived_at: event.archived_at.map(|at| at.to_string()),
            currency: event.currency.code().to_owned(),
            layout_id: event.layout.map(|layout| layout.to_string()),
            limits: EventLimitsDto::of(&details.terms.over(&box_office.terms())),
            metadata: shown_metadata(&details.metadata),
            ticket_types: view.ticket_types.iter().map(Into::into).collect(),
            waiting_room: WaitingRoomDto::of(view, box_office.now()),
            created_at: event.created_at.to_string(),
            version: event.version,
        }
    }
}

impl EventLimitsDto {
    fn of(terms: &Terms) -> Self {
        Self {
            hold_seconds: terms.hold_ttl.as_secs(),
            hold_cap_seconds: terms.hold_cap.as_secs(),
            payment_window_seconds: terms.payment_window.as_secs(),
            max_seats_per_buyer: terms.max_seats_per_buyer,
            late_payment: terms.late_payment.into(),
            refunded_seats: terms.refunded_seats.into(),
            cancellation_policy: tiers(&terms.cancellation),
            deposit_window_seconds: terms.deposit_window.as_secs(),
        }
    }
}

/// One event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventAnswer {
    event: EventDto,
}

impl EventAnswer {
    /// Shows an event as it is now.
    pub(crate) fn of(view: &EventView, box_office: &BoxOffice) -> Self {
        Self { event: EventDto::of(view, box_office) }
    }
}

/// A page of events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventList {
    data: Vec<EventDto>,
    pagination: PaginationDto,
}

impl EventList {
    /// Shows a page of events as they are now.
    pub(crate) fn of(
        page: &Page<EventView>,
        (request, sort): (PageRequest, EventSort),
        box_office: &BoxOffice,
    ) -> Self {
        let data = page.rows.iter().map(|view| EventDto::of(view, box_office)).collect();
        Self { data, pagination: event_pages(page, request, sort) }
    }
}

/// Describes a page of events, and the key of the next one.
pub(super) fn event_pages(page: &Page<EventView>, request: PageRequest, sort: EventSort) -> PaginationDto {
    PaginationDto::of(page, request).followed_by(page, |view| write_event_key(&sort.key(&view.event)))
}

/// Writes the place of an event in a list: its id, and its time in microseconds or its title.
fn write_event_key(key: &EventKey) -> String {
    match &key.value {
        EventKeyValue::Moment(at) => format!("{}_{}", key.id, at.as_micros()),
        EventKeyValue::Title(title) => format!("{}_{title}", key.id),
    }
}

/// Reads the place of an event in a list of this order.
pub(super) fn event_key(text: &str, sort: EventSort) -> Result<EventKey, ApiError> {
    let read = || {
        let (id, value) = text.split_once('_')?;
        let value = match sort {
            EventSort::Title => EventKeyValue::Title(value.to_owned()),
            EventSort::StartsAt | EventSort::SaleOpensAt | EventSort::Newest => {
                EventKeyValue::Moment(Timestamp::from_micros(value.parse().ok()?))
            }
        };
        Some(EventKey { value, id: id.parse().ok()? })
    };
    read().ok_or_else(|| ApiError::invalid_query("after", Reason::NOT_A_NEXT))
}

/// Filters, order and page of a list of events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventListQuery {
    /// Which page, from 1, within the first 1,000 events; 1 by default. Not together with `after`.
    #[param(example = 1, minimum = 1)]
    page: Option<i64>,
    /// `pagination.next` of the page before, with the same filters and order.
    after: Option<String>,
    /// How many events a page has, from 1 to 100; 20 by default.
    #[param(example = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// Only those of this status: `upcoming`, `on_sale`, `sold_out`, `ended` or `cancelled`.
    #[param(example = "on_sale")]
    status: Option<String>,
    /// Only those whose title, artist, venue or keywords contain every word of this text.
    #[param(example = "등대")]
    search: Option<String>,
    /// `date` (the soonest performance first, the default), `sale` (the soonest sale), `newest` or `title`.
    #[param(example = "date")]
    sort: Option<String>,
}

/// Whether a list of staff is that of archived events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ArchiveQuery {
    /// `true` for archived events only; otherwise they are left out.
    #[param(example = false)]
    pub(crate) archived: Option<bool>,
}

impl EventListQuery {
    /// Reads the query, for the shop's current time.
    pub(crate) fn query(&self, box_office: &BoxOffice) -> Result<EventQuery, ApiError> {
        let sort = said(self.sort.as_deref()).map_or(Ok(EventSort::default()), sort_of)?;
        let after = said(self.after.as_deref()).map(|after| event_key(after, sort)).transpose()?;
        let page = match after {
            Some(_) => page_after_key(self.page, self.limit)?,
            None => numbered_page(self.page, self.limit)?,
        };
        let mut query = EventQuery::published(box_office.now(), page).sorted(sort);
        query.after = after;
        if let Some(status) = said(self.status.as_deref()) {
            query = query.with_status(status_of(status)?);
        }
        if let Some(search) = said(self.search.as_deref()) {
            if search.chars().count() > MAX_SEARCH_CHARS {
                return Err(ApiError::invalid_query("search", Reason::at_most_characters(MAX_SEARCH_CHARS)));
            }
            query = query.matching(search);
        }
        Ok(query)
    }
}

/// Treats an empty parameter as none, as HTML forms send it.
fn said(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn status_of(word: &str) -> Result<EventStatus, ApiError> {
    let all = [
        EventStatus::Upcoming,
        EventStatus::OnSale,
        EventStatus::SoldOut,
        EventStatus::Ended,
        EventStatus::Cancelled,
    ];
    let known = all.into_iter().find(|status| event_status_word(*status) == word);
    known.ok_or_else(|| {
        ApiError::invalid_query("status", Reason::one_of("upcoming, on_sale, sold_out, ended, cancelled"))
    })
}

fn sort_of(word: &str) -> Result<EventSort, ApiError> {
    match word {
        "date" => Ok(EventSort::StartsAt),
        "sale" => Ok(EventSort::SaleOpensAt),
        "newest" => Ok(EventSort::Newest),
        "title" => Ok(EventSort::Title),
        _ => Err(ApiError::invalid_query("sort", Reason::one_of("date, sale, newest, title"))),
    }
}

const fn state_word(state: EventState) -> &'static str {
    match state {
        EventState::Draft => "draft",
        EventState::Published => "published",
        EventState::Cancelled { .. } => "cancelled",
    }
}
