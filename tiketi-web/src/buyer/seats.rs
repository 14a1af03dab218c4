//! Choosing tickets: the list of seats, quantities without seats, and the basket.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use crate::buyer::basket::held_of;
use crate::buyer::event::{event_path, segment};
use crate::buyer::hall::{Group, Hall, RowLine, SectionLine};
use crate::buyer::line::{self, Admission};
use crate::buyer::wire::{Event, EventAnswer, Reservation, TicketType};
use crate::failure::Failure;
use crate::form::{Fields, Form, with_query};
use crate::page::Page;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "buyer/seats.html")]
struct SeatsPage {
    page: Page,
    form: Form,
    event: Event,
    step: Step,
    chosen: Chosen,
    /// Sizes of parties that can be chosen.
    parties: Vec<u32>,
    held: Option<Reservation>,
}

/// What was chosen so far.
#[derive(Debug, Clone, Default)]
struct Chosen {
    section: String,
    row: String,
    party: u32,
}

/// The step of the list.
enum Step {
    Sections(Vec<SectionLine>),
    Rows(Vec<RowLine>),
    Seats(Vec<Group>),
    /// The event has no seats.
    NoSeats,
}

impl Chosen {
    fn of(fields: &Fields) -> Self {
        Self {
            section: fields.get("section").to_owned(),
            row: fields.get("row").to_owned(),
            party: fields.get("party").parse().unwrap_or(1).clamp(1, 100),
        }
    }

    /// Returns the address of the page at a step.
    fn at(&self, event: &str, section: &str, row: &str) -> String {
        let party = self.party.to_string();
        let party = if self.party > 1 { party.as_str() } else { "" };
        with_query(&format!("/events/{event}/seats"), &[("section", section), ("row", row), ("party", party)])
    }

    fn here(&self, event: &str) -> String {
        self.at(event, &self.section, &self.row)
    }
}

impl SeatsPage {
    /// Returns the ticket types that are sold by quantity.
    fn by_quantity(&self) -> Vec<&TicketType> {
        self.event.ticket_types.iter().filter(|known| known.section.is_none()).collect()
    }

    fn price_of(&self, ticket_type: &str) -> String {
        let known = self.event.ticket_types.iter().find(|known| known.id == ticket_type);
        known.map(|known| self.page.money(known.price, &self.event.currency)).unwrap_or_default()
    }

    fn address(&self, section: &str, row: &str) -> String {
        self.chosen.at(&self.event.id, section, row)
    }

    /// Returns the address pattern that the picture of the hall fills in.
    fn list_url(&self) -> String {
        format!("/events/{}/seats?section={{section}}&row={{row}}", self.event.id)
    }

    fn reservation(&self) -> &str {
        self.held.as_ref().map_or("", |held| held.id.as_str())
    }

