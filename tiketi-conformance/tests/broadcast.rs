//! Runs every case of live news on the broadcast within one process.

use tiketi_conformance::{Fresh, StoreFactory, async_trait};
use tiketi_core::memory::MemoryBroadcast;

#[derive(Debug)]
struct Memory;

#[async_trait]
impl StoreFactory for Memory {
    type Store = MemoryBroadcast;
    type Guard = ();

    async fn fresh(&self) -> Fresh<MemoryBroadcast> {
        Fresh::new(MemoryBroadcast::default())
    }
}

tiketi_conformance::broadcast_cases!(crate::Memory);
