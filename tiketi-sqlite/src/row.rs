//! A row of SQLite.

use std::cell::Cell;

use rusqlite::types::FromSql;
use tiketi_core::StoreError;
use tiketi_sql::unreadable;
use uuid::Uuid;

use crate::error::failed;

/// A row of SQLite, read by column names.
pub(crate) struct Row<'r, 's> {
    row: &'r rusqlite::Row<'s>,
    /// Index at which the next column is searched first, because most columns are read in the order of the
    /// statement.
    next: Cell<usize>,
}

/// Reads the first column of a row.
pub(crate) fn first<T: FromSql>(row: &Row<'_, '_>) -> Result<T, StoreError> {
    row.row.get(0).map_err(failed)
}

impl<'r, 's> Row<'r, 's> {
    pub(crate) fn of(row: &'r rusqlite::Row<'s>) -> Self {
        Self { row, next: Cell::new(0) }
    }

    fn get<T: FromSql>(&self, column: &str) -> Result<T, StoreError> {
        self.row.get(self.place(column)?).map_err(failed)
    }

    fn value(&self, column: &str) -> Result<rusqlite::types::ValueRef<'r>, StoreError> {
        self.row.get_ref(self.place(column)?).map_err(failed)
    }

    /// Finds a column by its name.
    fn place(&self, column: &str) -> Result<usize, StoreError> {
        let (statement, next) = (self.row.as_ref(), self.next.get());
        let is_named = |place: &usize| statement.column_name(*place).is_ok_and(|name| name == column);
        let place = (next..statement.column_count()).chain(0..next).find(is_named);
        let place = place.ok_or_else(|| failed(rusqlite::Error::InvalidColumnName(column.to_owned())))?;
        self.next.set(place + 1);
        Ok(place)
    }
}

impl tiketi_sql::Row for Row<'_, '_> {
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
