//! `migrate`: brings the store to the schema of this release.

use crate::failure::Failure;
use crate::output::print_line;
use crate::settings::Settings;
use crate::store::{StoreKind, file};

/// Migrates the store, and prints its schema.
pub(crate) async fn run(settings: &Settings) -> Result<(), Failure> {
    let store = &settings.store;
    let done = match store {
        StoreKind::Memory => return Err(store.not_durable("migrate")),
        StoreKind::Sqlite(path) => file::migrate(path)?,
        StoreKind::Postgres(database) => database.migrate().await?,
    };
    print_line(&format!("{store}: {done}"))
}
