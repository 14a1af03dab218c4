//! How many statements wait for a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tiketi_core::{StoreError, StoreErrorKind};

/// Most statements that wait for each connection: a statement takes some milliseconds, so the last one of them waits a
/// part of a second.
pub(crate) const WAITING_FOR_A_CONNECTION: usize = 64;

/// Counts the statements that wait, and refuses further ones.
#[derive(Debug, Clone)]
pub(super) struct Line {
    waiting: Arc<AtomicUsize>,
    most: usize,
}

impl Line {
    /// Counts for a pool of this many connections.
    pub(super) fn of(connections: u32) -> Self {
        let connections = usize::try_from(connections).unwrap_or(usize::MAX);
        Self { waiting: Arc::default(), most: connections.saturating_mul(WAITING_FOR_A_CONNECTION) }
    }

    /// Joins the line until the place is dropped.
    pub(super) fn enter(&self) -> Result<Place, StoreError> {
        let place = Place { waiting: Arc::clone(&self.waiting) };
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.most {
            return Err(StoreError::new(
                StoreErrorKind::Unavailable,
                "too many statements wait for a connection: try again shortly",
            ));
        }
        Ok(place)
    }
}

/// A place in the line.
#[derive(Debug)]
pub(super) struct Place {
    waiting: Arc<AtomicUsize>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
