//! Figures, for staff.

use axum::Json;
use axum::extract::State;
use axum::routing::get;
use tiketi_core::box_office::ReportRequest;
use tiketi_core::figures::{Day, DayRange};
use tiketi_core::store::{EventKey, EventQuery, EventSort, EventView};
use tiketi_core::{EventId, EventStatus, Page, PageRequest};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::responses;
use crate::dto::{
    AdminDashboardAnswer, CancellationsAnswer, ConversionAnswer, DailyAnswer, DashboardAnswer, EventsAnswer,
    HourlyTrafficAnswer, OverviewAnswer, PaymentsAnswer, RealtimeAnswer, RevenueAnswer,
    SeatPreferencesAnswer, StatsPageQuery, StatsQuery,
};
use crate::error::{ApiError, ErrorBody};
use crate::extract::{ApiQuery, Staff, may};
use crate::state::AppState;

/// Most events on sale that the figures of now have.
const MOST_ON_SALE: u32 = 20;
/// Most busy events of a dashboard.
const MOST_BUSY: u32 = 5;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(overview))
        .routes(routes!(daily))
        .routes(routes!(revenue))
        .routes(routes!(payments))
        .routes(routes!(conversion))
        .routes(routes!(cancellations))
        .routes(routes!(hourly_traffic))
        .routes(routes!(events))
        .routes(routes!(seat_preferences))
        .routes(routes!(realtime))
        .routes(routes!(dashboard))
        .routes(routes!(admin_dashboard))
        .route("/api/stats", get(overview))
}

/// Returns the page of events that a report is about: one event, or the latest first.
async fn page_of(
    state: &AppState,
    event: Option<EventId>,
    (request, after): (PageRequest, Option<EventKey>),
) -> Result<Page<EventView>, ApiError> {
    if let Some(event) = event {
        let rows = vec![responses::any_event(state, event).await?];
        return Ok(Page::counted(rows, 1, request));
    }
    let mut query = EventQuery::published(state.box_office().now(), request);
    (query.drafts, query.sort, query.after) = (true, EventSort::Newest, after);
    Ok(state.box_office().catalog().events(query).await?)
}

fn of_events(page: &Page<EventView>, range: DayRange) -> ReportRequest {
    let events = page.rows.iter().map(|view| Some(view.event.id));
    events.fold(ReportRequest::default(), |request, event| request.days(event, range))
}

fn one_day(day: Day) -> Result<DayRange, ApiError> {
    DayRange::new(day, day).map_err(ApiError::internal)
}

/// Read an overview of some days and of all time
///
/// Also at `/api/stats`.
///
/// A day is one of the time zone that the answer names, and has 23 or 25 hours when clocks change. Everything counts on the
/// day on which it happened: a refund on the day on which it was made, beside the gross amount of that day. Currencies are
/// never added.
#[utoipa::path(
    get, path = "/api/stats/overview", tag = "stats", params(StatsQuery), security(("bearer" = ["read"])),
    responses(
        (status = 200, description = "The figures", body = OverviewAnswer),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
        (status = 404, description = "`FIGURES_NOT_KEPT`", body = ErrorBody),
    ),
)]
async fn overview(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiQuery(query): ApiQuery<StatsQuery>,
) -> Result<Json<OverviewAnswer>, ApiError> {
    let reports = state.box_office().reports();
    let (range, event) = (query.range(&reports)?, query.event()?);
    let report = reports.read(ReportRequest::default().days(event, range).total(event)).await?;
    Ok(Json(OverviewAnswer::of(&report, event, range)))
}

/// Read the figures of each day
#[utoipa::path(
    get, path = "/api/stats/daily", tag = "stats", params(StatsQuery), security(("bearer" = ["read"])),
    responses(
        (status = 200, description = "The figures", body = DailyAnswer),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
        (status = 404, description = "`FIGURES_NOT_KEPT`", body = ErrorBody),
    ),
)]
async fn daily(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiQuery(query): ApiQuery<StatsQuery>,
) -> Result<Json<DailyAnswer>, ApiError> {
    let reports = state.box_office().reports();
    let (range, event) = (query.range(&reports)?, query.event()?);
    let report = reports.read(ReportRequest::default().days(event, range)).await?;
    Ok(Json(DailyAnswer::of(&report, event, range)))
}

