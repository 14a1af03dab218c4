//! Routes for the actions of buyers, banks and tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::request_handler::RequestHandler;
use crate::fault::Fault;
use crate::ledger::Account;
use crate::payment::Method;
use crate::stub::check_order;

pub(super) fn routes() -> Router<Arc<RequestHandler>> {
    Router::new()
        .route("/authenticate", post(authenticate))
        .route("/deposit", post(deposit))
        .route("/faults", post(fail))
        .route("/clock", post(advance))
        .route("/release", post(release))
        .route("/ledger", get(ledger))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authenticate {
    order_id: String,
    amount: i64,
    #[serde(default)]
    method: Method,
}

/// What the payment window returns to the shop's page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Authenticated {
    payment_key: String,
    order_id: String,
    amount: i64,
}

async fn authenticate(
    State(handler): State<Arc<RequestHandler>>,
    Json(body): Json<Authenticate>,
) -> Result<Json<Authenticated>, (StatusCode, String)> {
    let Authenticate { order_id, amount, method } = body;
    check_order(&order_id, amount).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    let payment_key =
        handler.with_payments(|payments, now| payments.authenticate(&order_id, amount, method, now));
    Ok(Json(Authenticated { payment_key, order_id, amount }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    order_id: String,
}

async fn deposit(State(handler): State<Arc<RequestHandler>>, Json(body): Json<Order>) -> StatusCode {
    let waited = handler.with_payments(|payments, now| payments.deposit(&body.order_id, now));
    if waited { StatusCode::NO_CONTENT } else { StatusCode::CONFLICT }
}

async fn fail(State(handler): State<Arc<RequestHandler>>, Json(fault): Json<Fault>) -> StatusCode {
    handler.state().faults.push_back(fault);
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Advance {
    seconds: u64,
}

async fn advance(State(handler): State<Arc<RequestHandler>>, Json(body): Json<Advance>) -> StatusCode {
    handler.clock.advance(Duration::from_secs(body.seconds));
    StatusCode::NO_CONTENT
}

async fn release(State(handler): State<Arc<RequestHandler>>) -> StatusCode {
    handler.release_hanging();
    StatusCode::NO_CONTENT
}

async fn ledger(State(handler): State<Arc<RequestHandler>>) -> Json<BTreeMap<String, Account>> {
    Json(handler.state().payments.ledger())
}
