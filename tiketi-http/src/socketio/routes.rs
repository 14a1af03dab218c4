//! The requests of Socket.IO: `/socket.io`.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use hyper_util::rt::TokioIo;
use socketioxide::service::SocketIoService;
use socketioxide::{ParserConfig, SocketIo};
use tokio::time::timeout;
use tower::Service;

use crate::channels::{Signal, SocketLimits};
use crate::error::{ApiError, Code};
use crate::extract::ClientAddress;
use crate::socketio::clients;
use crate::socketio::hub::Hub;
use crate::socketio::peer::Peer;
use crate::socketio::write_deadline::WriteDeadline;
use crate::state::AppState;

/// Messages that wait for one client; with more, it is told what it missed once it has read.
const MOST_WAITING: usize = 64;
/// How long a connection may take to change its protocol after the answer.
const UPGRADE_WITHIN: Duration = Duration::from_secs(10);
/// How long the clients may take to go when the server stops.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// The server of Socket.IO.
#[derive(Clone)]
struct Engine {
    service: SocketIoService<Router>,
    io: SocketIo,
    hub: Arc<Hub>,
    /// Set once the task waits that ends the connections.
    is_watched: Arc<OnceLock<()>>,
}

/// Returns the routes of Socket.IO.
pub(crate) fn routes(state: &AppState) -> Router {
    let hub = Arc::new(Hub::new(state.clone()));
    let (service, io) = builder(&state.sockets().limits).build_with_inner_svc(Router::new());
    clients::serve(&io, &hub);
    let engine = Engine { service, io, hub, is_watched: Arc::default() };
    // With and without the slash: the client writes one, and proxies take it away.
    Router::new().route("/socket.io", any(answer)).route("/socket.io/", any(answer)).with_state(engine)
}

fn builder(limits: &SocketLimits) -> socketioxide::SocketIoBuilder {
    let parser = ParserConfig::common().max_incoming_binaries(0).max_incoming_binary_buf_size(0);
    SocketIo::builder()
        .with_parser(parser)
        .ping_interval(limits.ping_every)
        .ping_timeout(limits.ping_every)
        .connect_timeout(limits.first_message_within)
        .upgrade_timeout(UPGRADE_WITHIN)
        .max_buffer_size(MOST_WAITING)
        .max_payload(limits.message_bytes as u64)
        .ws_max_message_size(limits.message_bytes)
        .ws_max_frame_size(limits.message_bytes)
}

async fn answer(State(engine): State<Engine>, request: Request) -> Response {
    engine.answer(request).await.unwrap_or_else(IntoResponse::into_response)
}

impl Engine {
    async fn answer(mut self, mut request: Request) -> Result<Response, ApiError> {
        let state = &self.hub.state;
        if !state.allowed_origins().allows(request.headers()) {
            return Err(ApiError::new(Code::OriginNotAllowed));
        }
        if opens(request.uri()) {
            self.is_watched.get_or_init(|| self.watch());
            let (mut parts, body) = request.into_parts();
            let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(&mut parts, state).await;
            request = Request::from_parts(parts, body);
            let counted = state.sockets().counter.add(address, &Arc::<Signal>::default());
            let counted = counted.map_err(|_| ApiError::new(Code::TooBusy))?;
            let peer = Arc::new(Peer::new(state.sockets().limits, Some(counted)));
            request.extensions_mut().insert(peer);
        }
        let within = self.within(request.method());
        let upgrade = hyper::upgrade::on(&mut request);
        let (parts, body) = request.into_parts();
        let opening = Request::from_parts(parts.clone(), ());
        let answered = timeout(within, self.service.call(Request::from_parts(parts, body))).await;
        let Ok(Ok(response)) = answered else { return Err(ApiError::new(Code::TimedOut)) };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            tokio::spawn(self.run(upgrade, opening));
        }
        Ok(response.map(Body::new))
    }

    /// Returns how long a request may take. A read waits for a message, and the server sends a ping by then.
    fn within(&self, method: &Method) -> Duration {
        match *method {
            Method::GET => self.hub.state.sockets().limits.ping_every * 2,
            _ => self.hub.state.limits().request_timeout,
        }
    }

    /// Serves a WebSocket. The engine gets the connection from here, so that its writes have a deadline.
    async fn run(mut self, upgrade: hyper::upgrade::OnUpgrade, opening: Request<()>) {
        let write_within = self.hub.state.sockets().limits.write_within;
        if let Ok(Ok(upgraded)) = timeout(UPGRADE_WITHIN, upgrade).await {
            let connection = WriteDeadline::new(TokioIo::new(upgraded), write_within);
            // It was parsed before it was answered.
            let _ = self.service.call((connection, opening)).await;
        }
    }

    /// Ends all connections when the server stops.
    fn watch(&self) {
        let (io, sockets) = (self.io.clone(), self.hub.state.sockets());
        let closing = sockets.closing.clone();
        sockets.tasks.spawn(async move {
            closing.cancelled().await;
            // Their transport ends, and clients connect again, after a random time of their own.
            if timeout(CLOSE_WITHIN, io.close()).await.is_err() {
                tracing::debug!("some clients of Socket.IO did not go in time");
            }
        });
    }
}

/// Returns whether a request opens a session, as the engine decides it.
fn opens(uri: &Uri) -> bool {
    !uri.query().unwrap_or_default().split('&').any(|pair| pair.starts_with("sid="))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_request_without_an_id_opens_a_session() {
        let opens = |query: &str| super::opens(&format!("/socket.io/?EIO=4{query}").parse().unwrap());
        assert!(opens("&transport=polling") && opens("") && opens("&asid=1"));
        assert!(!opens("&transport=polling&sid=abc") && !opens("&sid="));
    }
}
