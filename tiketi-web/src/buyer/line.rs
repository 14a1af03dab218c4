//! The waiting room: joining, waiting, and the way in.

use askama::Template;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use crate::buyer::event::{event_path, segment};
use crate::buyer::wire::{Event, EventAnswer, Place, PlaceState, Serving};
use crate::failure::Failure;
use crate::form::{Fields, Form};
use crate::page::Page;
use crate::visit::Visit;

/// Bounds of the seconds after which a page without scripts loads itself again.
const RELOAD: (u64, u64) = (3, 60);

/// Whether a visitor may choose tickets.
pub(super) enum Admission {
    /// The event has no waiting room.
    Free,
    /// The visitor was admitted.
    Pass(String),
    /// The visitor has to go to the waiting room first.
    Elsewhere(String),
}

#[derive(Template)]
#[template(path = "buyer/line.html")]
struct LinePage {
    page: Page,
    form: Form,
    event: Event,
    /// Where the visitor stands; `None` without a place.
    place: Option<Place>,
    /// The public state; `None` while it cannot be read.
    serving: Option<Serving>,
}

impl LinePage {
    fn is(&self, state: &str) -> bool {
        self.place.as_ref().map_or("none", |place| place.state.word()) == state
    }

    /// Returns how many stand before the visitor.
    fn ahead(&self) -> u64 {
        self.place.as_ref().map_or(0, |place| place.position.saturating_sub(1))
    }

    /// Says how long it takes until the turn comes.
    fn expected(&self) -> String {
        let page = &self.page;
        match self.place.as_ref().and_then(|place| place.estimated_wait) {
            None => page.t("line-eta-unknown").to_string(),
            Some(seconds) if seconds < 90 => page.t("line-eta-seconds").with("n", seconds.max(5)).to_string(),
            Some(seconds) => page.t("line-eta-minutes").with("n", seconds.div_ceil(60)).to_string(),
        }
    }

    /// Says what is left, if that concerns those who wait.
    fn stock_note(&self) -> Option<String> {
        let id = match self.place.as_ref()?.note.as_deref()? {
            "sold_out" => "line-note-sold-out",
            "all_held" => "line-note-all-held",
            "out_of_reach" => "line-note-out-of-reach",
            _ => return None,
        };
        Some(self.page.t(id).to_string())
    }

    fn needs_proof(&self) -> bool {
        self.place.as_ref().is_some_and(|place| place.proof.as_deref() == Some("missing"))
    }

    /// Returns how far the line has come towards the visitor: numbers served, of the visitor's own.
    fn progress(&self) -> Option<(u64, u64)> {
        let place = self.place.as_ref()?;
        let number = place.number.filter(|number| *number > 0)?;
        Some((place.serving_number.min(number), number))
    }

    /// Returns a sentence with its values left open, for the script to fill in.
    fn pattern(&self, id: &str) -> String {
        self.page.t(id).with("n", "{n}").to_string()
    }
}

/// Shows where the visitor stands. It changes nothing.
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let EventAnswer { event } = visit.api.get(&event_path(&id)).await?;
    shown(&visit, event, Form::default(), StatusCode::OK).await
}

async fn shown(visit: &Visit, event: Event, form: Form, status: StatusCode) -> Result<Response, Failure> {
    if !event.waiting_room.enabled {
        return Ok(Redirect::to(&format!("/events/{}", event.id)).into_response());
    }
    let place = place_of(visit, &event.id).await?;
    let serving = visit.api.get::<Serving>(&format!("/api/queue/{}/serving", event.id)).await.ok();
    let page = visit.page(visit.t("line-title").with("event", &event.title)).styled(&["buyer.css"]);
    let waits =
        place.as_ref().filter(|place| matches!(place.state, PlaceState::Waiting | PlaceState::Called));
    let page = match waits {
        Some(place) => {
            let seconds = (place.poll_after_ms / 1_000).clamp(RELOAD.0, RELOAD.1);
            page.refreshed_after(u32::try_from(seconds).unwrap_or(60))
        }
        None => page,
    };
    let shown = LinePage { page, form, event, place, serving };
    Ok((status, visit.html(&shown)).into_response())
}

/// Joins the line; who has a place keeps it.
pub(super) async fn join(visit: Visit, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    visit.signed_in()?;
    // A party that is no number is that of one person.
    let body = json!({"eventId": id, "party": fields.get("party").parse::<u32>().unwrap_or(1)});
    let joined = visit.api.post::<Place>("/api/queue", &body, fields.key()).await;
    after(&visit, &id, joined).await
}

/// Enters when called, and goes on to the tickets.
pub(super) async fn enter(visit: Visit, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    visit.signed_in()?;
    let entered = heartbeat(&visit, &id, fields.key()).await;
    after(&visit, &id, entered).await
}

async fn after(visit: &Visit, id: &str, done: Result<Place, Failure>) -> Result<Response, Failure> {
    let refused = match done {
        Ok(place) => {
            let next = if place.state == PlaceState::Active { "seats" } else { "line" };
            return Ok(Redirect::to(&format!("/events/{}/{next}", segment(id))).into_response());
        }
        Err(failure) if failure.status.is_client_error() && failure.status != StatusCode::UNAUTHORIZED => {
            failure
        }
        Err(failure) => return Err(failure),
    };
    let EventAnswer { event } = visit.api.get(&event_path(id)).await?;
    let mut form = Form::default();
    form.refuse_all(refused.said(visit));
    shown(visit, event, form, refused.shown_status()).await
}

/// Leaves the line.
pub(super) async fn leave(visit: Visit, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    visit.signed_in()?;
    let path = format!("/api/queue/leave/{}", segment(&id));
    visit.api.call(Method::POST, &path, None, fields.key()).await?;
    Ok(Redirect::to(&format!("/events/{}/line", segment(&id))).into_response())
}

/// Returns whether the visitor may choose tickets of an event; each time, the session in its waiting room goes on.
pub(super) async fn admission(visit: &Visit, event: &Event) -> Result<Admission, Failure> {
    if !event.waiting_room.enabled {
        return Ok(Admission::Free);
    }
    let line = || Admission::Elsewhere(format!("/events/{}/line", event.id));
    // Only who is in already stays in by looking: a called buyer enters by own decision.
    let Some(place) = place_of(visit, &event.id).await? else { return Ok(line()) };
    if place.state != PlaceState::Active {
        return Ok(line());
    }
    match heartbeat(visit, &event.id, None).await {
        Ok(Place { admission: Some(pass), .. }) => Ok(Admission::Pass(pass)),
        Ok(_) => Ok(line()),
        Err(failure) if failure.status.is_client_error() => Ok(line()),
        Err(failure) => Err(failure),
    }
}

async fn heartbeat(visit: &Visit, event: &str, key: Option<&str>) -> Result<Place, Failure> {
    let path = format!("/api/queue/heartbeat/{}", segment(event));
    visit.api.call(Method::POST, &path, None, key).await?.json()
}

async fn place_of(visit: &Visit, event: &str) -> Result<Option<Place>, Failure> {
    if visit.user.is_none() {
        return Ok(None);
    }
    visit.api.find(&format!("/api/queue/status/{}", segment(event))).await
}
