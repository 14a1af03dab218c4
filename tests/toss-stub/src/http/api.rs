//! The part of the core API that a shop uses.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::de::DeserializeOwned;

use super::request_handler::{Outcome, RequestHandler};
use crate::answer::Answer;
use crate::connection::ConnectionFault;
use crate::fault::{Call, Reply};
use crate::payment_table::{CancelBody, ConfirmBody};

pub(super) fn routes() -> Router<Arc<RequestHandler>> {
    Router::new()
        .route("/v1/payments/confirm", post(confirm))
        .route("/v1/payments/{payment_key}/cancel", post(cancel))
        .route("/v1/payments/{payment_key}", get(by_key))
        .route("/v1/payments/orders/{order_id}", get(by_order))
}

async fn confirm(
    State(handler): State<Arc<RequestHandler>>,
    ConnectInfo(connection): ConnectInfo<ConnectionFault>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let outcome = handler.change(Call::Confirm, "POST confirm", &headers, |payments, now| {
        read::<ConfirmBody>(&body).map_or_else(|refused| refused, |body| payments.confirm(&body, now))
    });
    deliver(&handler, &connection, outcome).await
}

async fn cancel(
    State(handler): State<Arc<RequestHandler>>,
    ConnectInfo(connection): ConnectInfo<ConnectionFault>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let address = format!("POST {key} cancel");
    let outcome = handler.change(Call::Cancel, &address, &headers, |payments, now| {
        read::<CancelBody>(&body).map_or_else(|refused| refused, |body| payments.cancel(&key, body, now))
    });
    deliver(&handler, &connection, outcome).await
}

async fn by_key(
    State(handler): State<Arc<RequestHandler>>,
    ConnectInfo(connection): ConnectInfo<ConnectionFault>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Response {
    let outcome = handler.read(&headers, |payments, now| payments.show(&key, now));
    deliver(&handler, &connection, outcome).await
}

async fn by_order(
    State(handler): State<Arc<RequestHandler>>,
    ConnectInfo(connection): ConnectInfo<ConnectionFault>,
    Path(order_id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let outcome = handler.read(&headers, |payments, now| payments.show_order(&order_id, now));
    deliver(&handler, &connection, outcome).await
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Answer> {
    serde_json::from_slice(body).map_err(|_| Answer::error("INVALID_REQUEST"))
}

/// Sends an answer, with the fault that was set for it.
async fn deliver(handler: &RequestHandler, connection: &ConnectionFault, outcome: Outcome) -> Response {
    match outcome.reply {
        None | Some(Reply::Code(_) | Reply::Crossed(_)) => {}
        Some(Reply::Twice) => connection.write_twice(),
        Some(Reply::Cut) => connection.cut(),
        Some(Reply::Hang) => handler.released.notified().await,
        Some(Reply::Unreadable(status)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            return (status, "<html>a gateway in between gave up</html>").into_response();
        }
    }
    outcome.answer.into_response()
}
