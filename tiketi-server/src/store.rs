//! The store that `--store` names.

pub(crate) mod file;
pub(crate) mod postgres;
pub(crate) mod scratch;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tiketi_core::{broadcast::Broadcast, memory::MemoryStore, store::RoomJournal};
use tiketi_postgres::{Durability, PostgresBroadcast, PostgresStore, SchemaName};
use tiketi_sqlite::SqliteStore;

use crate::failure::Failure;
use postgres::Database;

const KINDS: &str = "`sqlite:PATH`, `postgres://USER:PASSWORD@HOST/DATABASE` and `memory:`";

/// Where data is stored.
#[derive(Debug, Clone)]
pub(crate) enum StoreKind {
    /// In the process; data is lost when it ends.
    Memory,
    /// In a file.
    Sqlite(PathBuf),
    /// In a database that many servers share.
    Postgres(Database),
}

impl StoreKind {
    /// Opens it with so many connections; a database is first migrated if `migrate` is set.
    pub(crate) async fn open(&self, connections: u32, migrate: bool) -> Result<Opened, Failure> {
        match self {
            Self::Memory => Ok(Opened::Memory(Arc::new(MemoryStore::default()))),
            Self::Sqlite(path) => Ok(Opened::Sqlite(Arc::new(file::open(path)?))),
            Self::Postgres(database) => {
                if migrate {
                    database.migrate().await?;
                }
                Ok(Opened::Postgres(Arc::new(database.open(connections).await?)))
            }
        }
    }

    /// Returns whether the data outlives the process.
    pub(crate) fn is_durable(&self) -> bool {
        !matches!(self, Self::Memory)
    }

    /// Returns whether other servers may use the store; they need the same secret.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Returns the file, if the store is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Memory | Self::Postgres(_) => None,
        }
    }

    /// Builds the failure of a command that needs a store outside the process.
    pub(crate) fn not_durable(&self, command: &str) -> Failure {
        Failure::new(format!("--store {self} ends with its process; `{command}` needs a durable store"))
    }

    /// Reads the kind from an address; errors show only its scheme.
    pub(crate) fn of(
        address: &SecretString,
        schema: SchemaName,
        durability: Durability,
    ) -> Result<Self, Failure> {
        match address.expose_secret().split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("memory", _)) => Err(Failure::new("--store: nothing may follow `memory:`")),
            Some(("sqlite", path)) => file_of(path),
            Some(("postgres" | "postgresql", _)) => {
                Database::of(address, schema, durability).map(Self::Postgres)
            }
            Some((kind, _)) if kind.chars().all(|c| c.is_ascii_alphanumeric()) => {
                Err(Failure::new(format!("--store: unknown store `{kind}:`; there are {KINDS}")))
            }
            _ => Err(Failure::new(format!("--store: not the address of a store; there are {KINDS}"))),
        }
    }
}

/// Reads `sqlite:tiketi.db` or `sqlite://tiketi.db`.
fn file_of(path: &str) -> Result<StoreKind, Failure> {
    let path = path.strip_prefix("//").unwrap_or(path);
    // SQLite treats these as temporary databases, or as URIs with settings.
    if path.is_empty() || path.starts_with(':') || path.starts_with("file:") {
        return Err(Failure::new("--store: name a file, as in `sqlite:tiketi.db`"));
    }
    Ok(StoreKind::Sqlite(path.into()))
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(database) => database.fmt(f),
        }
    }
}

/// Checks a store without changing it, and describes it.
pub(crate) async fn describe(store: &StoreKind) -> Result<String, Failure> {
    match store {
        StoreKind::Memory => Ok("memory: data is lost when the server stops".into()),
        StoreKind::Sqlite(path) => file::describe(path).await.map(|state| format!("{store} {state}")),
        StoreKind::Postgres(database) => database.describe().await.map(|state| format!("{store} {state}")),
    }
}

/// A store that is open.
pub(crate) enum Opened {
    Memory(Arc<MemoryStore>),
    Sqlite(Arc<SqliteStore>),
    Postgres(Arc<PostgresStore>),
}

impl Opened {
    /// Returns the part of it that saves the places of waiting rooms; `None` if it ends with the process.
    pub(crate) fn journal(&self) -> Option<Arc<dyn RoomJournal>> {
        match self {
            Self::Memory(_) => None,
            Self::Sqlite(store) => Some(Arc::<SqliteStore>::clone(store)),
            Self::Postgres(store) => Some(Arc::<PostgresStore>::clone(store)),
        }
    }

    /// Opens the part of it that sends live changes to the other servers; `None` if no other server uses it.
    pub(crate) fn broadcast(&self) -> Option<Arc<dyn Broadcast>> {
        match self {
            Self::Memory(_) | Self::Sqlite(_) => None,
            Self::Postgres(store) => Some(Arc::new(PostgresBroadcast::of(store))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> Result<StoreKind, Failure> {
        StoreKind::of(&SecretString::from(address), SchemaName::default(), Durability::Required)
    }

    #[test]
    fn a_file_is_named_with_and_without_slashes() {
        for (address, path) in [
            ("sqlite:tiketi.db", "tiketi.db"),
            ("sqlite:/var/lib/tiketi.db", "/var/lib/tiketi.db"),
            ("sqlite://tiketi.db", "tiketi.db"),
            ("sqlite:///var/lib/tiketi.db", "/var/lib/tiketi.db"),
        ] {
            assert_eq!(read(address).unwrap().file(), Some(Path::new(path)));
        }
    }

    #[test]
    fn what_sqlite_takes_for_something_else_is_no_file() {
        for address in ["sqlite:", "sqlite::memory:", "sqlite:file:tiketi.db?mode=memory"] {
            assert!(read(address).unwrap_err().sentence().contains("name a file"), "{address}");
        }
    }
}
