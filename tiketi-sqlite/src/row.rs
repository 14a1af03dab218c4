//! A row as SQLite has it.

use rusqlite::types::FromSql;
use tiketi_core::StoreError;
use tiketi_rows::unreadable;
use uuid::Uuid;

use crate::error::failed;

/// A row of SQLite, read by the names of its columns.
pub(crate) struct Row<'r, 's>(pub(crate) &'r rusqlite::Row<'s>);

/// Reads the first column of a row.
pub(crate) fn first<T: FromSql>(row: &Row<'_, '_>) -> Result<T, StoreError> {
    row.0.get(0).map_err(failed)
}

impl<'r> Row<'r, '_> {
    fn get<T: FromSql>(&self, column: &str) -> Result<T, StoreError> {
        self.0.get(column).map_err(failed)
    }

    fn value(&self, column: &str) -> Result<rusqlite::types::ValueRef<'r>, StoreError> {
        self.0.get_ref(column).map_err(failed)
    }
}

impl tiketi_rows::Row for Row<'_, '_> {
    fn uuid(&self, column: &'static str) -> Result<Uuid, StoreError> {
        self.get(column)
    }

    fn maybe_uuid(&self, column: &'static str) -> Result<Option<Uuid>, StoreError> {
        self.get(column)
    }

    fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.get(column)
    }

    fn maybe_int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        self.get(column)
    }

    fn text(&self, column: &'static str) -> Result<&str, StoreError> {
        self.value(column)?.as_str().map_err(|error| unreadable(column).caused_by(error))
    }

    fn maybe_text(&self, column: &'static str) -> Result<Option<&str>, StoreError> {
        self.value(column)?.as_str_or_null().map_err(|error| unreadable(column).caused_by(error))
    }

    fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        self.get(column)
    }

    fn bytes(&self, column: &'static str) -> Result<&[u8], StoreError> {
        self.value(column)?.as_blob().map_err(|error| unreadable(column).caused_by(error))
    }
}
