//! The first page of staff: figures of some days, and what happens now.

mod figures;

use askama::Template;
use axum::response::Response;

use figures::{Bars, drawn};

use super::charts::Chart;
use super::member::{Member, Staff, may};
use super::wire::{
    AdminDashboard, Conversion, Daily, EventPage, HourlyTraffic, Overview, Payments, Preferences, Realtime,
    RoomAnswer, RoomState, Stock,
};
use crate::failure::Failure;
use crate::form::{Fields, Form, with_query};
use crate::page::Page;

/// Most events whose waiting rooms are shown.
const MOST_ROOMS: usize = 10;
/// Lengths of time that a link chooses, in days.
const SPANS: [&str; 3] = ["7", "30", "90"];

#[derive(Template)]
#[template(path = "staff/dashboard.html")]
struct DashboardPage {
    page: Page,
    member: Member,
    form: Form,
    spans: Vec<Span>,
    events: Vec<(String, String)>,
    event: String,
    attention: u64,
    on_sale: u64,
    now: Realtime,
    rooms: Vec<Room>,
    report: Option<Report>,
}

/// A link to another length of time.
struct Span {
    days: &'static str,
    path: String,
    is_chosen: bool,
}

/// The waiting room of an event that is on sale.
struct Room {
    event: String,
    title: String,
    state: RoomState,
}

/// The figures of the chosen days.
struct Report {
    overview: Overview,
    conversion: Conversion,
    charts: Vec<Chart>,
    bars: Vec<Bars>,
}

#[derive(Template)]
#[template(path = "staff/no_figures.html")]
struct NoFiguresPage {
    page: Page,
    member: Member,
    sentence: String,
}

/// Shows the figures of the days and of the event that the query chooses.
pub(super) async fn show(Staff { member, .. }: Staff<may::Read>, query: Fields) -> Result<Response, Failure> {
    let api = &member.visit.api;
    let page = member.page(member.visit.t("staff-dashboard-title"), query.get("done"));
    let counts = match api.get::<AdminDashboard>("/api/admin/dashboard/stats").await {
        Ok(counts) => counts,
        // A shop without figures still has everything else.
        Err(failure) if failure.is(&["FIGURES_NOT_KEPT", "FIGURES_NOT_READY"]) => {
            let sentence = failure.said(&member.visit);
            return Ok(member.visit.clone().html(&NoFiguresPage { page, member, sentence }));
        }
        Err(failure) => return Err(failure),
    };
    let now: Realtime = api.get("/api/stats/realtime").await?;
    let events: EventPage = api.get("/api/admin/events?limit=100&sort=newest").await?;
    let mut form = Form::of(query.clone());
    let report = report(&member, &query, &mut form).await?;
    let shown = DashboardPage {
        spans: spans(&query),
        events: events.data.into_iter().map(|event| (event.id, event.title)).collect(),
        event: query.get("event").to_owned(),
        attention: counts.payments_needing_attention,
        on_sale: counts.events_on_sale,
        rooms: rooms(&member, &now.on_sale).await?,
        now,
        report,
        page,
        form,
        member: member.clone(),
    };
    Ok(member.visit.html(&shown))
}

fn spans(query: &Fields) -> Vec<Span> {
    let is_dated = query.filled("from").is_some() || query.filled("to").is_some();
    let days = query.filled("days").unwrap_or(if is_dated { "" } else { "30" });
    let span = |span: &'static str| Span {
        days: span,
        path: with_query("/staff", &[("days", span), ("event", query.get("event"))]),
        is_chosen: days == span && !is_dated,
    };
    SPANS.map(span).into()
}

/// Reads the figures; `None` if the query names no days, which the form says.
async fn report(member: &Member, query: &Fields, form: &mut Form) -> Result<Option<Report>, Failure> {
    let (from, to, event) = (query.get("from"), query.get("to"), query.get("event"));
    let days = if from.is_empty() { query.get("days") } else { "" };
    let path = |name: &str| {
        with_query(
            &format!("/api/stats/{name}"),
            &[("days", days), ("from", from), ("to", to), ("eventId", event)],
        )
    };
    let api = &member.visit.api;
    let overview: Overview = match api.get(&path("overview")).await {
        Ok(overview) => overview,
        Err(failure) if failure.is(&["INVALID_QUERY"]) => {
            super::refusals::say(form, &member.visit, &failure, &[]);
            return Ok(None);
        }
        Err(failure) => return Err(failure),
    };
    let daily: Daily = api.get(&path("daily")).await?;
    let conversion: Conversion = api.get(&path("conversion")).await?;
    let payments: Payments = api.get(&path("payments")).await?;
    let hours: HourlyTraffic = api.get(&path("hourly-traffic")).await?;
    let sections: Preferences = api.get(&path("seat-preferences")).await?;
    let charts = drawn(member, &overview, &daily, &hours);
    let bars = figures::bars(member, &conversion, &sections, &payments, !event.is_empty());
    Ok(Some(Report { overview, conversion, charts, bars }))
}

/// Reads the waiting rooms of events on sale, those that someone joined.
async fn rooms(member: &Member, on_sale: &[Stock]) -> Result<Vec<Room>, Failure> {
    let mut rooms = Vec::new();
    for stock in on_sale.iter().take(MOST_ROOMS) {
        let path = format!("/api/admin/events/{}/waiting-room", stock.event.id);
        // An event may be removed between two reads.
        let Some(found) = member.visit.api.find::<RoomAnswer>(&path).await? else { continue };
        if let Some(state) = found.room {
            rooms.push(Room { event: stock.event.id.clone(), title: stock.event.title.clone(), state });
        }
    }
    Ok(rooms)
}

impl Report {
    /// Returns the confirmed part of the reservations, in tenths of a percent.
    fn confirmed_share(&self) -> String {
        let Conversion { reservations, confirmed, .. } = self.conversion;
        figures::percent(confirmed, reservations).unwrap_or_else(|| "–".to_owned())
    }
}
