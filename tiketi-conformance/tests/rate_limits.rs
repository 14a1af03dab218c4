//! Holds the in-memory rate limits to their cases.

use tiketi_conformance::{Fresh, StoreFactory, async_trait};
use tiketi_core::memory::MemoryRateLimits;

#[derive(Debug)]
struct Memory;

#[async_trait]
impl StoreFactory for Memory {
    type Store = MemoryRateLimits;
    type Guard = ();

    async fn fresh(&self) -> Fresh<MemoryRateLimits> {
        Fresh::new(MemoryRateLimits::default())
    }
}

tiketi_conformance::rate_limit_cases!(crate::Memory);
