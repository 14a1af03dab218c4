//! `backup`: copies a store, also while a server sells from it.

use std::path::Path;

use crate::failure::Failure;
use crate::output::print_line;
use crate::settings::Settings;
use crate::store::{StoreKind, file};

/// Copies the store to a file that does not exist yet.
pub(crate) async fn run(settings: &Settings, to: &Path) -> Result<(), Failure> {
    let path = match &settings.store {
        StoreKind::Memory => return Err(settings.store.not_durable("backup")),
        StoreKind::Sqlite(path) => path,
        StoreKind::Postgres(database) => {
            let advice = "back it up with Postgres's own tools, such as `pg_dump --schema=tiketi`";
            return Err(Failure::new(format!("`backup` copies a file, not {database}; {advice}")));
        }
    };
    let copied = file::open_to_read(path)?.backup(to).await;
    copied.map_err(|error| Failure::during("cannot copy the store", &error))?;
    print_line(&format!("{} was copied to {}", settings.store, to.display()))
}
