//! Runs every case on the in-memory store.

use tiketi_conformance::{CommandOrder, Fresh, StoreFactory, async_trait};
use tiketi_core::memory::MemoryStore;

#[derive(Debug)]
struct Memory;

#[async_trait]
impl StoreFactory for Memory {
    type Store = MemoryStore;
    type Guard = ();

    async fn fresh(&self) -> Fresh<MemoryStore> {
        Fresh::new(MemoryStore::default())
    }

    fn command_order(&self) -> CommandOrder {
        CommandOrder::AsSent
    }
}

tiketi_conformance::all_cases!(crate::Memory);