    /// Returns the ids of the seats that the visitor holds.
    fn mine(&self) -> String {
        let seats = self.held.iter().flat_map(|held| &held.seats);
        seats.map(|seat| seat.seat_id.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Returns how many more tickets the visitor may hold.
    fn most(&self) -> u64 {
        let held = self.held.as_ref().map_or(0, Reservation::tickets);
        u64::from(self.event.limits.max_seats_per_buyer).saturating_sub(held)
    }
}

/// Shows what can be chosen.
pub(super) async fn show(visit: Visit, Path(id): Path<String>, query: Fields) -> Result<Response, Failure> {
    let EventAnswer { event } = visit.api.get(&event_path(&id)).await?;
    if let Admission::Elsewhere(line) = line::admission(&visit, &event).await? {
        return Ok(Redirect::to(&line).into_response());
    }
    let page = page_of(&visit, event, Chosen::of(&query), Form::of(query)).await?;
    Ok(visit.html(&page))
}

async fn page_of(visit: &Visit, event: Event, chosen: Chosen, form: Form) -> Result<SeatsPage, Failure> {
    let step = step(visit, &event, &chosen).await?;
    let held = held_of(visit, &event.id).await?;
    let parties = (1..=event.limits.max_seats_per_buyer.min(8)).collect();
    let page =
        visit.page(visit.t("seats-title").with("event", &event.title)).styled(&["buyer.css", "hall.css"]);
    Ok(SeatsPage { page, form, event, step, chosen, parties, held })
}

async fn step(visit: &Visit, event: &Event, chosen: &Chosen) -> Result<Step, Failure> {
    if !event.has_seats() {
        return Ok(Step::NoSeats);
    }
    let hall = Hall::of(visit, &event.id).await?;
    Ok(match (&*chosen.section, &*chosen.row) {
        ("", _) => Step::Sections(hall.sections()),
        (section, "") => Step::Rows(hall.rows(section, chosen.party)),
        (section, row) => Step::Seats(hall.groups(section, row, chosen.party)),
    })
}

/// Holds seats, or a number of tickets.
pub(super) async fn hold(visit: Visit, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    visit.signed_in()?;
    let EventAnswer { event } = visit.api.get(&event_path(&id)).await?;
    let admission = match line::admission(&visit, &event).await? {
        Admission::Free => None,
        Admission::Pass(pass) => Some(pass),
        Admission::Elsewhere(line) => return Ok(Redirect::to(&line).into_response()),
    };
    let seats: Vec<_> = fields.all("seats").flat_map(str::split_whitespace).collect();
    let mut items = Vec::new();
    for (ticket_type, quantity) in
        fields.below("items.").filter(|(_, quantity)| !matches!(*quantity, "" | "0"))
    {
        let quantity = quantity.parse::<u32>().map_err(|_| Failure::bad_request())?;
        items.push(json!({"ticketTypeId": ticket_type, "quantity": quantity}));
    }
    let body = json!({"eventId": event.id, "seatIds": seats, "items": items, "admission": admission});
    let done = visit.api.post::<Value>("/api/reservations", &body, fields.key()).await;
    after(&visit, event, fields, done.map(|_| ())).await
}

/// Gives held seats back, or all that is held.
pub(super) async fn release(
    visit: Visit,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    visit.signed_in()?;
    let EventAnswer { event } = visit.api.get(&event_path(&id)).await?;
    let seats = fields.filled("seat").map(|seat| [seat]);
    let body = json!({"reservationId": fields.get("reservation"), "seatIds": seats});
    let done = visit.api.post::<Value>("/api/seats/release", &body, fields.key()).await;
    after(&visit, event, fields, done.map(|_| ())).await
}

/// Holds what is held for longer.
pub(super) async fn extend(
    visit: Visit,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    visit.signed_in()?;
    let EventAnswer { event } = visit.api.get(&event_path(&id)).await?;
    let path = format!("/api/reservations/{}/extend", segment(fields.get("reservation")));
    let done = visit.api.post::<Value>(&path, &json!({}), fields.key()).await;
    after(&visit, event, fields, done.map(|_| ())).await
}

/// Goes on at the step where the form was; a refusal is said there.
async fn after(
    visit: &Visit,
    event: Event,
    fields: Fields,
    done: Result<(), Failure>,
) -> Result<Response, Failure> {
    let chosen = Chosen::of(&fields);
    let refused = match done {
        Ok(()) => return Ok(Redirect::to(&chosen.here(&event.id)).into_response()),
        Err(failure)
            if failure.status.is_client_error() && failure.status != axum::http::StatusCode::UNAUTHORIZED =>
        {
            failure
        }
        Err(failure) => return Err(failure),
    };
    let mut form = Form::of(Fields::default());
    form.refuse_all(refused.said(visit));
    let status = refused.shown_status();
    let page = page_of(visit, event, chosen, form).await?;
    Ok((status, visit.html(&page)).into_response())
}

/// Leads from the address of a form, which a browser may show after a refusal, back to the page that has it.
pub(super) async fn back(Path(id): Path<String>) -> Redirect {
    Redirect::to(&format!("/events/{}/seats", segment(&id)))
}
