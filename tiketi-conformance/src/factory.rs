//! How an adapter opens a new store for each case.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use tiketi_core::store::{
    AuditStore, CatalogStore, InboxStore, LayoutStore, OutboxStore, SalesStore, StoreClock, StoreProbe,
};

/// Opens a new store for each case.
///
/// Implement it once for each adapter; every list of cases uses it.
#[async_trait]
pub trait StoreFactory: Debug + Send + Sync + 'static {
    /// The adapter under test.
    type Store: Send + Sync + 'static;
    /// What must live as long as the store, such as a temporary folder.
    ///
    /// `()` if there is nothing.
    type Guard: Send + 'static;

    /// Opens an empty store.
    ///
    /// # Contract
    ///
    /// Two stores MUST NOT see each other's rows, because cases run concurrently.
    async fn fresh(&self) -> Fresh<Self::Store, Self::Guard>;

    /// Returns in which order one handle decides commands that are under way at once; not known by default.
    ///
    /// It decides whether [`crate::workload_cases!`] may send several commands at once.
    fn command_order(&self) -> CommandOrder {
        CommandOrder::Unknown
    }

    /// Closes what [`StoreFactory::fresh`] opened.
    ///
    /// Called after every case, passed or failed.
    async fn end(&self, guard: Self::Guard) {
        drop(guard);
    }
}

/// In which order one handle of a store decides commands of one event that are under way at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a factory states one of two cases")]
pub enum CommandOrder {
    /// In the order in which they were sent, as with a queue.
    AsSent,
    /// In any order: a case that needs to know it sends them one by one.
    Unknown,
}

/// An empty store, with what must live as long as it.
#[derive(Debug)]
pub struct Fresh<S, G = ()> {
    pub(crate) handles: Vec<Arc<S>>,
    pub(crate) guard: G,
}

impl<S> Fresh<S> {
    /// Wraps a store that needs nothing else.
    pub fn new(store: S) -> Self {
        Self::guarded(store, ())
    }
}

impl<S, G> Fresh<S, G> {
    /// Wraps a store with what must live as long as it.
    pub fn guarded(store: S, guard: G) -> Self {
        Self { handles: vec![Arc::new(store)], guard }
    }

    /// Adds a second handle to the same data, as another server has.
    ///
    /// Cases use the handles round-robin, so that races also happen between servers.
    #[must_use]
    pub fn also_open_as(mut self, store: S) -> Self {
        self.handles.push(Arc::new(store));
        self
    }
}

/// What the cases about selling need of a store.
///
/// A case about selling needs events to sell and facts to check, so the three traits go together.
/// Implemented for every type that has the three traits.
pub trait SellingStore: SalesStore + CatalogStore + OutboxStore {}

impl<S: SalesStore + CatalogStore + OutboxStore> SellingStore for S {}

/// What a box office and an audit need of a store.
///
/// Implemented for every type that has all these traits.
pub trait WholeStore: SellingStore + LayoutStore + InboxStore + StoreClock + StoreProbe + AuditStore {}

impl<S: SellingStore + LayoutStore + InboxStore + StoreClock + StoreProbe + AuditStore> WholeStore for S {}
