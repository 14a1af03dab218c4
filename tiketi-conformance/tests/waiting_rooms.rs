//! Runs every waiting-room case on the in-memory waiting rooms.

use tiketi_conformance::{Fresh, StoreFactory, async_trait};
use tiketi_core::memory::MemoryWaitingRooms;

#[derive(Debug)]
struct Memory;

#[async_trait]
impl StoreFactory for Memory {
    type Store = MemoryWaitingRooms;
    type Guard = ();

    async fn fresh(&self) -> Fresh<MemoryWaitingRooms> {
        Fresh::new(MemoryWaitingRooms::default())
    }
}

tiketi_conformance::waiting_room_cases!(crate::Memory);
