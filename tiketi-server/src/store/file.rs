//! A shop in one SQLite file.

use std::path::Path;

use tiketi_core::store::AuditStore;
use tiketi_sqlite::{OpenError, SCHEMA, SqliteReader, SqliteStore};

use crate::failure::Failure;

/// Opens a file for selling, and migrates it to the schema of this release.
pub(crate) fn open(path: &Path) -> Result<SqliteStore, Failure> {
    SqliteStore::open(path).map_err(|error| failed_to_open(&error))
}

/// Opens a file for reading, also while a server is running.
pub(crate) fn open_to_read(path: &Path) -> Result<SqliteReader, Failure> {
    SqliteReader::open(path).map_err(|error| failed_to_open(&error))
}

/// Explains why a file cannot be opened, and what to do.
fn failed_to_open(error: &OpenError) -> Failure {
    let failure = Failure::during("--store", error);
    match error {
        OpenError::OlderSchema { .. } => {
            Failure::new(format!("{}, with `tiketi-server migrate`", failure.sentence()))
        }
        _ => failure,
    }
}

/// Returns whether a server has a file of this release's schema open.
pub(crate) fn is_in_use(path: &Path) -> Result<bool, Failure> {
    if schema_of(path)? < SCHEMA {
        // Opening it would migrate it.
        return Err(Failure::new(format!("{} has an older schema; run `migrate` first", path.display())));
    }
    match SqliteStore::open(path) {
        Ok(_closed) => Ok(false),
        Err(OpenError::InUse { .. }) => Ok(true),
        Err(error) => Err(failed_to_open(&error)),
    }
}

/// Migrates a file, and returns its schema before and after.
pub(crate) fn migrate(path: &Path) -> Result<String, Failure> {
    let before = if path.exists() { schema_of(path)? } else { 0 };
    // Opening migrates the file, and takes the lock that excludes other servers meanwhile.
    drop(open(path)?);
    Ok(format!("schema {before} before, {SCHEMA} now"))
}

/// Checks a file without changing it, and describes it.
pub(crate) async fn describe(path: &Path) -> Result<String, Failure> {
    if !path.exists() {
        return check_folder(path).map(|()| "will be created".to_owned());
    }
    let found = schema_of(path)?;
    if found < SCHEMA {
        return Ok(format!("has schema {found} and will be migrated to {SCHEMA}"));
    }
    let reader = open_to_read(path)?;
    let failed = |error| Failure::during(format!("{} cannot be read", path.display()), &error);
    let damage = reader.integrity_check().await.map_err(failed)?;
    if !damage.is_empty() {
        return Err(Failure::new(format!("{} is damaged: {}", path.display(), damage.join("; "))));
    }
    let events = reader.event_count().await.map_err(failed)?;
    Ok(format!("is intact, with schema {found} and {events} events"))
}

fn schema_of(path: &Path) -> Result<u32, Failure> {
    SqliteReader::schema_of(path).map_err(|error| failed_to_open(&error))
}

/// Checks that the folder of a new file exists.
fn check_folder(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() {
        return Ok(());
    }
    Err(Failure::new(format!("{}: the folder {} does not exist", path.display(), folder.display())))
}
