//! The form of an event, to create one or to change it.

use askama::Template;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::form::{NAMES, TIERS, decimals, details, differ, limits, of_event};
use crate::failure::Failure;
use crate::form::{Fields, Form};
use crate::page::Page;
use crate::staff::choice::{Checkbox, Select};
use crate::staff::member::{Member, Staff, done, may};
use crate::staff::refusals::{is_answerable, say};
use crate::staff::wire::{LayoutList, OneEvent};

#[derive(Template)]
#[template(path = "staff/event_form.html")]
struct EventFormPage {
    page: Page,
    member: Member,
    form: Form,
    /// The event that is changed; empty for a new one.
    id: String,
    layouts: Vec<(String, String)>,
    currency: String,
}

/// Shows the form of a new event.
pub(super) async fn new(Staff { member, .. }: Staff<may::Catalogue>) -> Result<Response, Failure> {
    shown(&member, "", Form::default(), "KRW", StatusCode::OK).await
}

/// Creates an event.
pub(super) async fn create(
    Staff { member, .. }: Staff<may::Catalogue>,
    fields: Fields,
) -> Result<Response, Failure> {
    let visit = &member.visit;
    let currency = fields.filled("currency").unwrap_or("KRW").to_owned();
    let mut form = Form::of(fields.clone());
    let mut body = details(&fields, &mut form, visit);
    let own = limits(&fields, &mut form, visit, decimals(&currency));
    body.insert("currency".into(), currency.as_str().into());
    if let Some(layout) = fields.filled("layoutId") {
        body.insert("layoutId".into(), layout.into());
    }
    if let Some(own) = own {
        body.insert("limits".into(), own);
    }
    if form.is_fine() {
        match visit.api.post::<OneEvent>("/api/admin/events", &body, fields.key()).await {
            Ok(made) => return Ok(done(&format!("/staff/events/{}", made.event.id), "created")),
            Err(failure) if is_answerable(&failure) => say(&mut form, visit, &failure, &NAMES),
            Err(failure) => return Err(failure),
        }
    }
    shown(&member, "", form, &currency, StatusCode::UNPROCESSABLE_ENTITY).await
}

/// Shows the form of an event.
pub(super) async fn edit(
    Staff { member, .. }: Staff<may::Catalogue>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let OneEvent { event } = member.visit.api.get(&format!("/api/admin/events/{id}")).await?;
    let form = Form::of(of_event(&event, member.zone()));
    shown(&member, &id, form, &event.currency, StatusCode::OK).await
}

/// Changes an event.
pub(super) async fn save(
    Staff { member, .. }: Staff<may::Catalogue>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let (visit, path) = (&member.visit, format!("/api/admin/events/{id}"));
    let OneEvent { event } = visit.api.get(&path).await?;
    let decimals = decimals(&event.currency);
    let mut form = Form::of(fields.clone());
    let mut body = details(&fields, &mut form, visit);
    let own = limits(&fields, &mut form, visit, decimals);
    if let Some(own) = own.filter(|_| differ(&fields, &event.limits, decimals)) {
        body.insert("limits".into(), own);
    }
    if let Ok(version) = fields.get("version").parse::<u64>() {
        body.insert("version".into(), version.into());
    }
    if form.is_fine() {
        match visit.api.send(Method::PUT, &path, &body, fields.key()).await {
            Ok(_) => return Ok(done(&format!("/staff/events/{id}"), "saved")),
            Err(failure) if is_answerable(&failure) => say(&mut form, visit, &failure, &NAMES),
            Err(failure) => return Err(failure),
        }
    }
    shown(&member, &id, form, &event.currency, StatusCode::UNPROCESSABLE_ENTITY).await
}

async fn shown(
    member: &Member,
    id: &str,
    form: Form,
    currency: &str,
    status: StatusCode,
) -> Result<Response, Failure> {
    let layouts = if id.is_empty() {
        let found: LayoutList = member.visit.api.get("/api/admin/layouts?limit=100").await?;
        found.layouts
    } else {
        Vec::new()
    };
    let name = |seats: u64| member.visit.t("staff-seat-count").with("count", seats).to_string();
    let layouts = layouts.into_iter().map(|layout| {
        (layout.id, format!("{} · {} ({})", layout.venue, layout.name, name(layout.seat_count)))
    });
    let title = if id.is_empty() { "staff-event-new" } else { "staff-event-edit" };
    let shown = EventFormPage {
        page: member.page(member.visit.t(title), ""),
        form,
        id: id.to_owned(),
        layouts: layouts.collect(),
        currency: currency.to_owned(),
        member: member.clone(),
    };
    Ok((status, member.visit.html(&shown)).into_response())
}

impl EventFormPage {
    fn layout(&self) -> Select {
        let none = (String::new(), self.page.t("staff-event-no-layout").to_string());
        let options = std::iter::once(none).chain(self.layouts.iter().cloned());
        Select::new(&self.form, "layoutId", self.page.t("staff-event-layout"))
            .hint(self.page.t("staff-event-layout-hint"))
            .options(options, self.form.value("layoutId"))
    }

    /// Returns the rows of the cancellation policy: those that are filled in, and one more.
    fn tiers(&self) -> Vec<usize> {
        let filled = (0..TIERS).filter(|at| !self.form.value(&format!("tier{at}Hours")).is_empty()).count();
        (0..TIERS.min(filled + 2)).collect()
    }

    fn late_payment(&self) -> Select {
        let words = [
            ("", self.page.t("staff-limit-shop").to_string()),
            ("take_again_else_refund", self.page.t("staff-limit-late-again").to_string()),
            ("refund", self.page.t("staff-limit-late-refund").to_string()),
        ];
        Select::new(&self.form, "latePayment", self.page.t("staff-limit-late"))
            .options(self.choices(words), self.form.value("latePayment"))
    }

    fn refunded_seats(&self) -> Select {
        let words = [
            ("", self.page.t("staff-limit-shop").to_string()),
            ("on_sale", self.page.t("staff-limit-seats-on-sale").to_string()),
            ("blocked", self.page.t("staff-limit-seats-blocked").to_string()),
        ];
        Select::new(&self.form, "refundedSeats", self.page.t("staff-limit-seats"))
            .options(self.choices(words), self.form.value("refundedSeats"))
    }

    /// An event that exists shows what is in force, so that there is nothing to leave open.
    fn choices(&self, words: [(&'static str, String); 3]) -> Vec<(&'static str, String)> {
        words.into_iter().filter(|(word, _)| self.id.is_empty() || !word.is_empty()).collect()
    }

    fn no_refunds(&self) -> Checkbox {
        Checkbox::new(&self.form, "noRefunds", self.page.t("staff-limit-no-refunds"))
    }
}
