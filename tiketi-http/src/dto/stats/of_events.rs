//! Reports about events: sums, sections, what happens now, and the dashboards.

use serde::Serialize;
use tiketi_core::box_office::Report;
use tiketi_core::figures::{Calendar, Day, DayRange, QuarterTally, Tally};
use tiketi_core::store::{EventSort, EventView};
use tiketi_core::ticket_type::{Stock, TicketKind};
use tiketi_core::{Event, Page, PageRequest};
use utoipa::ToSchema;

use super::of_days::QUARTER;
use super::sums::{DayDto, EventNameDto, HeadDto, SpanDto, TallyDto, days, rate};
use crate::dto::event::event_pages;
use crate::dto::page::PaginationDto;

/// What happened of an event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsEvent)]
pub(crate) struct EventStatsDto {
    event: EventNameDto,
    #[serde(flatten)]
    tally: TallyDto,
}

/// A page of events, each with the sum of the days.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsEvents)]
pub(crate) struct EventsAnswer {
    #[serde(flatten)]
    span: SpanDto,
    data: Vec<EventStatsDto>,
    pagination: PaginationDto,
}

impl EventsAnswer {
    pub(crate) fn of(report: &Report, range: DayRange, page: &Page<EventView>, request: PageRequest) -> Self {
        let dto = |view: &EventView| EventStatsDto {
            event: (&view.event).into(),
            tally: (&report.sum(Some(view.event.id), range)).into(),
        };
        Self {
            span: SpanDto::of(report, range),
            data: page.rows.iter().map(dto).collect(),
            pagination: event_pages(page, request, EventSort::Newest),
        }
    }
}

/// What happens now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsRealtime)]
pub(crate) struct RealtimeAnswer {
    #[serde(flatten)]
    head: HeadDto,
    /// Since midnight.
    today: TallyDto,
    /// The quarters of an hour since midnight in which something happened, at most the last eight.
    quarters: Vec<QuarterDto>,
    /// The stock of the events that are on sale, at most 20 of them.
    on_sale: Vec<StockDto>,
}

/// What happened in a quarter of an hour.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsQuarter)]
pub(crate) struct QuarterDto {
    #[schema(format = DateTime)]
    starts_at: String,
    reservations: i64,
    confirmed: i64,
    tickets_sold: i64,
}

/// The tickets of an event as they are now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsStock)]
pub(crate) struct StockDto {
    event: EventNameDto,
    capacity: u64,
    held: u64,
    sold: u64,
    available: u64,
}

impl From<&EventView> for StockDto {
    fn from(view: &EventView) -> Self {
        let sum =
            |of: fn(&Stock) -> u32| view.ticket_types.iter().map(|known| u64::from(of(&known.stock))).sum();
        Self {
            event: (&view.event).into(),
            capacity: sum(|stock| stock.capacity),
            held: sum(|stock| stock.held),
            sold: sum(|stock| stock.sold),
            available: sum(|stock| stock.available()),
        }
    }
}

impl RealtimeAnswer {
    pub(crate) fn of(
        report: &Report,
        today: Day,
        calendar: &dyn Calendar,
        on_sale: &Page<EventView>,
    ) -> Self {
        let tally = report.day(None, today);
        let starts_at = calendar.starts_at(today);
        let skipped = tally.quarters.len().saturating_sub(8);
        let quarter = |(at, of): (&u8, &QuarterTally)| QuarterDto {
            starts_at: starts_at.after(QUARTER * u32::from(*at)).to_string(),
            reservations: of.started,
            confirmed: of.confirmed,
            tickets_sold: of.tickets,
        };
        Self {
            head: HeadDto::of(report),
            today: (&tally).into(),
            quarters: tally.quarters.iter().skip(skipped).map(quarter).collect(),
            on_sale: on_sale.rows.iter().map(Into::into).collect(),
        }
    }
}

/// Which sections buyers prefer: a page of events with the sums of the days.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsSeatPreferences)]
pub(crate) struct SeatPreferencesAnswer {
    #[serde(flatten)]
    span: SpanDto,
    data: Vec<PreferencesDto>,
    pagination: PaginationDto,
}

