//! Where everything is kept.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use tiketi_core::AuditStore;
use tiketi_sqlite::{OpenError, SCHEMA, SqliteReader};

use crate::failure::Failure;

/// Where everything is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreKind {
    /// In the process, which forgets it when it ends.
    Memory,
    /// In a file.
    Sqlite(PathBuf),
}

impl StoreKind {
    /// Tells whether what is kept outlives the process.
    pub(crate) fn is_durable(&self) -> bool {
        self.file().is_some()
    }

    /// Returns the file of a store that is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Memory => None,
            Self::Sqlite(path) => Some(path),
        }
    }

    /// Returns the file, or says that there is nothing for this command.
    pub(crate) fn file_for(&self, command: &str) -> Result<&Path, Failure> {
        let nothing = || Failure::new(format!("--store {self} keeps nothing that {command} could work on"));
        self.file().ok_or_else(nothing)
    }

    /// Reads the kind from an address, of which nothing but the scheme may be shown.
    pub(crate) fn of(address: &SecretString) -> Result<Self, Failure> {
        match address.expose_secret().split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("memory", _)) => Err(Failure::new("--store: nothing may follow `memory:`")),
            Some(("sqlite", path)) => file_of(path),
            Some((scheme @ ("postgres" | "postgresql"), _)) => Err(Failure::new(format!(
                "--store: this build has no {scheme} store, only `sqlite:PATH` and `memory:`"
            ))),
            Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphanumeric()) => {
                let sentence =
                    format!("--store: there is no store `{scheme}:`, only `sqlite:PATH` and `memory:`");
                Err(Failure::new(sentence))
            }
            _ => Err(Failure::new("--store: not the address of a store; write `sqlite:PATH` or `memory:`")),
        }
    }
}

/// Takes `sqlite:tiketi.db` and, as others write it, `sqlite://tiketi.db`.
fn file_of(path: &str) -> Result<StoreKind, Failure> {
    let path = path.strip_prefix("//").unwrap_or(path);
    // To SQLite these are no files: databases that nobody keeps, and addresses with settings of their own.
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
        }
    }
}

/// Opens a file to look at it, beside a running server too.
pub(crate) fn open_to_read(path: &Path) -> Result<SqliteReader, Failure> {
    SqliteReader::open(path).map_err(|error| failed_to_open(&error))
}

/// Says why a store cannot be opened, and what to do.
pub(crate) fn failed_to_open(error: &OpenError) -> Failure {
    let failure = Failure::during("--store", error);
    match error {
        OpenError::OlderSchema { .. } => {
            Failure::new(format!("{}, with `tiketi-server migrate`", failure.sentence()))
        }
        _ => failure,
    }
}

/// Looks at a store without changing it, and says how it is.
pub(crate) async fn look(store: &StoreKind) -> Result<String, Failure> {
    let Some(path) = store.file() else {
        return Ok("memory: keeps nothing when the server stops".into());
    };
    if !path.exists() {
        return look_at_folder(path).map(|()| format!("{store} will be made"));
    }
    let found = SqliteReader::schema_of(path).map_err(|error| failed_to_open(&error))?;
    if found < SCHEMA {
        return Ok(format!("{store} has schema {found}, and will be brought up to {SCHEMA}"));
    }
    let reader = open_to_read(path)?;
    let failed = |error| Failure::during(format!("{store} cannot be read"), &error);
    let damage = reader.integrity_check().await.map_err(failed)?;
    if !damage.is_empty() {
        return Err(Failure::new(format!("{store} is damaged: {}", damage.join("; "))));
    }
    let events = reader.event_ids(None, usize::MAX).await.map_err(failed)?.len();
    Ok(format!("{store} is sound, with schema {found} and {events} events"))
}

/// A file can only be made in a folder that is there.
fn look_at_folder(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() {
        return Ok(());
    }
    Err(Failure::new(format!("{}: there is no folder {}", path.display(), folder.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> Result<StoreKind, Failure> {
        StoreKind::of(&SecretString::from(address))
    }

    #[test]
    fn a_file_is_named_with_and_without_slashes() {
        for (address, path) in [
            ("sqlite:tiketi.db", "tiketi.db"),
            ("sqlite:/var/lib/tiketi.db", "/var/lib/tiketi.db"),
            ("sqlite://tiketi.db", "tiketi.db"),
            ("sqlite:///var/lib/tiketi.db", "/var/lib/tiketi.db"),
        ] {
            assert_eq!(read(address).unwrap(), StoreKind::Sqlite(path.into()));
        }
    }

    #[test]
    fn what_sqlite_takes_for_something_else_is_no_file() {
        for address in ["sqlite:", "sqlite::memory:", "sqlite:file:tiketi.db?mode=memory"] {
            assert!(read(address).unwrap_err().sentence().contains("name a file"), "{address}");
        }
    }
}
