//! Paying: choosing a method, and the step at a provider.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use crate::buyer::event::segment;
use crate::buyer::wire::{Method, MethodList, PaymentAnswer, Prepared, Reservation, ReservationAnswer};
use crate::failure::Failure;
use crate::form::{Fields, Form};
use crate::page::Page;
use crate::visit::Visit;

/// What the page with the provider's payment window may load beside this shop: TossPayments' script, frames and calls.
const TOSS_POLICY: &str = "default-src 'none'; script-src 'self' https://js.tosspayments.com; style-src 'self'; \
    img-src 'self' data: https:; connect-src 'self' https://*.tosspayments.com; frame-src https://*.tosspayments.com; \
    form-action 'self' https://*.tosspayments.com; base-uri 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "buyer/checkout.html")]
struct CheckoutPage {
    page: Page,
    form: Form,
    reservation: Reservation,
    methods: Vec<Method>,
}

#[derive(Template)]
#[template(path = "buyer/provider.html")]
struct ProviderPage {
    page: Page,
    reservation: String,
    prepared: Prepared,
    client_key: String,
    success_url: String,
    fail_url: String,
}

impl ProviderPage {
    fn parameters(&self) -> &BTreeMap<String, String> {
        &self.prepared.parameters
    }
}

/// Shows what is bought, and how it can be paid.
pub(super) async fn show(visit: Visit, Path(id): Path<String>, query: Fields) -> Result<Response, Failure> {
    visit.signed_in()?;
    let mut form = Form::default();
    if query.get("failed") == "1" {
        form.refuse_all(visit.t("checkout-not-paid"));
    }
    shown(&visit, &id, form, StatusCode::OK).await
}

async fn shown(visit: &Visit, id: &str, form: Form, status: StatusCode) -> Result<Response, Failure> {
    let ReservationAnswer { reservation } = visit.api.get(&path_of(id)).await?;
    if !reservation.is_held() {
        return Ok(Redirect::to(&format!("/reservations/{}/result", reservation.id)).into_response());
    }
    let MethodList { methods } = visit.api.get("/api/payments/methods").await?;
    let page = visit.page(visit.t("checkout-title")).styled(&["buyer.css"]);
    Ok((status, visit.html(&CheckoutPage { page, form, reservation, methods })).into_response())
}

/// Pays, or goes on to the provider's payment window.
pub(super) async fn pay(visit: Visit, Path(id): Path<String>, fields: Fields) -> Result<Response, Failure> {
    visit.signed_in()?;
    let result = || Redirect::to(&format!("/reservations/{}/result", segment(&id))).into_response();
    let method = fields.get("method");
    let body = json!({"reservationId": id, "paymentMethod": method});
    let refused = match visit.api.post::<Value>("/api/payments/process", &body, fields.key()).await {
        Ok(_) => return Ok(result()),
        // The result says so, with the way on.
        Err(failure) if failure.is(&["PAYMENT_DECLINED"]) => return Ok(result()),
        Err(failure) if failure.is(&["BUYER_STEP_NEEDED"]) => {
            match at_provider(&visit, &id, method, fields.key()).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            }
        }
        Err(failure) => failure,
    };
    let is_sentence = refused.status.is_client_error() && refused.status != StatusCode::UNAUTHORIZED;
    if !is_sentence && !refused.is(&["PAYMENT_UNAVAILABLE"]) {
        return Err(refused);
    }
    let status = refused.shown_status();
    let mut form = Form::of(fields);
    form.refuse_all(refused.said(&visit));
    shown(&visit, &id, form, status).await
}

/// Shows the page that opens the provider's payment window.
async fn at_provider(visit: &Visit, id: &str, method: &str, key: Option<&str>) -> Result<Response, Failure> {
    let success_url = format!("{}/payments/return", visit.origin());
    let fail_url = format!("{}/payments/failed", visit.origin());
    let body = json!({"reservationId": id, "method": method, "successUrl": success_url, "failUrl": fail_url});
    let prepared: Prepared = visit.api.post("/api/payments/prepare", &body, key).await?;
    let client_key = prepared.client_key.clone().ok_or_else(Failure::bad_request)?;
    let page = visit.page(visit.t("provider-title")).styled(&["buyer.css"]);
    let reservation = id.to_owned();
    let shown = ProviderPage { page, reservation, prepared, client_key, success_url, fail_url };
    Ok(([(CONTENT_SECURITY_POLICY, TOSS_POLICY)], visit.html(&shown)).into_response())
}

/// Takes the buyer back from the provider, and asks for the money. Repeated, it asks for it once.
pub(super) async fn returned(visit: Visit, query: Fields) -> Result<Response, Failure> {
    visit.signed_in()?;
    let reservation = reservation_of(&visit, query.get("orderId")).await?;
    let amount = query.get("amount").parse::<i64>().map_err(|_| Failure::bad_request())?;
    let body =
        json!({"orderId": query.get("orderId"), "paymentKey": query.get("paymentKey"), "amount": amount});
    match visit.api.post::<Value>("/api/payments/confirm", &body, None).await {
        Err(failure) if !failure.is(&["PAYMENT_DECLINED"]) => Err(failure),
        _ => Ok(Redirect::to(&format!("/reservations/{reservation}/result")).into_response()),
    }
}

/// Takes a buyer back who did not pay at the provider.
pub(super) async fn failed(visit: Visit, query: Fields) -> Result<Redirect, Failure> {
    visit.signed_in()?;
    let Some(order) = query.filled("orderId") else { return Ok(Redirect::to("/reservations")) };
    let reservation = reservation_of(&visit, order).await?;
    Ok(Redirect::to(&format!("/reservations/{reservation}/checkout?failed=1")))
}

async fn reservation_of(visit: &Visit, order: &str) -> Result<String, Failure> {
    let path = format!("/api/payments/{}", segment(order));
    Ok(visit.api.get::<PaymentAnswer>(&path).await?.payment.reservation_id)
}

/// Returns the path of a reservation's read.
pub(super) fn path_of(id: &str) -> String {
    format!("/api/reservations/{}", segment(id))
}
