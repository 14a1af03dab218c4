//! The service of one connection's requests: what is checked before the routes, and the deadline of bodies.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, StatusCode};
use hyper::body::{Frame, Incoming, SizeHint};
use tiketi_http::Refusal;
use tokio::time::{Instant, Sleep, sleep_until};
use tower::ServiceExt;

use super::counts::{ConnectionCounts, Ending};
use super::progress::{Progress, Running};
use super::refusal::Refuser;

/// Longest path with its query, in bytes.
const LONGEST_ADDRESS: usize = 8 << 10;

/// Answers the requests of one connection.
#[derive(Debug, Clone)]
pub(super) struct ConnectionService {
    pub(super) routes: Router,
    pub(super) peer: SocketAddr,
    pub(super) progress: Arc<Progress>,
    pub(super) refuser: Refuser,
    pub(super) counts: Arc<ConnectionCounts>,
    pub(super) body_pause: Duration,
    /// Whether the connection is beyond a limit, and only health checks are answered.
    pub(super) is_spare: bool,
}

impl ConnectionService {
    /// Answers a request.
    ///
    /// It is running from the call on, and not only once the future is polled: the parser reads on in between.
    pub(super) fn answer(
        self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Body>, Infallible>> {
        let running = Running::begin(&self.progress);
        self.answer_running(request, running)
    }

    async fn answer_running(
        self,
        request: Request<Incoming>,
        running: Running,
    ) -> Result<Response<Body>, Infallible> {
        let response = match self.refusal(&request) {
            Some(refusal) => self.refuser.answer(refusal, request.headers()),
            None => self.route(request).await,
        };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.progress.upgrade();
        }
        Ok(response.map(|body| Body::new(Answered { body, _running: running })))
    }

    /// Returns why a request does not reach the routes.
    fn refusal(&self, request: &Request<Incoming>) -> Option<Refusal> {
        let uri = request.uri();
        if self.is_spare && !is_of_operators(uri.path()) {
            return Some(Refusal::TooManyConnections);
        }
        let length = uri.path_and_query().map_or(0, |address| address.as_str().len());
        (length > LONGEST_ADDRESS).then_some(Refusal::AddressTooLong)
    }

    async fn route(&self, request: Request<Incoming>) -> Response<Body> {
        let has_stalled = Arc::<AtomicBool>::default();
        let headers = request.headers().clone();
        let mut request = request.map(|body| {
            let stalled = Arc::clone(&has_stalled);
            Body::new(Arriving { body, pause: self.body_pause, timer: None, has_stalled: stalled })
        });
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let Ok(response) = self.routes.clone().oneshot(request).await;
        if !has_stalled.load(Ordering::Acquire) {
            return response;
        }
        self.counts.ended(Ending::Body);
        self.refuser.answer(Refusal::TooSlow, &headers)
    }
}

/// Returns whether a path is for those who watch the server: they are answered when no one else is.
fn is_of_operators(path: &str) -> bool {
    path == "/health" || path.starts_with("/health/") || path == "/metrics"
}

/// A body that arrives; it ends with an error after a pause that is too long.
#[derive(Debug)]
struct Arriving {
    body: Incoming,
    pause: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    has_stalled: Arc<AtomicBool>,
}

/// Why a body ended.
#[derive(Debug, thiserror::Error)]
enum BodyError {
    #[error("the body did not arrive in time")]
    Stalled,
    #[error(transparent)]
    Broken(#[from] hyper::Error),
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.timer = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(BodyError::from)));
        }
        let until = Instant::now() + self.pause;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
        ready!(timer.as_mut().poll(context));
        self.has_stalled.store(true, Ordering::Release);
        Poll::Ready(Some(Err(BodyError::Stalled)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer; the request is running until it is dropped.
#[derive(Debug)]
struct Answered {
    body: Body,
    _running: Running,
}

impl HttpBody for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
