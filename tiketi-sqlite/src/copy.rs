//! Copies a file during sales, and checks its integrity.

use std::fs;
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ffi};
use tiketi_core::{StoreError, StoreErrorKind};

use crate::error::failed;
use crate::open::private;
use crate::readers::Readers;

/// Copies all pages in one step, so that the copy has one state: with a write-ahead log, readers and writers do not
/// block each other. A copy in several steps would restart whenever another process commits.
const ALL_PAGES: i32 = -1;

pub(crate) async fn backup(readers: &Readers, to: &Path) -> Result<(), StoreError> {
    let to = to.to_owned();
    readers
        .run_outside(move |connection| {
            // Creating the file is the check that it did not exist.
            let made = private().create_new(true).open(&to);
            made.map_err(|error| cannot_make(&to, error))?;
            copy(connection, &to).inspect_err(|_| {
                // A partial copy is useless, and would make the next try fail.
                let _gone = fs::remove_file(&to);
            })
        })
        .await
}

fn cannot_make(to: &Path, error: std::io::Error) -> StoreError {
    let shown = to.display();
    let message = match error.kind() {
        std::io::ErrorKind::AlreadyExists => format!("{shown} exists already: a backup never overwrites"),
        _ => format!("{shown} cannot be written"),
    };
    StoreError::new(StoreErrorKind::Unavailable, message).caused_by(error)
}

fn copy(from: &Connection, to: &Path) -> Result<(), StoreError> {
    let mut copy = Connection::open(to).map_err(failed)?;
    let backup = Backup::new(from, &mut copy).map_err(failed)?;
    match backup.step(ALL_PAGES).map_err(failed)? {
        StepResult::Done => Ok(()),
        _ => Err(failed(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None))),
    }
}

pub(crate) async fn integrity_check(readers: &Readers) -> Result<Vec<String>, StoreError> {
    let found = readers.run(|connection| {
        let mut statement = connection.prepare("PRAGMA integrity_check").map_err(failed)?;
        let rows = statement.query_map((), |row| row.get::<_, String>(0)).map_err(failed)?;
        rows.collect::<Result<Vec<_>, _>>().map_err(failed)
    });
    Ok(found.await?.into_iter().filter(|line| line != "ok").collect())
}
