//! Shops to measure: a box office on a new, empty store of the kind asked for.

use std::error::Error;
use std::sync::Arc;

use clap::ValueEnum;
use tempfile::TempDir;
use tiketi_core::BoxOffice;
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_sqlite::SqliteStore;

/// A kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    #[value(name = "memory:", alias = "memory")]
    Memory,
    #[value(name = "sqlite")]
    Sqlite,
}

impl Store {
    /// Returns the word the figures are printed under.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
        }
    }
}

/// A shop with nothing in it, and what has to live as long.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) box_office: BoxOffice,
    pub(crate) guard: Guard,
}

/// What a shop's store lives in.
#[derive(Debug)]
pub(crate) enum Guard {
    Nothing,
    Folder(TempDir),
}

impl Shop {
    /// Opens a shop on a new store.
    pub(crate) fn open(store: Store) -> Result<Self, Box<dyn Error>> {
        let builder = BoxOffice::builder().gateway(Arc::new(TestGateway::default()));
        let (builder, guard) = match store {
            Store::Memory => (builder.store(Arc::new(MemoryStore::default())), Guard::Nothing),
            Store::Sqlite => {
                let folder = tempfile::tempdir()?;
                let store = SqliteStore::open(folder.path().join("bench.db"))?;
                (builder.store(Arc::new(store)), Guard::Folder(folder))
            }
        };
        Ok(Self { box_office: builder.build()?, guard })
    }
}
