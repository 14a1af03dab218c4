//! Waiting rooms whose places survive in a file: they pass the cases of any store of waiting rooms.

#![expect(clippy::expect_used, reason = "a store that cannot be opened is a failed test")]

use std::sync::Arc;

use tempfile::TempDir;
use tiketi_conformance::{Fresh, StoreFactory, async_trait};
use tiketi_core::memory::MemoryWaitingRooms;
use tiketi_sqlite::SqliteStore;

/// Rooms in memory with a file as their journal.
#[derive(Debug)]
struct Kept;

#[async_trait]
impl StoreFactory for Kept {
    type Store = MemoryWaitingRooms;
    type Guard = TempDir;

    async fn fresh(&self) -> Fresh<MemoryWaitingRooms, TempDir> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = SqliteStore::open(folder.path().join("tiketi.db")).expect("a new file opens");
        let rooms = MemoryWaitingRooms::restore(Arc::new(store)).await.expect("an empty file has no rooms");
        Fresh::guarded(rooms, folder)
    }
}

tiketi_conformance::waiting_room_cases!(crate::Kept);

/// The file itself.
#[derive(Debug)]
struct File;

#[async_trait]
impl StoreFactory for File {
    type Store = SqliteStore;
    type Guard = TempDir;

    async fn fresh(&self) -> Fresh<SqliteStore, TempDir> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = SqliteStore::open(folder.path().join("tiketi.db")).expect("a new file opens");
        Fresh::guarded(store, folder)
    }
}

tiketi_conformance::room_journal_cases!(crate::File);
