//! Waiting rooms: all that are in use, and the controls of one.

mod policy;

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use policy::{NAMES, as_fields, of_policy, wanted};

use super::choice::{Checkbox, Select};
use super::member::{Member, Staff, done, may};
use super::refusals::{is_answerable, say};
use super::wire::{EventPage, OneEvent, RoomAnswer, RoomPolicy, RoomState, StaffEvent};
use crate::failure::Failure;
use crate::form::{Fields, Form};
use crate::page::Page;

pub(super) fn routes() -> Router {
    Router::new()
        .route("/staff/rooms", get(list))
        .route("/staff/events/{id}/waiting-room", get(show).post(set))
        .route("/staff/events/{id}/waiting-room/beacon", post(beacon))
        .route("/staff/events/{id}/waiting-room/clear", post(clear))
}

#[derive(Template)]
#[template(path = "staff/rooms.html")]
struct RoomsPage {
    page: Page,
    member: Member,
    rooms: Vec<(StaffEvent, Option<RoomState>)>,
}

#[derive(Template)]
#[template(path = "staff/room.html")]
struct RoomPage {
    page: Page,
    member: Member,
    form: Form,
    event: StaffEvent,
    policy: RoomPolicy,
    room: Option<RoomState>,
}

/// Shows the events that are sold or will be, with their waiting rooms.
async fn list(Staff { member, .. }: Staff<may::Read>, query: Fields) -> Result<Response, Failure> {
    let mut rooms = Vec::new();
    for status in ["on_sale", "upcoming", "sold_out"] {
        let path = format!("/api/admin/events?status={status}&sort=sale&limit=50");
        let found: EventPage = member.visit.api.get(&path).await?;
        for event in found.data.into_iter().filter(|event| event.state == "published") {
            let room = if event.waiting_room.enabled {
                let path = format!("/api/admin/events/{}/waiting-room", event.id);
                member.visit.api.find::<RoomAnswer>(&path).await?.and_then(|found| found.room)
            } else {
                None
            };
            rooms.push((event, room));
        }
    }
    let page = member.page(member.visit.t("staff-nav-rooms"), query.get("done"));
    Ok(member.visit.html(&RoomsPage { page, rooms, member: member.clone() }))
}

/// Shows one waiting room with its policy.
async fn show(
    Staff { member, .. }: Staff<may::Read>,
    Path(id): Path<String>,
    query: Fields,
) -> Result<Response, Failure> {
    shown(&member, &id, None, query.get("done"), StatusCode::OK).await
}

/// Sets the policy.
async fn set(
    Staff { member, .. }: Staff<may::WaitingRooms>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let visit = &member.visit;
    let mut form = Form::of(fields.clone());
    let body = wanted(&fields, &mut form, &member);
    if form.is_fine() {
        let path = format!("/api/admin/events/{id}/waiting-room");
        match visit.api.send(Method::PUT, &path, &body, fields.key()).await {
            Ok(_) => return Ok(done(&format!("/staff/events/{id}/waiting-room"), "saved")),
            Err(failure) if is_answerable(&failure) => say(&mut form, visit, &failure, &NAMES),
            Err(failure) => return Err(failure),
        }
    }
    shown(&member, &id, Some(form), "", StatusCode::UNPROCESSABLE_ENTITY).await
}

/// Supplies the round on which a draw depends.
async fn beacon(
    Staff { member, .. }: Staff<may::WaitingRooms>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let Ok(round) = fields.get("round").parse::<u64>() else { return Err(Failure::bad_request()) };
    let body = json!({"round": round, "signature": fields.get("signature")});
    write(&member, &id, &format!("/api/admin/events/{id}/waiting-room/beacon"), Some(&body), fields).await
}

/// Deletes every place.
async fn clear(
    Staff { member, .. }: Staff<may::WaitingRooms>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    if fields.filled("sureClear").is_none() {
        let mut form = current(&member, &id, &fields).await?;
        form.refuse("sureClear", member.visit.t("staff-wrong-unsure"));
        return shown(&member, &id, Some(form), "", StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    write(&member, &id, &format!("/api/admin/queue/{id}/clear"), None, fields).await
}

async fn write(
    member: &Member,
    id: &str,
    path: &str,
    body: Option<&Value>,
    fields: Fields,
) -> Result<Response, Failure> {
    let bytes = body.map(|body| body.to_string().into_bytes());
    match member.visit.api.call(Method::POST, path, bytes, fields.key()).await {
        Ok(_) => Ok(done(&format!("/staff/events/{id}/waiting-room"), "saved")),
        Err(failure) if is_answerable(&failure) => {
            let mut form = current(member, id, &fields).await?;
            say(&mut form, &member.visit, &failure, &[("signature", "signature")]);
            shown(member, id, Some(form), "", failure.shown_status()).await
        }
        Err(failure) => Err(failure),
    }
}

/// Returns the form of the policy as it is, with the fields of another form of the page.
async fn current(member: &Member, id: &str, fields: &Fields) -> Result<Form, Failure> {
    let RoomAnswer { policy, .. } =
        member.visit.api.get(&format!("/api/admin/events/{id}/waiting-room")).await?;
    let mut pairs = of_policy(&policy, member);
    pairs.push(("signature".into(), fields.get("signature").to_owned()));
    Ok(Form::of(as_fields(pairs)))
}

async fn shown(
    member: &Member,
    id: &str,
    form: Option<Form>,
    what: &str,
    status: StatusCode,
) -> Result<Response, Failure> {
    let api = &member.visit.api;
    let OneEvent { event } = api.get(&format!("/api/admin/events/{id}")).await?;
    let RoomAnswer { policy, room } = api.get(&format!("/api/admin/events/{id}/waiting-room")).await?;
    let form = form.unwrap_or_else(|| Form::of(as_fields(of_policy(&policy, member))));
    let title = member.visit.t("staff-room-title").with("event", &event.title);
    let shown =
        RoomPage { page: member.page(title, what), form, event, policy, room, member: member.clone() };
    Ok((status, member.visit.html(&shown)).into_response())
}

impl RoomPage {
    fn select<const N: usize>(
        &self,
        name: &str,
        label: &str,
        words: [(&'static str, &'static str); N],
    ) -> Select {
        let options = words.map(|(word, text)| (word, self.page.t(text).to_string()));
        Select::new(&self.form, name, self.page.t(label)).options(options, self.form.value(name))
    }

    fn mode(&self) -> Select {
        let words = [("off", "staff-room-off"), ("on", "staff-room-on"), ("auto", "staff-room-auto")];
        self.select("mode", "staff-room-mode", words)
    }

    fn rate(&self) -> Select {
        let words = [
            ("unlimited", "staff-room-rate-unlimited"),
            ("fixed", "staff-room-rate-fixed"),
            ("adaptive", "staff-room-rate-adaptive"),
        ];
        self.select("rate", "staff-room-rate", words)
    }

    fn fairness(&self) -> Select {
        let words = [("fifo", "staff-room-fifo"), ("draw", "staff-room-draw")];
        self.select("fairness", "staff-room-fairness", words)
    }

    fn on_failure(&self) -> Select {
        let words = [("closed", "staff-room-closed"), ("open", "staff-room-open")];
        self.select("onFailure", "staff-room-on-failure", words)
    }

    fn check(&self, name: &str, text: &str) -> Checkbox {
        Checkbox::new(&self.form, name, self.page.t(text))
    }
}
