//! Which files are opened, and which are refused unchanged.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;
use tiketi_sqlite::{OpenError, SCHEMA, SqliteReader, SqliteStore};

use crate::shop::{TestShop, assert_clean};

fn in_folder(name: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}

/// Creates a shop's file, closes it cleanly, and runs SQL on it.
fn tampered(sql: &str) -> (TempDir, PathBuf) {
    let (folder, path) = in_folder("tiketi.db");
    drop(SqliteStore::open(&path).unwrap());
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    (folder, path)
}

/// Asserts that both ways to open a store refuse the file and change no byte of it.
#[track_caller]
fn refused(path: &Path, is_expected: impl Fn(&OpenError) -> bool) {
    let before = fs::read(path).unwrap();
    let errors = [SqliteStore::open(path).map(|_| ()), SqliteReader::open(path).map(|_| ())];
    for error in errors.map(Result::unwrap_err) {
        assert!(is_expected(&error), "{error:?}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
    assert!(fs::read(path).unwrap() == before, "the file was touched");
}

/// Fails if `schema_of` accepts any application id.
#[test]
fn a_database_of_something_else_is_refused_untouched() {
    let (_folder, path) = in_folder("diary.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE diary (day TEXT, entry TEXT)").unwrap();
    refused(&path, |error| matches!(error, OpenError::ForeignFile { .. }));
}

#[test]
fn what_is_no_database_is_refused_untouched() {
    let (_folder, path) = in_folder("letter.db");
    fs::write(&path, "Dear Ada,\n".repeat(1_000)).unwrap();
    refused(&path, |error| matches!(error, OpenError::ForeignFile { .. }));
}

#[test]
fn a_file_of_a_later_release_is_refused_untouched() {
    let (_folder, path) = tampered("INSERT INTO migrations (version, name) VALUES (999, 'hats')");
    let is_newer =
        |error: &OpenError| matches!(error, OpenError::NewerSchema { found: 999, known: SCHEMA, .. });
    refused(&path, is_newer);
}

/// Fails if `open::lock` does not take the lock.
#[test]
fn a_file_that_is_open_is_refused_until_it_is_closed() {
    let (_folder, path) = in_folder("tiketi.db");
    let first = SqliteStore::open(&path).unwrap();
    let second = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(second, OpenError::InUse { .. }), "{second:?}");
    assert!(second.to_string().contains("in use by another process"), "{second}");
    drop(first);
    SqliteStore::open(&path).unwrap();
}

/// Creates a shop's file, and changes its bytes.
fn broken(change: impl FnOnce(&mut Vec<u8>)) -> (TempDir, PathBuf) {
    let (folder, path) = tampered("VACUUM");
    let mut bytes = fs::read(&path).unwrap();
    assert!(bytes.len() > 8 * PAGE, "{}", bytes.len());
    change(&mut bytes);
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// The size of a SQLite page, in bytes.
const PAGE: usize = 4_096;

fn is_damaged(error: &OpenError) -> bool {
    matches!(error, OpenError::Damaged { .. }) && error.to_string().contains("is corrupt")
}

/// Fails if opening a truncated file does not report that it is damaged.
#[test]
fn a_file_that_was_cut_off_is_refused_as_corrupt() {
    let (_folder, path) = broken(|bytes| bytes.truncate(5 * PAGE / 2));
    refused(&path, is_damaged);
}

/// Fails if opening the file does not check its pages: it then fails only when buyers come.
#[test]
fn a_file_with_an_overwritten_page_is_not_sold_from() {
    let (_folder, path) = broken(|bytes| bytes[3 * PAGE..4 * PAGE].fill(0xA5));
    let before = fs::read(&path).unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    assert!(is_damaged(&error), "{error:?}");
    assert!(fs::read(&path).unwrap() == before, "the file was touched");
}

#[test]
fn a_folder_is_refused_by_name_and_gets_no_lock_beside_it() {
    let (folder, path) = in_folder("tiketi.db");
    fs::create_dir(&path).unwrap();
    let errors = [SqliteStore::open(&path).map(|_| ()), SqliteReader::open(&path).map(|_| ())];
    for error in errors.map(Result::unwrap_err) {
        let OpenError::Unreadable { source, .. } = &error else { panic!("{error:?}") };
        assert_eq!(source.kind(), std::io::ErrorKind::IsADirectory, "{error:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something was made beside it");
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    let (_folder, path) = in_folder("nowhere/tiketi.db");
    let error = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Unreadable { .. }), "{error:?}");
}

#[test]
fn a_reader_opens_nothing_that_is_not_there_or_not_up_to_date() {
    let (_folder, path) = in_folder("tiketi.db");
    let error = SqliteReader::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Unreadable { .. }), "{error:?}");
    assert!(!path.exists(), "it was made");
    fs::write(&path, "").unwrap();
    let error = SqliteReader::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::OlderSchema { found: 0, known: SCHEMA, .. }), "{error:?}");
}

