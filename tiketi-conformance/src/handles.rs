//! The handles of one store, taken round-robin.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Returns the handles of one store round-robin.
pub struct Handles<S: ?Sized>(Arc<Openings<S>>);

struct Openings<S: ?Sized> {
    stores: Vec<Arc<S>>,
    turn: AtomicUsize,
}

impl<S: ?Sized> Handles<S> {
    /// Collects the handles of one store; there is at least one.
    pub fn new(stores: Vec<Arc<S>>) -> Self {
        assert!(!stores.is_empty(), "a store has to be opened to be tested");
        Self(Arc::new(Openings { stores, turn: AtomicUsize::new(0) }))
    }

    /// Returns every opening.
    pub fn all(&self) -> &[Arc<S>] {
        &self.0.stores
    }

    /// Returns the next handle, round-robin.
    pub fn any(&self) -> Arc<S> {
        let turn = self.0.turn.fetch_add(1, Ordering::Relaxed);
        Arc::clone(&self.0.stores[turn % self.0.stores.len()])
    }
}

impl<S: ?Sized> Clone for Handles<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: ?Sized> fmt::Debug for Handles<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handles").field("openings", &self.0.stores.len()).finish_non_exhaustive()
    }
}
