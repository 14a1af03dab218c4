//! Reservations of every buyer: the list, and one with its money.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use super::choice::Select;
use super::log::{Logged, entries_about};
use super::member::{Member, Staff, done, may};
use super::pager::KeyPager;
use super::refusals::{is_answerable, say};
use super::wire::{EventPage, OnePayment, OneReservation, ReservationPage, StaffPayment, StaffReservation};
use crate::failure::Failure;
use crate::form::{Fields, Form, with_query};
use crate::page::Page;

/// The filters of the list, which its links keep.
const FILTERS: [&str; 6] = ["search", "event", "status", "payment", "from", "to"];

pub(super) fn routes() -> Router {
    Router::new()
        .route("/staff/reservations", get(list))
        .route("/staff/reservations/{id}", get(show).post(cancel))
}

#[derive(Template)]
#[template(path = "staff/reservations.html")]
struct ReservationsPage {
    page: Page,
    member: Member,
    form: Form,
    events: Vec<(String, String)>,
    reservations: Vec<StaffReservation>,
    pager: KeyPager,
    /// Where the same reservations are as a file.
    csv: String,
}

#[derive(Template)]
#[template(path = "staff/reservation.html")]
struct ReservationPageOne {
    page: Page,
    member: Member,
    form: Form,
    reservation: StaffReservation,
    payment: Option<StaffPayment>,
    entries: Vec<Logged>,
}

/// Shows the reservations that the filters leave, the newest first.
async fn list(Staff { member, .. }: Staff<may::Read>, query: Fields) -> Result<Response, Failure> {
    let api = &member.visit.api;
    let mut form = Form::of(query.clone());
    let mut day = |name: &str, later: u64| member.day_filter(&query, &mut form, name, later);
    // The last day belongs to what is asked for.
    let (from, to) = (day("from", 0), day("to", 1));
    let asked = [
        ("search", query.get("search")),
        ("eventId", query.get("event")),
        ("status", query.get("status")),
        ("paymentStatus", query.get("payment")),
        ("from", &from),
        ("to", &to),
        ("after", query.get("after")),
    ];
    let found: Option<ReservationPage> = match api.get(&with_query("/api/admin/reservations", &asked)).await {
        Ok(found) => Some(found),
        Err(failure) if failure.is(&["INVALID_QUERY"]) => {
            form.refuse("search", member.visit.t("staff-reservations-search-wrong"));
            None
        }
        Err(failure) => return Err(failure),
    };
    let events: EventPage = api.get("/api/admin/events?limit=100&sort=newest").await?;
    let (reservations, next) = found.map(|found| (found.data, found.next)).unwrap_or_default();
    let shown = ReservationsPage {
        page: member.page(member.visit.t("staff-nav-reservations"), query.get("done")),
        form,
        events: events.data.into_iter().map(|event| (event.id, event.title)).collect(),
        reservations,
        pager: KeyPager::new("/staff/reservations", &query, &FILTERS, next.as_deref()),
        csv: with_query("/api/admin/reservations.csv", asked.get(..6).unwrap_or_default()),
        member: member.clone(),
    };
    Ok(member.visit.html(&shown))
}

/// Shows one reservation.
async fn show(
    Staff { member, .. }: Staff<may::Read>,
    Path(id): Path<String>,
    query: Fields,
) -> Result<Response, Failure> {
    shown(&member, &id, Form::default(), query.get("done"), StatusCode::OK).await
}

