//! Connections of clients: accepted up to a limit, with a deadline for each part of a request.

// From the top down: this file accepts and serves; service; stream; refusal; places, progress, counts; settings.
mod counts;
mod places;
mod progress;
mod refusal;
mod service;
mod settings;
mod stream;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tiketi_http::TrustedProxies;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use counts::ConnectionCounts;
use counts::Ending;
use places::{Place, Places};
use progress::Progress;
use refusal::Refuser;
use service::ConnectionService;
pub(crate) use settings::ConnectionSettings;
use settings::Deadlines;
use stream::GuardedStream;

/// Longest wait for running requests once the server stops.
const DRAIN: Duration = Duration::from_secs(20);
/// Largest headers of a request, and what is buffered of a body or an answer, in bytes.
const BUFFERED: usize = 32 << 10;
/// Deadline of each part of a request of a connection beyond the limits.
const SPARE_DEADLINE: Duration = Duration::from_secs(2);
/// Pause after the system could not accept a connection, mostly because no file is free.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// Pause between two log lines about connections beyond the limits.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(10);

/// Serves the routes to the clients of an address.
#[derive(Debug)]
pub(crate) struct Connections {
    routes: Router,
    deadlines: Deadlines,
    places: Arc<Places>,
    counts: Arc<ConnectionCounts>,
    /// Ends idle connections, and each other one after its request.
    drain: CancellationToken,
    /// Ends every connection at once.
    abort: CancellationToken,
    tasks: TaskTracker,
    warnings: Warnings,
}

impl Connections {
    /// Prepares to serve the routes.
    pub(crate) fn new(
        routes: Router,
        settings: &ConnectionSettings,
        proxies: TrustedProxies,
        counts: ConnectionCounts,
    ) -> Self {
        let (limits, counts) = (settings.limits.within_open_files(), Arc::new(counts));
        counts.set_most(limits.all);
        Self {
            routes,
            deadlines: settings.deadlines,
            places: Arc::new(Places::new(limits, proxies, Arc::clone(&counts))),
            counts,
            drain: CancellationToken::new(),
            abort: CancellationToken::new(),
            tasks: TaskTracker::new(),
            warnings: Warnings::default(),
        }
    }

    /// Accepts connections until `stop`, then finishes the requests that run.
    ///
    /// Idle connections end at once, and a client that is slow to send headers or to read its answer has seconds.
    pub(crate) async fn serve(self, listener: TcpListener, stop: &CancellationToken) {
        while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((stream, peer)) => self.accept(stream, peer),
                Err(error) if is_of_one_client(&error) => {}
                Err(error) => {
                    self.warnings.warn(|| tracing::error!(%error, "cannot accept a connection"));
                    sleep(ACCEPT_AGAIN).await;
                }
            }
        }
        drop(listener);
        self.drain.cancel();
        self.tasks.close();
        if timeout(DRAIN, self.tasks.wait()).await.is_err() {
            tracing::warn!(after = ?DRAIN, connections = self.tasks.len(), "aborting requests that still run");
            self.abort.cancel();
            self.tasks.wait().await;
        }
    }

    fn accept(&self, stream: TcpStream, peer: SocketAddr) {
        // Small answers are sent at once. A connection that is gone already fails later.
        let _gone = stream.set_nodelay(true);
        let place = self.places.take(peer.ip());
        self.tasks.spawn(self.serve_one(stream, peer, place));
    }

    /// Serves one connection until it ends, or speaks another protocol.
    fn serve_one(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        place: Place,
    ) -> impl Future<Output = ()> + use<> {
        let spare = place.spare();
        let deadlines = match &spare {
            Some((beyond, _)) => {
                self.counts.beyond(beyond.word());
                self.warnings.warn(|| {
                    let limit = beyond.word();
                    tracing::warn!(limit, client = %peer.ip(), "connections are beyond a limit; only health checks are answered there");
                });
                Deadlines::all(SPARE_DEADLINE)
            }
            None => self.deadlines,
        };
        let progress = Arc::<Progress>::default();
        let refuser = Refuser::new(peer.ip(), Arc::clone(&self.counts));
        let shared = (Arc::clone(&progress), refuser.clone(), Arc::clone(&self.counts));
        let stream = GuardedStream::new(stream, place, deadlines, shared);
        let service = ConnectionService {
            routes: self.routes.clone(),
            peer,
            progress: Arc::clone(&progress),
            refuser,
            counts: Arc::clone(&self.counts),
            body_pause: deadlines.body,
            is_spare: spare.is_some(),
        };
        let (drain, abort, counts) = (self.drain.clone(), self.abort.clone(), Arc::clone(&self.counts));
        async move {
            let replaced = async move {
                match spare {
                    Some((_, end)) => end.cancelled_owned().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = serve_http(stream, service, progress, drain) => {}
                () = replaced => {}
                () = abort.cancelled() => counts.ended(Ending::Stop),
            }
        }
    }
}

/// Serves HTTP/1.1 on a stream. After `drain` the connection ends with the request that runs.
async fn serve_http(
    stream: GuardedStream,
    service: ConnectionService,
    progress: Arc<Progress>,
    drain: CancellationToken,
) {
    let is_kept = !service.is_spare;
    let answer = service_fn(move |request| service.clone().answer(request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // The stream has this deadline, and answers with it.
        .header_read_timeout(None)
        .max_buf_size(BUFFERED)
        .keep_alive(is_kept)
        .serve_connection(TokioIo::new(stream), answer)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    // An error is of the client or its network: it is counted where it is known why.
    tokio::select! {
        _ended = connection.as_mut() => return,
        () = drain.cancelled() => {}
    }
    progress.stop();
    connection.as_mut().graceful_shutdown();
    let _ended = connection.await;
}

/// Returns whether an error concerns a client that has gone, and not the server.
fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Limits log lines that clients can bring about.
#[derive(Debug)]
struct Warnings {
    since: Instant,
    /// When the next line may be written, in milliseconds since the start.
    next: AtomicU64,
}

impl Default for Warnings {
    fn default() -> Self {
        Self { since: Instant::now(), next: AtomicU64::new(0) }
    }
}

impl Warnings {
    fn warn(&self, write: impl FnOnce()) {
        let now = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let pause = u64::try_from(BETWEEN_WARNINGS.as_millis()).unwrap_or(u64::MAX);
        let next = self.next.load(Ordering::Relaxed);
        let is_due = now >= next;
        if is_due
            && self.next.compare_exchange(next, now + pause, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            write();
        }
    }
}
