//! Runs every lease case on the in-memory leases.

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
