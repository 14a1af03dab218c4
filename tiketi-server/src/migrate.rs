//! `migrate`: brings the store to the schema of this release.

use crate::failure::Failure;
use crate::output::say;
use crate::settings::Settings;
use crate::store::{StoreKind, file};

/// Migrates the store, and prints its schema.
pub(crate) async fn run(settings: &Settings) -> Result<(), Failure> {
    let store = &settings.store;
    let done = match store {
        StoreKind::Memory => return Err(store.nothing_for("migrate")),
        StoreKind::Sqlite(path) => file::migrate(path)?,
        StoreKind::Postgres(database) => database.migrate().await?,
    };
    say(&format!("{store}: {done}"))
}
