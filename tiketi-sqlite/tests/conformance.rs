//! The cases that every store must pass, each on a new file, and those of waiting rooms with a journal in a file.

#![expect(clippy::expect_used, reason = "a store that cannot be opened is a failed test")]

use std::sync::Arc;

use tempfile::TempDir;
use tiketi_conformance::{CommandOrder, Fresh, StoreFactory, async_trait};
use tiketi_core::clock::SystemClock;
use tiketi_core::id::LeaseOwner;
use tiketi_core::memory::MemoryWaitingRooms;
use tiketi_sqlite::SqliteStore;
use uuid::Uuid;

/// Opens a store on a new file.
fn opened() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = SqliteStore::open(folder.path().join("tiketi.db")).expect("a new file opens");
    (store, folder)
}

#[derive(Debug)]
struct Sqlite;

#[async_trait]
impl StoreFactory for Sqlite {
    type Store = SqliteStore;
    type Guard = TempDir;

    async fn fresh(&self) -> Fresh<SqliteStore, TempDir> {
        let (store, folder) = opened();
        Fresh::guarded(store, folder)
    }

    fn command_order(&self) -> CommandOrder {
        CommandOrder::AsSent
    }
}

tiketi_conformance::all_cases!(crate::Sqlite);
tiketi_conformance::room_journal_cases!(crate::Sqlite);

/// Waiting rooms in memory with a SQLite file as their journal.
#[derive(Debug)]
struct SavedRooms;

#[async_trait]
impl StoreFactory for SavedRooms {
    type Store = MemoryWaitingRooms;
    type Guard = TempDir;

    async fn fresh(&self) -> Fresh<MemoryWaitingRooms, TempDir> {
        let (store, folder) = opened();
        let owner = LeaseOwner::from_uuid(Uuid::from_u128(1));
        let rooms = MemoryWaitingRooms::restore(Arc::new(store), Arc::new(SystemClock), owner).await;
        let rooms = rooms.expect("an empty file has no rooms");
        Fresh::guarded(rooms, folder)
    }
}

tiketi_conformance::waiting_room_cases!(crate::SavedRooms);
