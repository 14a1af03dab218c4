//! Events of staff: the list, one event with what can be done, and its form.

mod edit;
mod form;
mod show;
mod tickets;

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};

pub(super) use form::decimals;

use super::member::{Member, Staff, may};
use super::wire::{EventPage, EventRoom, StaffEvent};
use crate::buyer::pager::Pager;
use crate::failure::Failure;
use crate::form::{Fields, with_query};
use crate::page::Page;

/// The words of the filter: statuses, and the archive.
const STATUSES: [&str; 6] = ["on_sale", "upcoming", "sold_out", "ended", "cancelled", ARCHIVED];
/// The word of archived events, of whichever status.
const ARCHIVED: &str = "archived";

pub(super) fn routes() -> Router {
    Router::new()
        .route("/staff/events", get(list))
        .route("/staff/events/new", get(edit::new).post(edit::create))
        .route("/staff/events/{id}", get(show::show))
        .route("/staff/events/{id}/edit", get(edit::edit).post(edit::save))
        .route("/staff/events/{id}/publish", post(show::publish))
        .route("/staff/events/{id}/cancel", post(show::cancel))
        .route("/staff/events/{id}/archive", post(show::archive))
        .route("/staff/events/{id}/unarchive", post(show::unarchive))
        .route("/staff/events/{id}/delete", post(show::delete))
        .route("/staff/events/{id}/poster", post(show::poster))
        .route("/staff/events/{id}/tickets", post(tickets::create))
        .route("/staff/events/{id}/tickets/{ticket}", post(tickets::change))
}

#[derive(Template)]
#[template(path = "staff/events.html")]
struct EventsPage {
    page: Page,
    member: Member,
    search: String,
    status: String,
    statuses: [&'static str; 6],
    events: Vec<StaffEvent>,
    total: u64,
    total_is_exact: bool,
    pager: Pager,
}

/// Shows the events that a search and a status leave, drafts included.
async fn list(Staff { member, .. }: Staff<may::Read>, query: Fields) -> Result<Response, Failure> {
    let (search, status) = (query.get("search"), query.get("status"));
    let of_archive = status == ARCHIVED;
    let asked = [
        ("search", search),
        ("status", if of_archive { "" } else { status }),
        ("archived", if of_archive { "true" } else { "" }),
        ("page", query.get("page")),
        ("after", query.get("after")),
        ("sort", "newest"),
    ];
    let found: EventPage = member.visit.api.get(&with_query("/api/admin/events", &asked)).await?;
    let shown = EventsPage {
        page: member.page(member.visit.t("staff-nav-events"), query.get("done")),
        search: search.to_owned(),
        status: status.to_owned(),
        statuses: STATUSES,
        total: found.pagination.total,
        total_is_exact: found.pagination.total_is_exact,
        pager: Pager::of("/staff/events", &[("search", search), ("status", status)], found.pagination),
        events: found.data,
        member: member.clone(),
    };
    Ok(member.visit.html(&shown))
}

impl StaffEvent {
    /// Returns the word of the badge: drafts and archived events are in none of the states that buyers see.
    pub(crate) fn badge(&self) -> &str {
        if self.is_archived() {
            ARCHIVED
        } else if self.state == "draft" {
            "draft"
        } else {
            &self.status
        }
    }

    /// Returns whether the event is archived.
    pub(crate) fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }

    /// Returns how many tickets are not available: sold, held or blocked.
    pub(crate) fn taken(&self) -> u64 {
        self.capacity()
            - self
                .ticket_types
                .iter()
                .map(|known| u64::from(known.available))
                .sum::<u64>()
                .min(self.capacity())
    }

    /// Returns how many tickets there are in all.
    pub(crate) fn capacity(&self) -> u64 {
        self.ticket_types.iter().map(|known| u64::from(known.capacity)).sum()
    }
}

impl EventRoom {
    /// Returns the word of what the waiting room does, or `off`.
    pub(crate) fn word(&self) -> &str {
        if self.enabled { &self.state } else { "off" }
    }
}
