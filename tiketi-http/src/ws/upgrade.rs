//! The request that opens a socket.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, request::Parts};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::channels::{Counted, Signal};
use crate::error::{ApiError, Code};
use crate::extract::ClientAddress;
use crate::state::AppState;
use crate::ws::connection::Connection;

/// How long a connection may take to change its protocol after the answer.
const UPGRADE_WITHIN: Duration = Duration::from_secs(10);
/// The version of the protocol (source: RFC 6455, 4.1).
const VERSION: HeaderValue = HeaderValue::from_static("13");

/// Opens a socket: `/ws`.
pub(super) async fn open(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    request: Request,
) -> Result<Response, Response> {
    let (mut parts, _) = request.into_parts();
    let accept = accept_of(&parts.headers);
    let upgrade = parts.extensions.remove::<OnUpgrade>();
    let (Some(accept), Some(upgrade)) = (accept, upgrade) else { return Err(upgrade_required()) };
    if !state.allowed_origins().allows(&parts.headers) {
        return Err(ApiError::new(Code::OriginNotAllowed).into_response());
    }
    let signal = Arc::<Signal>::default();
    let counted = state.sockets().counter.add(address, &signal);
    let counted = counted.map_err(|_| ApiError::new(Code::TooBusy).into_response())?;
    let tasks = state.sockets().tasks.clone();
    tasks.spawn(serve(state, upgrade, (signal, counted), parts));
    let headers = [
        (CONNECTION, HeaderValue::from_static("upgrade")),
        (UPGRADE, HeaderValue::from_static("websocket")),
        (SEC_WEBSOCKET_ACCEPT, accept),
    ];
    Ok((StatusCode::SWITCHING_PROTOCOLS, headers).into_response())
}

async fn serve(state: AppState, upgrade: OnUpgrade, counted: (Arc<Signal>, Counted), parts: Parts) {
    if let Ok(Ok(upgraded)) = tokio::time::timeout(UPGRADE_WITHIN, upgrade).await {
        // In a box of its own: what it needs while it begins is not kept for as long as it is open.
        let connection = Box::pin(Connection::new(state, TokioIo::new(upgraded), counted, parts)).await;
        connection.run().await;
    }
}

/// Returns the key that accepts a handshake; `None` if the request is none.
fn accept_of(headers: &HeaderMap) -> Option<HeaderValue> {
    let is_handshake = has_token(headers, &CONNECTION, "upgrade")
        && has_token(headers, &UPGRADE, "websocket")
        && headers.get(SEC_WEBSOCKET_VERSION) == Some(&VERSION);
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| is_handshake)?;
    HeaderValue::try_from(derive_accept_key(key.as_bytes())).ok()
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|found| found.trim().eq_ignore_ascii_case(token))
}

/// Answers a request that is no handshake; it says how to open a socket (source: RFC 9110, 15.5.22).
fn upgrade_required() -> Response {
    let headers = [(CONNECTION, "upgrade"), (UPGRADE, "websocket"), (SEC_WEBSOCKET_VERSION, "13")];
    (headers, ApiError::new(Code::UpgradeRequired)).into_response()
}
