//! Holds the in-memory leases to their cases.

use tiketi_conformance::{Fresh, StoreFactory, async_trait};
use tiketi_core::memory::MemoryLeases;

#[derive(Debug)]
struct Memory;

#[async_trait]
impl StoreFactory for Memory {
    type Store = MemoryLeases;
    type Guard = ();

    async fn fresh(&self) -> Fresh<MemoryLeases> {
        Fresh::new(MemoryLeases::default())
    }
}

tiketi_conformance::lease_cases!(crate::Memory);
