//! One event: how it stands, and what can be done with it.

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::form::decimals;
use crate::failure::Failure;
use crate::form::{Fields, Form};
use crate::page::Page;
use crate::staff::amounts;
use crate::staff::choice::Checkbox;
use crate::staff::member::{Member, Staff, done, may};
use crate::staff::refusals::{is_answerable, say};
use crate::staff::wire::{ImageAnswer, OneEvent, Refunds, StaffEvent, StaffTicketType, Tier};

/// Seconds after which the progress of refunds is loaded again without scripts.
const REFRESH_SECONDS: u32 = 10;

#[derive(Template)]
#[template(path = "staff/event.html")]
pub(super) struct ShowPage {
    page: Page,
    member: Member,
    form: Form,
    event: StaffEvent,
    /// The progress of refunds, of a cancelled event.
    refunds: Option<Refunds>,
}

/// Shows an event.
pub(super) async fn show(
    Staff { member, .. }: Staff<may::Read>,
    Path(id): Path<String>,
    query: Fields,
) -> Result<Response, Failure> {
    shown(&member, &id, Form::default(), query.get("done"), StatusCode::OK).await
}

/// Publishes a draft.
pub(super) async fn publish(
    Staff { member, .. }: Staff<may::Catalogue>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    act(&member, &id, Method::POST, "/publish", fields, "published").await
}

/// Cancels an event, which refunds every buyer.
pub(super) async fn cancel(
    Staff { member, .. }: Staff<may::Catalogue>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    if fields.filled("sureCancel").is_none() {
        return unsure(&member, &id, fields, "sureCancel").await;
    }
    act(&member, &id, Method::POST, "/cancel", fields, "cancelled").await
}

/// Archives an event that is over.
pub(super) async fn archive(
    Staff { member, .. }: Staff<may::Catalogue>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    act(&member, &id, Method::POST, "/archive", fields, "archived").await
}

/// Takes an event out of the archive.
pub(super) async fn unarchive(
    Staff { member, .. }: Staff<may::Catalogue>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    act(&member, &id, Method::POST, "/unarchive", fields, "unarchived").await
}

/// Removes an event.
pub(super) async fn delete(
    Staff { member, .. }: Staff<may::Catalogue>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    if fields.filled("sureDelete").is_none() {
        return unsure(&member, &id, fields, "sureDelete").await;
    }
    act(&member, &id, Method::DELETE, "", fields, "deleted").await
}

/// Stores the picture of a form, and makes it the event's poster.
pub(super) async fn poster(
    Staff { member, .. }: Staff<may::Catalogue>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Failure> {
    let visit = &member.visit;
    let saved = match uploaded(&member, request).await {
        Ok(url) => {
            let path = format!("/api/admin/events/{id}");
            visit.api.send(Method::PUT, &path, &json!({"posterUrl": url}), None).await.map(|_| ())
        }
        Err(failure) => Err(failure),
    };
    match saved {
        Ok(()) => Ok(done(&format!("/staff/events/{id}"), "saved")),
        Err(failure) if is_answerable(&failure) => {
            let mut form = Form::default();
            form.refuse("poster", failure.said(visit));
            shown(&member, &id, form, "", failure.shown_status()).await
        }
        Err(failure) => Err(failure),
    }
}

/// Gives the file of a form to the interface, and returns where the image is.
async fn uploaded(member: &Member, request: Request) -> Result<String, Failure> {
    let kind = request.headers().get(CONTENT_TYPE).cloned().ok_or_else(Failure::bad_request)?;
    let sent = Request::post("/api/image/upload").header(CONTENT_TYPE, kind);
    let sent = sent.body(request.into_body()).map_err(|_| Failure::bad_request())?;
    let answer: ImageAnswer = member.visit.api.answer(sent.map(Body::new)).await?.json()?;
    Ok(answer.url)
}

async fn unsure(member: &Member, id: &str, fields: Fields, field: &str) -> Result<Response, Failure> {
    let mut form = Form::of(fields);
    form.refuse(field, member.visit.t("staff-wrong-unsure"));
    shown(member, id, form, "", StatusCode::UNPROCESSABLE_ENTITY).await
}

async fn act(
    member: &Member,
    id: &str,
    method: Method,
    below: &str,
    fields: Fields,
    what: &str,
) -> Result<Response, Failure> {
    let path = format!("/api/admin/events/{id}{below}");
    match member.visit.api.call(method, &path, None, fields.key()).await {
        Ok(_) if what == "deleted" => Ok(done("/staff/events", what)),
        Ok(_) => Ok(done(&format!("/staff/events/{id}"), what)),
        Err(failure) if is_answerable(&failure) => {
            let mut form = Form::of(fields);
            say(&mut form, &member.visit, &failure, &[]);
            shown(member, id, form, "", failure.shown_status()).await
        }
        Err(failure) => Err(failure),
    }
}

/// Shows an event with what is wrong with a form of its page.
pub(super) async fn shown(
    member: &Member,
    id: &str,
    form: Form,
    what: &str,
    status: StatusCode,
) -> Result<Response, Failure> {
    let api = &member.visit.api;
    let OneEvent { event } = api.get(&format!("/api/admin/events/{id}")).await?;
    let refunds: Option<Refunds> = if event.state == "cancelled" {
        api.find(&format!("/api/admin/events/{id}/refunds")).await?
    } else {
        None
    };
    let mut page = member.page(&event.title, what);
    if refunds.as_ref().is_some_and(|refunds| refunds.to_do > 0) {
        page = page.refreshed_after(REFRESH_SECONDS);
    }
    let shown = ShowPage { page, form, event, refunds, member: member.clone() };
    Ok((status, member.visit.html(&shown)).into_response())
}

impl ShowPage {
    /// Writes a price as a form shows it.
    fn price(&self, ticket_type: &StaffTicketType) -> String {
        amounts::shown(ticket_type.price, decimals(&self.event.currency))
    }

    fn sure(&self, name: &str, text: &str) -> Checkbox {
        Checkbox::new(&self.form, name, self.page.t(text))
    }

    /// Says what the shop keeps of a ticket that comes back in time.
    fn tier(&self, tier: &Tier) -> String {
        let percent = amounts::shown(tier.kept_basis_points, 2);
        self.page
            .t("staff-tier")
            .with("hours", tier.until_seconds_before / 3_600)
            .with("percent", percent.trim_end_matches(".00"))
            .with("fee", self.member.money(&tier.kept_fee, &self.event.currency))
            .to_string()
    }

    /// Writes a length of time.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass references")]
    fn length(&self, seconds: &i64) -> String {
        match *seconds {
            whole if whole % 3_600 == 0 => {
                self.page.t("staff-hours").with("count", whole / 3_600).to_string()
            }
            whole if whole % 60 == 0 => self.page.t("staff-minutes").with("count", whole / 60).to_string(),
            seconds => self.page.t("staff-seconds").with("count", seconds).to_string(),
        }
    }
}
