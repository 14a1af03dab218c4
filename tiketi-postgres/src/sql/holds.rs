//! How long connections of a pool are waited for and held.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tiketi_core::metrics::{ConnectionMeasured, Metrics};
use tokio::time::Instant;

/// Measures the connections of one pool, once a host has set its metrics.
#[derive(Debug, Clone)]
pub(crate) struct Holds {
    pool: &'static str,
    metrics: Arc<OnceLock<Arc<dyn Metrics>>>,
}

impl Holds {
    /// Measures a pool under a name.
    pub(crate) fn of(pool: &'static str) -> Self {
        Self { pool, metrics: Arc::default() }
    }

    /// Sends measurements to `metrics`; a second call has no effect.
    pub(crate) fn set(&self, metrics: Arc<dyn Metrics>) {
        let _set_before = self.metrics.set(metrics);
    }

    /// Begins to wait for a connection.
    pub(super) fn wait(&self) -> Waiting {
        Waiting { holds: self.clone(), began: Instant::now() }
    }
}

/// The wait for a connection.
pub(super) struct Waiting {
    holds: Holds,
    began: Instant,
}

impl Waiting {
    /// A connection is there; it is held until the answer is dropped.
    pub(super) fn held(self) -> Held {
        Held { waited: self.began.elapsed(), since: Instant::now(), holds: self.holds }
    }
}

/// A connection that is held; dropping it records for how long.
pub(super) struct Held {
    holds: Holds,
    waited: Duration,
    since: Instant,
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(metrics) = self.holds.metrics.get() {
            let held = self.since.elapsed();
            metrics.connection(&ConnectionMeasured::new(self.holds.pool, self.waited, held));
        }
    }
}
