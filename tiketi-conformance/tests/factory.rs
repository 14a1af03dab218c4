//! The runner uses each store that a factory opens, and drops its guard.

#![expect(clippy::panic, reason = "one case fails on purpose")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use tiketi_conformance::{Fresh, Handles, StoreFactory, async_trait, runner};
use tiketi_core::memory::MemoryStore;
use tiketi_core::store::AnswerStore;

/// A factory that opens two different stores instead of one store twice, so that a case can distinguish them.
#[derive(Debug, Default)]
struct TwoOpenings {
    ended: AtomicUsize,
}

#[async_trait]
impl StoreFactory for TwoOpenings {
    type Store = MemoryStore;
    type Guard = &'static str;

    async fn fresh(&self) -> Fresh<MemoryStore, &'static str> {
        Fresh::guarded(MemoryStore::default(), "a folder").also_open_as(MemoryStore::default())
    }

    async fn end(&self, guard: &'static str) {
        assert_eq!(guard, "a folder");
        self.ended.fetch_add(1, Ordering::SeqCst);
    }
}

async fn takes_both_openings(stores: Handles<dyn AnswerStore>) {
    let opening = || std::sync::Arc::as_ptr(&stores.any()).cast::<()>() as usize;
    let (first, second, third) = (opening(), opening(), opening());
    assert!(first != second && first == third);
}

async fn fails(stores: Handles<dyn AnswerStore>) {
    drop(stores);
    panic!("as it should");
}

#[test]
fn openings_are_taken_in_turn_and_the_guard_ends_after_the_case() {
    let factory = TwoOpenings::default();
    runner::answers(&factory, takes_both_openings);
    assert_eq!(factory.ended.load(Ordering::SeqCst), 1);
}

#[test]
fn a_failed_case_fails_and_still_ends_its_guard() {
    let factory = TwoOpenings::default();
    let failed = catch_unwind(AssertUnwindSafe(|| runner::answers(&factory, fails)));
    assert_eq!(failed.unwrap_err().downcast_ref::<&str>(), Some(&"as it should"));
    assert_eq!(factory.ended.load(Ordering::SeqCst), 1);
}
