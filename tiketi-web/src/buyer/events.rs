//! The list of events.

use askama::Template;
use axum::response::Response;

use crate::buyer::pager::Pager;
use crate::buyer::poster;
use crate::buyer::wire::{Event, EventList, EventStatus};
use crate::failure::Failure;
use crate::form::{Fields, with_query};
use crate::page::Page;
use crate::visit::Visit;

/// Events of a page.
const A_PAGE: u32 = 24;

#[derive(Template)]
#[template(path = "buyer/events.html")]
struct EventsPage {
    page: Page,
    cards: Vec<Card>,
    search: String,
    status: String,
    statuses: Vec<(&'static str, &'static str)>,
    total: u64,
    total_is_exact: bool,
    pager: Pager,
}

/// An event of the list, with its picture.
struct Card {
    event: Event,
    art: String,
}

/// Shows the events that a search and a status leave.
pub(super) async fn list(visit: Visit, query: Fields) -> Result<Response, Failure> {
    let (search, status, number) = (query.get("search"), query.get("status"), query.get("page"));
    let asked = [
        ("limit", &*A_PAGE.to_string()),
        ("search", search),
        ("status", status),
        ("page", number),
        ("after", query.get("after")),
    ];
    let path = with_query("/api/events", &asked);
    let EventList { data, pagination } = visit.api.get(&path).await?;
    let cards = data.into_iter().map(|event| Card { art: poster::drawn(&event.id), event });
    let shown = EventsPage {
        page: visit.page(visit.t("events-title")),
        cards: cards.collect(),
        search: search.to_owned(),
        status: status.to_owned(),
        statuses: EventStatus::ALL.map(|status| (status.word(), status.text())).to_vec(),
        total: pagination.total,
        total_is_exact: pagination.total_is_exact,
        pager: Pager::of("/events", &[("search", search), ("status", status)], pagination),
    };
    Ok(visit.html(&shown))
}
