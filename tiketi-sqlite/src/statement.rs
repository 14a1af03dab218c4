//! Statements built from a table's list of columns, once for each process.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};
use tiketi_core::StoreError;
use tiketi_sql::{Column, Part, TableRow, Value, columns_of};

use crate::error::failed;

/// A statement that writes a row, and the columns that its parameters take.
pub(crate) struct Statement {
    sql: String,
    /// The number of each column's parameter; 0 for a column that is not in the statement.
    parameters: Vec<usize>,
}

/// The version that a row must have to be updated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// The version before the one that is written.
    PreviousVersion,
    /// Any version.
    None,
}

impl Statement {
    /// Inserts a whole row. `conflict` is the clause for an existing one, such as `ON CONFLICT DO NOTHING`.
    pub(crate) fn insert<R: TableRow>(conflict: &str) -> Self {
        let all = [Part::Key, Part::Fixed, Part::Changing, Part::Counted];
        let (parameters, columns) = numbered::<R>(&all);
        let names: Vec<&str> = columns.iter().map(|(_, column)| column.name).collect();
        let values: Vec<String> = columns.iter().map(|(number, _)| format!("?{number}")).collect();
        let (names, values) = (names.join(", "), values.join(", "));
        let sql = format!("INSERT INTO {} ({names}) VALUES ({values}) {conflict}", R::TABLE);
        Self { sql, parameters }
    }

    /// Updates the columns of these parts in the row with the same key.
    pub(crate) fn update<R: TableRow>(parts: &[Part], guard: Guard) -> Self {
        let (parameters, columns) = numbered::<R>(&[&[Part::Key], parts].concat());
        let (mut set, mut found_by) = (Vec::new(), Vec::new());
        for (number, Column { name, part, .. }) in columns {
            let list = if *part == Part::Key { &mut found_by } else { &mut set };
            list.push(format!("{name} = ?{number}"));
            if *name == "version" && guard == Guard::PreviousVersion {
                found_by.push(format!("version = ?{number} - 1"));
            }
        }
        let (set, found_by) = (set.join(", "), found_by.join(" AND "));
        Self { sql: format!("UPDATE {} SET {set} WHERE {found_by}", R::TABLE), parameters }
    }

    /// Runs the statement for a row, and returns the number of changed rows.
    pub(crate) fn run(&self, connection: &Connection, row: &impl TableRow) -> Result<usize, StoreError> {
        let mut statement = connection.prepare_cached(&self.sql).map_err(failed)?;
        let mut bound = Ok(());
        row.visit(|column, value| match self.parameters.get(column) {
            Some(number) if *number > 0 && bound.is_ok() => {
                bound = statement.raw_bind_parameter(*number, Bound(&value));
            }
            _ => {}
        });
        bound.and_then(|()| statement.raw_execute()).map_err(failed)
    }

    /// Runs the statement for a row, and fails unless it changes exactly one row.
    pub(crate) fn run_one(&self, connection: &Connection, row: &impl TableRow) -> Result<(), StoreError> {
        exactly_one(self.run(connection, row)?)
    }
}

/// Fails unless one row was changed.
pub(crate) fn exactly_one(changed: usize) -> Result<(), StoreError> {
    match changed {
        1 => Ok(()),
        changed => Err(StoreError::corrupt(format!("a write changed {changed} rows instead of one"))),
    }
}

/// Numbers the columns of these parts from 1, in the order of the table.
fn numbered<R: TableRow>(parts: &[Part]) -> (Vec<usize>, Vec<(usize, &'static Column)>) {
    let mut parameters = vec![0; R::COLUMNS.len()];
    let mut columns = Vec::new();
    for (number, index) in (1..).zip(columns_of::<R>(parts)) {
        if let (Some(parameter), Some(column)) = (parameters.get_mut(index), R::COLUMNS.get(index)) {
            *parameter = number;
            columns.push((number, column));
        }
    }
    (parameters, columns)
}

/// A column's value as a parameter of SQLite.
struct Bound<'v>(&'v Value<'v>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Uuid(Some(id)) => ValueRef::Blob(id.as_bytes()),
            Value::Int(Some(number)) => ValueRef::Integer(*number),
            Value::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Value::Flag(flag) => ValueRef::Integer(i64::from(*flag)),
            Value::Uuid(None) | Value::Int(None) | Value::Text(None) => ValueRef::Null,
        }))
    }
}

#[cfg(test)]
mod tests {
    use tiketi_sql::{CreationRow, TicketTypeRow};

    use super::*;

    #[test]
    fn an_insert_lists_every_column() {
        let insert = Statement::insert::<CreationRow>("ON CONFLICT DO NOTHING");
        assert_eq!(
            insert.sql,
            "INSERT INTO creations (key, fingerprint, made, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING"
        );
    }

    #[test]
    fn an_update_lists_the_columns_of_its_parts() {
        let update = Statement::update::<TicketTypeRow<'_>>(&[Part::Counted], Guard::None);
        assert_eq!(update.sql, "UPDATE ticket_types SET held = ?2, sold = ?3, blocked = ?4 WHERE id = ?1");
    }

    #[test]
    fn an_update_may_be_guarded_by_the_version() {
        let update = Statement::update::<tiketi_sql::SeatRow<'_>>(&[Part::Changing], Guard::PreviousVersion);
        assert!(update.sql.ends_with("WHERE event = ?1 AND id = ?2 AND version = ?7 - 1"), "{}", update.sql);
    }
}
