//! A row of Postgres.

use std::cell::Cell;

use sqlx::postgres::{PgRow, Postgres};
use sqlx::{Column as _, Decode, Error, Row as _, Type};
use tiketi_core::StoreError;
use uuid::Uuid;

use crate::error::failed;

/// A row of Postgres, read by column names.
pub(crate) struct Row<'r> {
    row: &'r PgRow,
    /// Index at which the next column is searched first, because most columns are read in the order of the
    /// statement.
    next: Cell<usize>,
}

impl<'r> Row<'r> {
    pub(crate) fn of(row: &'r PgRow) -> Self {
        Self { row, next: Cell::new(0) }
    }

    /// Returns a column of a type that only Postgres has.
    pub(crate) fn get<T: Decode<'r, Postgres> + Type<Postgres>>(
        &self,
        column: &str,
    ) -> Result<T, StoreError> {
        self.row.try_get(self.place(column)?).map_err(failed)
    }

    /// Finds a column by its name.
    fn place(&self, column: &str) -> Result<usize, StoreError> {
        let (columns, next) = (self.row.columns(), self.next.get());
        let is_named = |place: &usize| columns.get(*place).is_some_and(|found| found.name() == column);
        let place = (next..columns.len()).chain(0..next).find(is_named);
        let place = place.ok_or_else(|| failed(Error::ColumnNotFound(column.to_owned())))?;
        self.next.set(place + 1);
        Ok(place)
    }
}

impl tiketi_sql::Row for Row<'_> {
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
        self.get(column)
    }

    fn maybe_text(&self, column: &'static str) -> Result<Option<&str>, StoreError> {
        self.get(column)
    }

    fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        self.get(column)
    }

    fn bytes(&self, column: &'static str) -> Result<&[u8], StoreError> {
        self.get(column)
    }
}

/// Reads every row of an answer.
pub(crate) fn each<T>(
    rows: &[PgRow],
    read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(|row| read(&Row::of(row))).collect()
}

/// Reads the row of an answer, if there is one.
pub(crate) fn maybe<T>(
    row: Option<PgRow>,
    read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    row.map(|row| read(&Row::of(&row))).transpose()
}