#[test]
fn an_empty_file_becomes_a_shops() {
    let (_folder, path) = in_folder("tiketi.db");
    fs::write(&path, "").unwrap();
    assert_eq!(SqliteReader::schema_of(&path).unwrap(), 0);
    drop(SqliteStore::open(&path).unwrap());
    assert_eq!(SqliteReader::schema_of(&path).unwrap(), SCHEMA);
}

#[tokio::test]
async fn a_reader_sees_what_an_open_store_commits() {
    let shop = TestShop::open(1).await;
    let reader = SqliteReader::open(shop.store.path()).unwrap();
    assert_eq!(assert_clean(&reader).await.reservations, 0);
    shop.hold(0).await.unwrap();
    assert_eq!(assert_clean(&reader).await.reservations, 1);
    assert_eq!(reader.integrity_check().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn an_audit_of_a_file_that_was_tampered_with_names_what_is_wrong() {
    let shop = TestShop::open(1).await;
    let held = shop.hold(0).await.unwrap();
    let sql = "UPDATE seats SET state = 'available', owner = NULL, until = NULL WHERE state = 'held'";
    assert_eq!(Connection::open(shop.store.path()).unwrap().execute(sql, ()).unwrap(), 1);
    let report = tiketi_core::store::AuditReport::of(&*shop.store).await.unwrap();
    let said: Vec<String> = report.violations.iter().map(|(_, violation)| violation.to_string()).collect();
    assert!(said.iter().any(|line| line.contains(&held.id.to_string())), "{said:?}");
    assert_eq!(said.len(), 2, "the lost seat and its counter: {said:?}");
}

/// Fails if `event_rows` returns a map version computed from the seats instead of the stored one.
#[tokio::test]
async fn an_audit_sees_the_map_version_that_is_kept() {
    let shop = TestShop::open(1).await;
    let held = shop.hold(0).await.unwrap();
    let sql = "UPDATE events SET map_version = map_version - 1";
    assert_eq!(Connection::open(shop.store.path()).unwrap().execute(sql, ()).unwrap(), 1);
    let report = tiketi_core::store::AuditReport::of(&*shop.store).await.unwrap();
    let seat = held.seats[0].seat;
    let ahead = tiketi_core::audit::Violation::SeatAheadOfMap { seat, version: 2, map_version: 1 };
    assert_eq!(report.violations, [(shop.event, ahead)]);
}

/// Columns that no row type has, because separate statements write them.
const APART: [&str; 2] = ["inbox.claimed_until", "inbox.done"];

#[test]
fn each_column_of_the_schema_is_in_its_row_type() {
    let (_folder, path) = tampered("");
    let connection = Connection::open(path).unwrap();
    for (table, columns) in tiketi_sql::TABLES {
        let mut found = connection.prepare("SELECT name FROM pragma_table_info(?1)").unwrap();
        let found = found.query_map([table], |row| row.get::<_, String>(0)).unwrap();
        let found = found.map(|column| format!("{table}.{}", column.unwrap()));
        let found: BTreeSet<String> = found.filter(|column| !APART.contains(&&**column)).collect();
        let listed: BTreeSet<String> =
            columns.iter().map(|column| format!("{table}.{}", column.name)).collect();
        assert_eq!(found, listed);
    }
}

/// Seen to fail with files of the process's own mode.
#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_files_of_a_shop() {
    use std::os::unix::fs::PermissionsExt;

    let shop = TestShop::open(1).await;
    shop.hold(0).await.unwrap();
    shop.store.backup(shop.path("copy.db")).await.unwrap();
    let folder = fs::read_dir(shop.store.path().parent().unwrap()).unwrap();
    let modes = folder.map(|entry| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().permissions().mode() & 0o777)
    });
    let modes: Vec<_> = modes.collect();
    assert!(modes.len() >= 4, "the file, its log, its lock and its copy: {modes:?}");
    assert!(modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
}
