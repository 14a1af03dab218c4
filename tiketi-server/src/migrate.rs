//! `migrate`: the store at the schema of this release.

use crate::failure::Failure;
use crate::output::say;
use crate::settings::Settings;
use crate::store::{StoreKind, file};

/// Brings the store up to date, and says what it is now.
pub(crate) async fn run(settings: &Settings) -> Result<(), Failure> {
    let store = &settings.store;
    let done = match store {
        StoreKind::Memory => return Err(store.nothing_for("migrate")),
        StoreKind::Sqlite(path) => file::migrate(path)?,
        StoreKind::Postgres(database) => database.migrate().await?,
    };
    say(&format!("{store}: {done}"))
}
