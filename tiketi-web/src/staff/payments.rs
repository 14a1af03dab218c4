//! Payments that need attention, and what can be done about one.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::amounts;
use super::choice::{Checkbox, Select};
use super::events::decimals;
use super::member::{Member, Staff, done, may};
use super::refusals::{is_answerable, say};
use super::reservations::refund_account;
use super::wire::{OnePayment, PaymentPage, StaffPayment};
use crate::buyer::pager::Pager;
use crate::failure::Failure;
use crate::form::{Fields, Form, with_query};
use crate::page::Page;

pub(super) fn routes() -> Router {
    Router::new()
        .route("/staff/payments", get(list))
        .route("/staff/payments/{id}", get(show))
        .route("/staff/payments/{id}/retry", post(retry))
        .route("/staff/payments/{id}/note", post(note))
        .route("/staff/payments/{id}/refund", post(refund))
        .route("/staff/payments/{id}/end", post(end))
}

#[derive(Template)]
#[template(path = "staff/payments.html")]
struct PaymentsPage {
    page: Page,
    member: Member,
    payments: Vec<StaffPayment>,
    total: u64,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "staff/payment.html")]
struct PaymentPageOne {
    page: Page,
    member: Member,
    form: Form,
    payment: StaffPayment,
}

/// Lists the payments that need attention.
async fn list(Staff { member, .. }: Staff<may::Read>, query: Fields) -> Result<Response, Failure> {
    let path = with_query("/api/admin/payments", &[("state", "stuck"), ("page", query.get("page"))]);
    let found: PaymentPage = member.visit.api.get(&path).await?;
    let shown = PaymentsPage {
        page: member.page(member.visit.t("staff-payments-title"), query.get("done")),
        total: found.pagination.total,
        pager: Pager::of("/staff/payments", &[], found.pagination),
        payments: found.data,
        member: member.clone(),
    };
    Ok(member.visit.html(&shown))
}

/// Shows one payment.
async fn show(
    Staff { member, .. }: Staff<may::Read>,
    Path(id): Path<String>,
    query: Fields,
) -> Result<Response, Failure> {
    shown(&member, &id, Form::default(), query.get("done"), StatusCode::OK).await
}

/// Asks the provider again, or sends a refused refund again.
async fn retry(
    Staff { member, .. }: Staff<may::Money>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    write(&member, &id, "retry", None, fields, "asked").await
}

/// Adds a note, which may settle the payment.
async fn note(
    Staff { member, .. }: Staff<may::Money>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let body = json!({"note": fields.get("note"), "settles": fields.filled("settles").is_some()});
    write(&member, &id, "note", Some(&body), fields, "noted").await
}

/// Ends a payment whose outcome stays unknown.
async fn end(
    Staff { member, .. }: Staff<may::Money>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let body = json!({"reason": fields.get("endReason")});
    write(&member, &id, "end", Some(&body), fields, "ended").await
}

/// Refunds any amount.
async fn refund(
    Staff { member, .. }: Staff<may::Money>,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let OnePayment { payment } = member.visit.api.get(&format!("/api/admin/payments/{id}")).await?;
    let mut body = json!({"cancelReason": fields.get("cancelReason"), "tickets": fields.get("tickets")});
    let mut form = Form::of(fields.clone());
    if let Some(body) = body.as_object_mut() {
        match fields.filled("cancelAmount").map(|text| amounts::read(text, decimals(&payment.currency))) {
            None => {}
            Some(Some(minor)) => _ = body.insert("cancelAmount".into(), minor.into()),
            Some(None) => form.refuse("cancelAmount", member.visit.t("staff-wrong-number")),
        }
        if let Some(account) = refund_account(&fields) {
            body.insert("refundReceiveAccount".into(), account);
        }
    }
    if !form.is_fine() {
        return shown(&member, &id, form, "", StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    write(&member, &id, "refund", Some(&body), fields, "refunded").await
}

async fn write(
    member: &Member,
    id: &str,
    what: &str,
    body: Option<&Value>,
    fields: Fields,
    said: &str,
) -> Result<Response, Failure> {
    let visit = &member.visit;
    let path = format!("/api/admin/payments/{id}/{what}");
    let bytes = body.map(|body| body.to_string().into_bytes());
    match visit.api.call(axum::http::Method::POST, &path, bytes, fields.key()).await {
        Ok(answer) => {
            let said = if answer.status == StatusCode::ACCEPTED { "refunding" } else { said };
            Ok(done(&format!("/staff/payments/{id}"), said))
        }
        Err(failure) if is_answerable(&failure) || failure.is(&["GATEWAY_MISSING"]) => {
            let mut form = Form::of(fields);
            let names = [
                ("note", "note"),
                ("text", "note"),
                ("cancelReason", "cancelReason"),
                ("cancelAmount", "cancelAmount"),
                ("tickets", "tickets"),
                ("refundReceiveAccount", "bank"),
                ("reason", if what == "end" { "endReason" } else { "cancelReason" }),
            ];
            say(&mut form, visit, &failure, &names);
            shown(member, id, form, "", failure.shown_status()).await
        }
        Err(failure) => Err(failure),
    }
}

async fn shown(
    member: &Member,
    id: &str,
    form: Form,
    what: &str,
    status: StatusCode,
) -> Result<Response, Failure> {
    let OnePayment { payment } = member.visit.api.get(&format!("/api/admin/payments/{id}")).await?;
    let amount = member.money(&payment.amount, &payment.currency);
    let title = member.visit.t("staff-payment-title").with("amount", amount);
    let shown = PaymentPageOne { page: member.page(title, what), form, payment, member: member.clone() };
    Ok((status, member.visit.html(&shown)).into_response())
}

impl StaffPayment {
    /// Returns whether a refund is refused, or the outcome is unknown: the provider can be asked again.
    pub(crate) fn can_be_asked(&self) -> bool {
        matches!(self.trouble.as_str(), "refund_refused" | "unknown_for_long")
            || self.asked_again_at.is_some()
    }

    /// Returns whether money was captured that has not all gone back.
    pub(crate) fn can_be_refunded(&self) -> bool {
        self.captured_amount.is_some_and(|captured| captured > self.refunded_amount)
    }

    /// Returns whether the outcome of the payment is unknown.
    pub(crate) fn is_unknown(&self) -> bool {
        self.captured_amount.is_none() && self.asked_again_at.is_some()
    }
}

impl PaymentPageOne {
    fn tickets(&self) -> Select {
        let options = [
            ("take_back", self.page.t("staff-refund-take-back").to_string()),
            ("keep", self.page.t("staff-refund-keep").to_string()),
        ];
        Select::new(&self.form, "tickets", self.page.t("staff-refund-tickets"))
            .hint(self.page.t("staff-refund-tickets-hint"))
            .options(options, self.form.value("tickets"))
    }

    fn settles(&self) -> Checkbox {
        Checkbox::new(&self.form, "settles", self.page.t("staff-note-settles"))
    }
}
