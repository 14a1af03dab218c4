//! A row of Postgres.

use sqlx::postgres::{PgRow, Postgres};
use sqlx::{Decode, Type};
use tiketi_core::StoreError;
use uuid::Uuid;

use crate::error::failed;

/// A row of Postgres, read by column names.
pub(crate) struct Row<'r>(pub(crate) &'r PgRow);

impl<'r> Row<'r> {
    /// Returns a column of a type that only Postgres has.
    pub(crate) fn get<T: Decode<'r, Postgres> + Type<Postgres>>(
        &self,
        column: &str,
    ) -> Result<T, StoreError> {
        sqlx::Row::try_get(self.0, column).map_err(failed)
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
    rows.iter().map(|row| read(&Row(row))).collect()
}

/// Reads the row of an answer, if there is one.
pub(crate) fn maybe<T>(
    row: Option<PgRow>,
    read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    row.map(|row| read(&Row(&row))).transpose()
}