/// Read what was captured and refunded
#[utoipa::path(
    get, path = "/api/stats/revenue", tag = "stats", params(StatsQuery), security(("bearer" = ["read"])),
    responses(
        (status = 200, description = "The figures", body = RevenueAnswer),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
        (status = 404, description = "`FIGURES_NOT_KEPT`", body = ErrorBody),
    ),
)]
async fn revenue(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiQuery(query): ApiQuery<StatsQuery>,
) -> Result<Json<RevenueAnswer>, ApiError> {
    let reports = state.box_office().reports();
    let (range, event) = (query.range(&reports)?, query.event()?);
    let report = reports.read(ReportRequest::default().days(event, range)).await?;
    Ok(Json(RevenueAnswer::of(&report, event, range)))
}

/// Read payments by method
#[utoipa::path(
    get, path = "/api/stats/payments", tag = "stats", params(StatsQuery), security(("bearer" = ["read"])),
    responses(
        (status = 200, description = "The figures", body = PaymentsAnswer),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
        (status = 404, description = "`FIGURES_NOT_KEPT`", body = ErrorBody),
    ),
)]
async fn payments(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiQuery(query): ApiQuery<StatsQuery>,
) -> Result<Json<PaymentsAnswer>, ApiError> {
    let reports = state.box_office().reports();
    let (range, event) = (query.range(&reports)?, query.event()?);
    let report = reports.read(ReportRequest::default().days(event, range)).await?;
    Ok(Json(PaymentsAnswer::of(&report, event, range)))
}

/// Read how many reservations become sales
#[utoipa::path(
    get, path = "/api/stats/conversion", tag = "stats", params(StatsQuery), security(("bearer" = ["read"])),
    responses(
        (status = 200, description = "The figures", body = ConversionAnswer),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
        (status = 404, description = "`FIGURES_NOT_KEPT`", body = ErrorBody),
    ),
)]
async fn conversion(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiQuery(query): ApiQuery<StatsQuery>,
) -> Result<Json<ConversionAnswer>, ApiError> {
    let reports = state.box_office().reports();
    let (range, event) = (query.range(&reports)?, query.event()?);
    let report = reports.read(ReportRequest::default().days(event, range)).await?;
    Ok(Json(ConversionAnswer::of(&report, event, range)))
}

/// Read what came back, and what ended unpaid
#[utoipa::path(
    get, path = "/api/stats/cancellations", tag = "stats", params(StatsQuery), security(("bearer" = ["read"])),
    responses(
        (status = 200, description = "The figures", body = CancellationsAnswer),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
        (status = 404, description = "`FIGURES_NOT_KEPT`", body = ErrorBody),
    ),
)]
async fn cancellations(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiQuery(query): ApiQuery<StatsQuery>,
) -> Result<Json<CancellationsAnswer>, ApiError> {
    let reports = state.box_office().reports();
    let (range, event) = (query.range(&reports)?, query.event()?);
    let report = reports.read(ReportRequest::default().days(event, range)).await?;
    Ok(Json(CancellationsAnswer::of(&report, event, range)))
}

/// Read what happens at which hour
///
/// Hours are those that clocks of the time zone show.
#[utoipa::path(
    get, path = "/api/stats/hourly-traffic", tag = "stats", params(StatsQuery), security(("bearer" = ["read"])),
    responses(
        (status = 200, description = "The figures", body = HourlyTrafficAnswer),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
        (status = 404, description = "`FIGURES_NOT_KEPT`", body = ErrorBody),
    ),
)]
async fn hourly_traffic(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiQuery(query): ApiQuery<StatsQuery>,
) -> Result<Json<HourlyTrafficAnswer>, ApiError> {
    let reports = state.box_office().reports();
    let (range, event) = (query.range(&reports)?, query.event()?);
    let report = reports.read(ReportRequest::default().days(event, range).in_full()).await?;
    Ok(Json(HourlyTrafficAnswer::of(&report, event, range, reports.calendar()?)))
}

/// Read the figures of events
///
/// A page of events, drafts included, the latest first.
#[utoipa::path(
    get, path = "/api/stats/events", tag = "stats", params(StatsPageQuery), security(("bearer" = ["read"])),
    responses(
        (status = 200, description = "The figures", body = EventsAnswer),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
        (status = 404, description = "`EVENT_NOT_FOUND`, `FIGURES_NOT_KEPT`", body = ErrorBody),
    ),
)]
async fn events(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiQuery(query): ApiQuery<StatsPageQuery>,
) -> Result<Json<EventsAnswer>, ApiError> {
    let reports = state.box_office().reports();
    let (range, (request, after)) = (query.range(&reports)?, query.page()?);
    let page = page_of(&state, query.event()?, (request, after)).await?;
    let report = reports.read(of_events(&page, range)).await?;
    Ok(Json(EventsAnswer::of(&report, range, &page, request)))
}

