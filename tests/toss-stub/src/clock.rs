//! The stub's clock, which tests can move ahead.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tiketi_core::{Clock, Timestamp};

/// A clock that can be moved ahead of another clock.
#[derive(Debug)]
pub(crate) struct MovableClock {
    base: Arc<dyn Clock>,
    ahead_micros: AtomicI64,
}

impl MovableClock {
    pub(crate) fn over(base: Arc<dyn Clock>) -> Self {
        Self { base, ahead_micros: AtomicI64::new(0) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        let ahead = self.ahead_micros.load(Ordering::SeqCst);
        Timestamp::from_micros(self.base.now().as_micros().saturating_add(ahead))
    }

    pub(crate) fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.ahead_micros.fetch_add(micros, Ordering::SeqCst);
    }
}
