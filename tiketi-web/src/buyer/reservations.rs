//! The buyer's own reservations: tickets, receipt, and giving them back.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use crate::buyer::banks::BANKS;
use crate::buyer::checkout::path_of;
use crate::buyer::event::segment;
use crate::buyer::pager::Pager;
use crate::buyer::result::payment_of;
use crate::buyer::wire::{
    MethodList, Payment, Reservation, ReservationAnswer, ReservationList, ReservationStatus,
};
use crate::failure::Failure;
use crate::form::{Fields, Form, with_query};
use crate::page::Page;
use crate::visit::Visit;

/// Reservations of a page.
const A_PAGE: u32 = 20;

#[derive(Template)]
#[template(path = "buyer/reservations.html")]
struct ReservationsPage {
    page: Page,
    reservations: Vec<Reservation>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "buyer/reservation.html")]
struct ReservationPage {
    page: Page,
    form: Form,
    reservation: Reservation,
    payment: Option<Payment>,
    /// How it was paid, as buyers read it.
    method: String,
    /// Whether the account for the refund has to be named.
    asks_account: bool,
    banks: &'static [(&'static str, &'static str)],
}

/// Lists the visitor's reservations, the newest first.
pub(super) async fn list(visit: Visit, query: Fields) -> Result<Response, Failure> {
    visit.signed_in()?;
    let path = with_query(
        "/api/reservations/my",
        &[("limit", &A_PAGE.to_string()), ("page", query.get("page")), ("after", query.get("after"))],
    );
    let ReservationList { reservations, pagination } = visit.api.get(&path).await?;
    let page = visit.page(visit.t("nav-reservations")).styled(&["buyer.css"]);
    let pager = Pager::of("/reservations", &[], pagination);
    Ok(visit.html(&ReservationsPage { page, reservations, pager }))
}

/// Shows one reservation.
pub(super) async fn show(visit: Visit, Path(id): Path<String>, query: Fields) -> Result<Response, Failure> {
    visit.signed_in()?;
    let done = match query.get("done") {
        "cancelled" => Some(visit.t("reservation-cancelled").to_string()),
        "refund-queued" => Some(visit.t("reservation-refund-queued").to_string()),
        _ => None,
    };
    shown(&visit, &id, Form::default(), (StatusCode::OK, false, done)).await
}

async fn shown(
    visit: &Visit,
    id: &str,
    form: Form,
    (status, asks_account, done): (StatusCode, bool, Option<String>),
) -> Result<Response, Failure> {
    let ReservationAnswer { reservation } = visit.api.get(&path_of(id)).await?;
    let payment = payment_of(visit, &reservation).await?;
    let method = method_name(visit, payment.as_ref()).await?;
    let title = visit.t("reservation-title").with("number", &reservation.reservation_number);
    let page = visit.page(title).styled(&["buyer.css"]).saying(done);
    let shown = ReservationPage { page, form, reservation, payment, method, asks_account, banks: &BANKS };
    Ok((status, visit.html(&shown)).into_response())
}

/// Returns the name of the method of a payment; its id if the shop does not offer it any more.
async fn method_name(visit: &Visit, payment: Option<&Payment>) -> Result<String, Failure> {
    let Some(payment) = payment else { return Ok(String::new()) };
    let MethodList { methods } = visit.api.get("/api/payments/methods").await?;
    let known = methods.into_iter().find(|method| method.id == payment.method);
    Ok(known.map_or_else(|| payment.method.clone(), |method| method.name))
}

/// Gives all tickets back.
pub(super) async fn cancel(
    visit: Visit,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    visit.signed_in()?;
    let has_account = fields.filled("accountNumber").is_some() || fields.filled("holderName").is_some();
    let done = if has_account {
        to_account(&visit, &id, &fields).await
    } else {
        let path = format!("{}/cancel", path_of(&id));
        let answer = visit.api.call(axum::http::Method::POST, &path, None, fields.key()).await;
        answer.map(|answer| answer.status)
    };
    let refused = match done {
        Ok(status) => {
            let done = if status == StatusCode::ACCEPTED { "refund-queued" } else { "cancelled" };
            return Ok(Redirect::to(&format!("/reservations/{}?done={done}", segment(&id))).into_response());
        }
        Err(failure) if failure.status.is_client_error() && failure.status != StatusCode::UNAUTHORIZED => {
            failure
        }
        Err(failure) => return Err(failure),
    };
    let asks_account = has_account || refused.is(&["REFUND_ACCOUNT_NEEDED"]);
    let mut form = Form::of(fields);
    match refused.detail("field").unwrap_or_default() {
        "refundReceiveAccount.accountNumber" => form.refuse("accountNumber", visit.t("refund-wrong-number")),
        "refundReceiveAccount.holderName" => form.refuse("holderName", visit.t("refund-wrong-holder")),
        _ => form.refuse_all(refused.said(&visit)),
    }
    shown(&visit, &id, form, (refused.shown_status(), asks_account, None)).await
}

/// Gives all tickets back, with the refund to an account of the buyer.
async fn to_account(visit: &Visit, id: &str, fields: &Fields) -> Result<StatusCode, Failure> {
    let ReservationAnswer { reservation } = visit.api.get(&path_of(id)).await?;
    let payment = reservation.payment_id.ok_or_else(Failure::not_found)?;
    let account = json!({
        "bank": fields.get("bank"), "accountNumber": fields.get("accountNumber"), "holderName": fields.get("holderName"),
    });
    let reason = visit.t("refund-reason").to_string();
    let body: Value = json!({"cancelReason": reason, "refundReceiveAccount": account});
    let path = format!("/api/payments/{payment}/cancel");
    Ok(visit.api.send(axum::http::Method::POST, &path, &body, fields.key()).await?.status)
}

impl ReservationPage {
    /// Returns whether its tickets can be given back.
    fn is_cancellable(&self) -> bool {
        match self.reservation.status {
            ReservationStatus::Confirmed => {
                self.reservation.cancellation.as_ref().is_some_and(|cancellation| cancellation.open)
            }
            // What is only held, or awaits a deposit, is given up.
            ReservationStatus::Pending => {
                let awaits = self.payment.as_ref().is_some_and(|payment| payment.deposit.is_some());
                self.reservation.is_held() || awaits
            }
            ReservationStatus::Cancelled | ReservationStatus::Expired => false,
        }
    }
}