/// Read which sections buyers prefer
///
/// A page of events, drafts included, the latest first, each with its sections and other ticket types.
#[utoipa::path(
    get, path = "/api/stats/seat-preferences", tag = "stats", params(StatsPageQuery), security(("bearer" = ["read"])),
    responses(
        (status = 200, description = "The figures", body = SeatPreferencesAnswer),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
        (status = 404, description = "`EVENT_NOT_FOUND`, `FIGURES_NOT_KEPT`", body = ErrorBody),
    ),
)]
async fn seat_preferences(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiQuery(query): ApiQuery<StatsPageQuery>,
) -> Result<Json<SeatPreferencesAnswer>, ApiError> {
    let reports = state.box_office().reports();
    let (range, (request, after)) = (query.range(&reports)?, query.page()?);
    let page = page_of(&state, query.event()?, (request, after)).await?;
    let report = reports.read(of_events(&page, range).in_full()).await?;
    Ok(Json(SeatPreferencesAnswer::of(&report, range, &page, request)))
}

/// Read what happens now
#[utoipa::path(
    get, path = "/api/stats/realtime", tag = "stats", security(("bearer" = ["read"])),
    responses(
        (status = 200, description = "The figures", body = RealtimeAnswer),
        (status = 404, description = "`FIGURES_NOT_KEPT`", body = ErrorBody),
    ),
)]
async fn realtime(
    State(state): State<AppState>,
    _: Staff<may::Read>,
) -> Result<Json<RealtimeAnswer>, ApiError> {
    let reports = state.box_office().reports();
    let (today, request) = (reports.today()?, PageRequest::new(1, MOST_ON_SALE)?);
    let query = EventQuery::published(state.box_office().now(), request).with_status(EventStatus::OnSale);
    let on_sale = state.box_office().catalog().events(query).await?;
    let report = reports.read(ReportRequest::default().days(None, one_day(today)?).in_full()).await?;
    Ok(Json(RealtimeAnswer::of(&report, today, reports.calendar()?, &on_sale)))
}

/// Read the dashboard
///
/// It costs about as much as reading one row by its key for each day.
#[utoipa::path(
    get, path = "/api/stats/dashboard", tag = "stats", params(StatsQuery), security(("bearer" = ["read"])),
    responses(
        (status = 200, description = "The figures", body = DashboardAnswer),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
        (status = 404, description = "`FIGURES_NOT_KEPT`", body = ErrorBody),
    ),
)]
async fn dashboard(
    State(state): State<AppState>,
    _: Staff<may::Read>,
    ApiQuery(query): ApiQuery<StatsQuery>,
) -> Result<Json<DashboardAnswer>, ApiError> {
    let reports = state.box_office().reports();
    let range = query.range(&reports)?;
    let request = ReportRequest::default().days(None, range).total(None);
    let report = reports.read(request.busiest(range.last(), MOST_BUSY)).await?;
    let events = responses::events_in_memory(&state, report.busiest.iter().map(|(event, _)| *event)).await?;
    let busiest = events.iter().zip(&report.busiest).map(|(view, (_, tally))| (&view.event, tally));
    Ok(Json(DashboardAnswer::of(&report, range, busiest)))
}

/// Read what the first page of an administrator shows
#[utoipa::path(
    get, path = "/api/admin/dashboard/stats", tag = "stats", security(("bearer" = ["read"])),
    responses(
        (status = 200, description = "The figures", body = AdminDashboardAnswer),
        (status = 404, description = "`FIGURES_NOT_KEPT`", body = ErrorBody),
    ),
)]
async fn admin_dashboard(
    State(state): State<AppState>,
    _: Staff<may::Read>,
) -> Result<Json<AdminDashboardAnswer>, ApiError> {
    let reports = state.box_office().reports();
    let (today, first) = (reports.today()?, PageRequest::new(1, 1)?);
    let query = EventQuery::published(state.box_office().now(), first).with_status(EventStatus::OnSale);
    let on_sale = state.box_office().catalog().events(query).await?.total;
    let attention = state.box_office().support().payments_needing_attention(first).await?.total;
    let report = reports.read(ReportRequest::default().days(None, one_day(today)?).total(None)).await?;
    Ok(Json(AdminDashboardAnswer::of(&report, today, on_sale, attention)))
}
