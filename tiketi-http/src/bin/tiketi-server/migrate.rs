//! `migrate`: the store at the schema of this release.

use tiketi_sqlite::{SCHEMA, SqliteReader, SqliteStore};

use crate::failure::Failure;
use crate::output::say;
use crate::settings::Settings;
use crate::store::failed_to_open;

/// Brings the store up to date, and says its schema before and after.
pub(crate) fn run(settings: &Settings) -> Result<(), Failure> {
    let path = settings.store.file_for("migrate")?;
    let before = if path.exists() {
        SqliteReader::schema_of(path).map_err(|error| failed_to_open(&error))?
    } else {
        0
    };
    // Opening it is what brings it up to date, and nobody else may have it open meanwhile.
    drop(SqliteStore::open(path).map_err(|error| failed_to_open(&error))?);
    say(&format!("{}: schema {before} before, {SCHEMA} now", settings.store))
}
