//! What a connection and the service of its requests know of each other.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

/// Time in which a client takes the rest of its answer once the server stops.
const LAST_WRITES: Duration = Duration::from_secs(5);
/// Time in which the headers of a request that has begun arrive once the server stops.
const LAST_HEADERS: Duration = Duration::from_secs(1);

/// How far the requests of a connection are.
#[derive(Debug)]
pub(super) struct Progress {
    opened: Instant,
    /// When the last answer was complete, in microseconds since the connection was opened.
    answered: AtomicU64,
    /// Requests whose headers were read, since the connection began.
    begun: AtomicU32,
    /// Requests whose answer is not yet complete.
    running: AtomicU32,
    has_upgraded: AtomicBool,
    /// When the server began to stop.
    stopping: OnceLock<Instant>,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            opened: Instant::now(),
            answered: AtomicU64::new(0),
            begun: AtomicU32::new(0),
            running: AtomicU32::new(0),
            has_upgraded: AtomicBool::new(false),
            stopping: OnceLock::new(),
        }
    }
}

impl Progress {
    /// Returns when the last answer was complete, or else when the connection was opened.
    pub(super) fn idle_since(&self) -> Instant {
        self.opened + Duration::from_micros(self.answered.load(Ordering::Acquire))
    }

    /// Returns how many requests have begun, wrapping around.
    pub(super) fn begun(&self) -> u32 {
        self.begun.load(Ordering::Acquire)
    }

    /// Returns whether a request is being answered.
    pub(super) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire) > 0
    }

    /// Returns whether the connection speaks another protocol now, which has its own deadlines.
    pub(super) fn has_upgraded(&self) -> bool {
        self.has_upgraded.load(Ordering::Acquire)
    }

    pub(super) fn upgrade(&self) {
        self.has_upgraded.store(true, Ordering::Release);
    }

    /// Shortens every deadline, because the server stops.
    pub(super) fn stop(&self) {
        let _known = self.stopping.set(Instant::now());
    }

    /// Returns until when a client may take the rest of its answer, if the server stops.
    pub(super) fn last_write(&self) -> Option<Instant> {
        self.stopping.get().map(|began| *began + LAST_WRITES)
    }

    /// Returns until when the headers of a request may arrive, if the server stops.
    pub(super) fn last_headers(&self) -> Option<Instant> {
        self.stopping.get().map(|began| *began + LAST_HEADERS)
    }
}

/// A request that is being answered, until its answer is complete.
#[derive(Debug)]
pub(super) struct Running(Arc<Progress>);

impl Running {
    pub(super) fn begin(progress: &Arc<Progress>) -> Self {
        progress.running.fetch_add(1, Ordering::AcqRel);
        progress.begun.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(progress))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let now = u64::try_from(self.0.opened.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.0.answered.store(now, Ordering::Release);
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}
