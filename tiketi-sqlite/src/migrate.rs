//! The schema, and the migration of older files.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::error::OpenError;

/// Marks a file as a store: `Tiki` in ASCII.
const APPLICATION_ID: i32 = 0x5469_6b69;

/// Every migration in order; a file's schema is the number of applied migrations.
const MIGRATIONS: &[(&str, &str)] = &[("first", include_str!("../schema/0001_first.sql"))];

/// The schema that this release reads and writes: the number of migrations.
pub const SCHEMA: u32 = {
    // The number of migrations never exceeds 32 bits.
    #[expect(clippy::cast_possible_truncation, reason = "no conversion that checks is const")]
    let count = MIGRATIONS.len() as u32;
    count
};

/// Refuses a foreign or newer file before anything is written, then migrates it.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let found = schema_of(connection, path)?;
    if found > SCHEMA {
        return Err(OpenError::NewerSchema { path: path.to_owned(), found, known: SCHEMA });
    }
    refuse_damage(connection, path)?;
    for (version, (name, sql)) in (1_u32..).zip(MIGRATIONS).skip(usize::try_from(found).unwrap_or(usize::MAX))
    {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if version == 1 {
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.execute_batch(
                "CREATE TABLE migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT",
            )?;
        }
        transaction.execute_batch(sql)?;
        transaction.execute("INSERT INTO migrations (version, name) VALUES (?1, ?2)", (version, name))?;
        transaction.commit()?;
    }
    Ok(())
}

/// Refuses a file with lost or overwritten pages: its rows cannot be trusted, and a write would lose more.
fn refuse_damage(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
    if found == "ok" {
        return Ok(());
    }
    Err(OpenError::Damaged { path: path.to_owned(), problem: found.replace('\n', " ") })
}

/// Returns the number of migrations applied to a store's file.
pub(crate) fn applied(connection: &Connection) -> Result<u32, rusqlite::Error> {
    let latest = "SELECT max(version) FROM migrations";
    let latest = connection.query_row(latest, (), |row| row.get::<_, Option<u32>>(0)).optional()?;
    Ok(latest.flatten().unwrap_or(0))
}

/// Returns the number of migrations applied to a file: 0 for an empty one.
pub(crate) fn schema_of(connection: &Connection, path: &Path) -> Result<u32, OpenError> {
    let foreign = || OpenError::ForeignFile { path: path.to_owned() };
    let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    match (tables, application) {
        (0, 0) => Ok(0),
        (_, APPLICATION_ID) => Ok(applied(connection)?),
        _ => Err(foreign()),
    }
}