/// Cancels a reservation, with or without a refund.
async fn cancel(
    Staff { member, .. }: Staff<may::Sell>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let visit = &member.visit;
    let mut body = json!({"status": "cancelled", "reason": fields.get("reason")});
    if let Some(body) = body.as_object_mut() {
        if let Some(refund) = fields.filled("refund") {
            body.insert("refund".into(), refund.into());
        }
        if let Some(account) = refund_account(&fields) {
            body.insert("refundReceiveAccount".into(), account);
        }
    }
    let path = format!("/api/admin/reservations/{id}/status");
    match visit.api.send(Method::PATCH, &path, &body, fields.key()).await {
        Ok(answer) => {
            let what = if answer.status == StatusCode::ACCEPTED { "refunding" } else { "cancelled" };
            Ok(done(&format!("/staff/reservations/{id}"), what))
        }
        Err(failure) if is_answerable(&failure) || failure.is(&["FORBIDDEN"]) => {
            let mut form = Form::of(fields);
            say(
                &mut form,
                visit,
                &failure,
                &[("reason", "reason"), ("refund", "refund"), ("refundReceiveAccount", "bank")],
            );
            shown(&member, &id, form, "", failure.shown_status()).await
        }
        Err(failure) => Err(failure),
    }
}

/// Reads the account for a refund, if any of its fields is filled in.
pub(super) fn refund_account(fields: &Fields) -> Option<serde_json::Value> {
    let names = ["bank", "accountNumber", "holderName"];
    let is_named = names.iter().any(|name| fields.filled(name).is_some());
    is_named.then(|| {
        json!({"bank": fields.get("bank"), "accountNumber": fields.get("accountNumber"), "holderName": fields.get("holderName")})
    })
}

async fn shown(
    member: &Member,
    id: &str,
    form: Form,
    what: &str,
    status: StatusCode,
) -> Result<Response, Failure> {
    let api = &member.visit.api;
    let OneReservation { reservation } = api.get(&format!("/api/admin/reservations/{id}")).await?;
    let payment = match &reservation.payment_id {
        Some(payment) => api.find::<OnePayment>(&format!("/api/admin/payments/{payment}")).await?,
        None => None,
    };
    let entries = entries_about(member, &reservation.id).await?;
    let title = member.visit.t("staff-reservation-title").with("number", &reservation.reservation_number);
    let shown = ReservationPageOne {
        page: member.page(title, what),
        form,
        payment: payment.map(|found| found.payment),
        reservation,
        entries,
        member: member.clone(),
    };
    Ok((status, member.visit.html(&shown)).into_response())
}

impl ReservationsPage {
    fn status(&self) -> Select {
        let words = ["pending", "confirmed", "expired", "cancelled"];
        let options = words
            .map(|word| (word, self.page.t("staff-reservation-status").with("status", word).to_string()));
        let all = [("", self.page.t("staff-all").to_string())];
        Select::new(&self.form, "status", self.page.t("staff-status"))
            .options(all.into_iter().chain(options), self.form.value("status"))
    }

    fn payment(&self) -> Select {
        let words = ["pending", "completed", "failed", "cancelled", "refunded", "partially_refunded"];
        let options =
            words.map(|word| (word, self.page.t("staff-payment-status").with("status", word).to_string()));
        let all = [("", self.page.t("staff-all").to_string())];
        Select::new(&self.form, "payment", self.page.t("staff-payment"))
            .options(all.into_iter().chain(options), self.form.value("payment"))
    }

    fn event(&self) -> Select {
        let all = [(String::new(), self.page.t("staff-all-events").to_string())];
        Select::new(&self.form, "event", self.page.t("staff-event"))
            .options(all.into_iter().chain(self.events.iter().cloned()), self.form.value("event"))
    }
}

impl StaffReservation {
    /// Names the tickets in a few words.
    pub(crate) fn tickets(&self) -> String {
        let seats = self.seats.iter().map(|seat| seat.seat_label.clone());
        let items = self.items.iter().map(|item| format!("{} × {}", item.quantity, item.name));
        seats.chain(items).collect::<Vec<_>>().join(", ")
    }

    /// Returns whether staff can still cancel it.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.status.as_str(), "pending" | "confirmed")
    }
}

impl ReservationPageOne {
    fn refund(&self) -> Select {
        let mut options = vec![("policy", self.page.t("staff-refund-by-policy").to_string())];
        if self.member.may("money") {
            options.push(("full", self.page.t("staff-refund-full").to_string()));
            options.push(("none", self.page.t("staff-refund-none").to_string()));
        }
        Select::new(&self.form, "refund", self.page.t("staff-refund"))
            .options(options, self.form.value("refund"))
    }
}
