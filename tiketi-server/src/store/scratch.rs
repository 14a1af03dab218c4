//! A scratch store beside the shop's own, on the same disk or in the same database.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::store::StoreKind;

/// Endings of the files that belong to a store in a file.
const FILES: [&str; 4] = ["", "-wal", "-shm", ".lock"];

/// A store that is made for a rehearsal and removed after it.
///
/// No buyer sees what is in it: a file or a schema of its own is another shop.
#[derive(Debug)]
pub(crate) struct Scratch {
    kind: StoreKind,
}

impl Scratch {
    /// Makes an empty store beside a shop's.
    ///
    /// It fails if there is one: another rehearsal is running, or was killed.
    pub(crate) async fn create(shop: &StoreKind) -> Result<Self, Failure> {
        let kind = match shop {
            StoreKind::Memory => StoreKind::Memory,
            StoreKind::Sqlite(path) => StoreKind::Sqlite(claim(beside(path))?),
            StoreKind::Postgres(database) => StoreKind::Postgres(database.create_scratch().await?),
        };
        Ok(Self { kind })
    }

    /// Returns the store, which is yet to be opened.
    pub(crate) fn kind(&self) -> &StoreKind {
        &self.kind
    }

    /// Removes it with all its data.
    pub(crate) async fn remove(self) -> Result<(), Failure> {
        match &self.kind {
            StoreKind::Memory => Ok(()),
            StoreKind::Sqlite(path) => FILES.iter().try_for_each(|ending| remove(&named(path, ending))),
            StoreKind::Postgres(database) => database.drop_scratch().await,
        }
    }
}

fn beside(path: &Path) -> PathBuf {
    named(path, "-rehearsal")
}

fn named(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Creates the file, so that no other rehearsal takes it.
fn claim(path: PathBuf) -> Result<PathBuf, Failure> {
    match fs::OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(_) => Ok(path),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Failure::new(format!(
            "{} exists: another rehearsal is running, or was killed; if none is, delete the file",
            path.display()
        ))),
        Err(error) => Err(Failure::during(format!("cannot create {}", path.display()), &error)),
    }
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::during(
            format!("the scratch shop remains: delete {}; it cannot be deleted now", path.display()),
            &error,
        )),
        _ => Ok(()),
    }
}
