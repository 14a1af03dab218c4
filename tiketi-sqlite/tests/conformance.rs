//! The cases that every store has to pass, each on a new file.

#![expect(clippy::expect_used, reason = "a store that cannot be opened is a failed test")]

use tempfile::TempDir;
use tiketi_conformance::{Fresh, StoreFactory, async_trait};
use tiketi_sqlite::SqliteStore;

#[derive(Debug)]
struct Sqlite;

#[async_trait]
impl StoreFactory for Sqlite {
    type Store = SqliteStore;
    type Guard = TempDir;

    async fn fresh(&self) -> Fresh<SqliteStore, TempDir> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = SqliteStore::open(folder.path().join("tiketi.db")).expect("a new file opens");
        Fresh::guarded(store, folder)
    }
}

tiketi_conformance::all_cases!(crate::Sqlite);