/// Which sections of an event buyers prefer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsPreferences)]
pub(crate) struct PreferencesDto {
    event: EventNameDto,
    /// The ticket types; those of a section have its name.
    ticket_types: Vec<PreferenceDto>,
}

/// Tickets of one type.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsPreference)]
pub(crate) struct PreferenceDto {
    #[schema(format = Uuid)]
    id: String,
    name: String,
    /// The section; absent for general admission.
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<String>,
    capacity: u32,
    /// Tickets sold on these days.
    tickets_sold: i64,
    /// Sold tickets that came back on these days.
    tickets_returned: i64,
    /// Of the tickets sold of the event on these days; absent if none were.
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<f64>,
}

impl SeatPreferencesAnswer {
    pub(crate) fn of(report: &Report, range: DayRange, page: &Page<EventView>, request: PageRequest) -> Self {
        Self {
            span: SpanDto::of(report, range),
            data: page.rows.iter().map(|view| preferences(report, range, view)).collect(),
            pagination: event_pages(page, request, EventSort::Newest),
        }
    }
}

fn preferences(report: &Report, range: DayRange, view: &EventView) -> PreferencesDto {
    let sum = report.sum(Some(view.event.id), range);
    let ticket_types = view.ticket_types.iter().map(|ticket_type| {
        let of = sum.types.get(&ticket_type.id).copied().unwrap_or_default();
        PreferenceDto {
            id: ticket_type.id.to_string(),
            name: ticket_type.name.clone(),
            section: match &ticket_type.kind {
                TicketKind::Seated { section } => Some(section.clone()),
                TicketKind::GeneralAdmission => None,
            },
            capacity: ticket_type.stock.capacity,
            tickets_sold: of.sold,
            tickets_returned: of.returned,
            share: rate(of.sold, sum.tickets_sold),
        }
    });
    PreferencesDto { event: (&view.event).into(), ticket_types: ticket_types.collect() }
}

/// An event that sells today.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsBusyEvent)]
pub(crate) struct BusyEventDto {
    event: EventNameDto,
    tickets_sold: i64,
    tickets_returned: i64,
}

/// What staff look at first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StatsDashboard)]
pub(crate) struct DashboardAnswer {
    #[serde(flatten)]
    span: SpanDto,
    /// The last day of the span, which is today by default.
    today: TallyDto,
    /// The sum of the days.
    total: TallyDto,
    /// Since the first sale.
    all_time: TallyDto,
    days: Vec<DayDto>,
    /// The events that sold the most tickets on the last day, at most five.
    busiest: Vec<BusyEventDto>,
}

impl DashboardAnswer {
    pub(crate) fn of<'e>(
        report: &Report,
        range: DayRange,
        busiest: impl IntoIterator<Item = (&'e Event, &'e Tally)>,
    ) -> Self {
        let busy = |(event, tally): (&Event, &Tally)| BusyEventDto {
            event: event.into(),
            tickets_sold: tally.tickets_sold,
            tickets_returned: tally.tickets_returned,
        };
        Self {
            span: SpanDto::of(report, range),
            today: (&report.day(None, range.last())).into(),
            total: (&report.sum(None, range)).into(),
            all_time: (&report.total(None)).into(),
            days: days(report, None, range),
            busiest: busiest.into_iter().map(busy).collect(),
        }
    }
}

/// What the first page of an administrator shows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AdminDashboard)]
pub(crate) struct AdminDashboardAnswer {
    #[serde(flatten)]
    head: HeadDto,
    today: TallyDto,
    /// Since the first sale.
    all_time: TallyDto,
    /// Events on sale.
    events_on_sale: u64,
    /// Payments that need attention.
    payments_needing_attention: u64,
}

impl AdminDashboardAnswer {
    pub(crate) fn of(report: &Report, today: Day, events_on_sale: u64, needing_attention: u64) -> Self {
        Self {
            head: HeadDto::of(report),
            today: (&report.day(None, today)).into(),
            all_time: (&report.total(None)).into(),
            events_on_sale,
            payments_needing_attention: needing_attention,
        }
    }
}
