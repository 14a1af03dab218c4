//! What an adapter brings: a way to open a fresh store for each case.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use tiketi_core::store::{CatalogStore, OutboxStore, SalesStore};

/// Opens a fresh store for each case.
///
/// Implement it once for an adapter; every list of cases runs against it.
#[async_trait]
pub trait StoreFactory: Debug + Send + Sync + 'static {
    /// The adapter under test.
    type Store: Send + Sync + 'static;
    /// What has to outlive the store, such as a temporary folder.
    ///
    /// `()` if nothing has to.
    type Guard: Send + 'static;

    /// Opens a store that nothing was ever written to.
    ///
    /// # Contract
    ///
    /// Two stores MUST NOT see each other's rows: cases run side by side.
    async fn fresh(&self) -> Fresh<Self::Store, Self::Guard>;

    /// Closes what [`StoreFactory::fresh`] opened.
    ///
    /// Called after every case, passed or failed.
    async fn end(&self, guard: Self::Guard) {
        drop(guard);
    }
}

/// A store nothing was ever written to, with what keeps it alive.
#[derive(Debug)]
pub struct Fresh<S, G = ()> {
    pub(crate) handles: Vec<Arc<S>>,
    pub(crate) guard: G,
}

impl<S> Fresh<S> {
    /// Hands over a store that nothing else has to outlive.
    pub fn new(store: S) -> Self {
        Self::guarded(store, ())
    }
}

impl<S, G> Fresh<S, G> {
    /// Hands over a store with what has to outlive it.
    pub fn guarded(store: S, guard: G) -> Self {
        Self { handles: vec![Arc::new(store)], guard }
    }

    /// Adds a second opening of the same data, as another server has.
    ///
    /// Cases take the handles round-robin: races then happen between servers too.
    #[must_use]
    pub fn also_open_as(mut self, store: S) -> Self {
        self.handles.push(Arc::new(store));
        self
    }
}

/// What the cases about selling need of a store.
///
/// Selling cannot be judged without events to sell and facts to read, so the three go together.
/// Implemented by every type that has the three.
pub trait SellingStore: SalesStore + CatalogStore + OutboxStore {}

impl<S: SalesStore + CatalogStore + OutboxStore> SellingStore for S {}
