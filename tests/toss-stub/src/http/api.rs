//! The part of the core API that a shop uses.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::de::DeserializeOwned;

use super::desk::{Desk, Outcome};
use crate::answer::Answer;
use crate::books::{CancelBody, ConfirmBody};
use crate::fault::{Call, Reply};
use crate::line::Line;

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/v1/payments/confirm", post(confirm))
        .route("/v1/payments/{payment_key}/cancel", post(cancel))
        .route("/v1/payments/{payment_key}", get(by_key))
        .route("/v1/payments/orders/{order_id}", get(by_order))
}

async fn confirm(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(line): ConnectInfo<Line>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let outcome = desk.change(Call::Confirm, "POST confirm", &headers, |books, now| {
        read::<ConfirmBody>(&body).map_or_else(|refused| refused, |body| books.confirm(&body, now))
    });
    deliver(&desk, &line, outcome).await
}

async fn cancel(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let address = format!("POST {key} cancel");
    let outcome = desk.change(Call::Cancel, &address, &headers, |books, now| {
        read::<CancelBody>(&body).map_or_else(|refused| refused, |body| books.cancel(&key, body, now))
    });
    deliver(&desk, &line, outcome).await
}

async fn by_key(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Response {
    let outcome = desk.read(&headers, |books, now| books.show(&key, now));
    deliver(&desk, &line, outcome).await
}

async fn by_order(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(order_id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let outcome = desk.read(&headers, |books, now| books.show_order(&order_id, now));
    deliver(&desk, &line, outcome).await
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Answer> {
    serde_json::from_slice(body).map_err(|_| Answer::error("INVALID_REQUEST"))
}

/// Sends an answer, with the fault that was set for it.
async fn deliver(desk: &Desk, line: &Line, outcome: Outcome) -> Response {
    match outcome.reply {
        None | Some(Reply::Code(_) | Reply::Crossed(_)) => {}
        Some(Reply::Twice) => line.say_twice(),
        Some(Reply::Cut) => line.cut(),
        Some(Reply::Hang) => desk.released.notified().await,
        Some(Reply::Unreadable(status)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            return (status, "<html>a gateway in between gave up</html>").into_response();
        }
    }
    outcome.answer.into_response()
}
