//! `backup`: a copy of a store that may be selling.

use std::path::Path;

use crate::failure::Failure;
use crate::output::say;
use crate::settings::Settings;
use crate::store::open_to_read;

/// Copies the store to a file that does not exist yet.
pub(crate) async fn run(settings: &Settings, to: &Path) -> Result<(), Failure> {
    let reader = open_to_read(settings.store.file_for("backup")?)?;
    let copied = reader.backup(to).await;
    copied.map_err(|error| Failure::during("cannot copy the store", &error))?;
    say(&format!("{} was copied to {}", settings.store, to.display()))
}
