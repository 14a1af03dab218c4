//! Statements built from a table's list of columns, once for each process.

use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use tiketi_sql::{Column, Kind, Part, TableRow, Value, columns_of};
use uuid::Uuid;

/// A statement with its values.
pub(crate) type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// A statement that writes rows, and the columns that its parameters take.
pub(crate) struct RowStatement {
    sql: String,
    columns: Vec<usize>,
}

/// The version that a row must have to be updated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// The version before the batch; its array is bound last.
    Version,
    /// Any version.
    None,
}

const ALL: [Part; 4] = [Part::Key, Part::Fixed, Part::Changing, Part::Counted];

impl RowStatement {
    /// Inserts one row. `conflict` is the clause for an existing one, such as `ON CONFLICT DO NOTHING`.
    pub(crate) fn insert<R: TableRow>(conflict: &str) -> Self {
        let columns = columns_of::<R>(&ALL);
        let names = joined::<R>(&columns, |_, column| column.name.to_owned());
        let values = joined::<R>(&columns, |at, _| format!("${}", at + 1));
        let sql = format!("INSERT INTO tiketi.{} ({names}) VALUES ({values}) {conflict}", R::TABLE);
        Self { sql, columns }
    }

    /// Inserts rows, and replaces those with the same key.
    pub(crate) fn upsert_all<R: TableRow>() -> Self {
        let columns = columns_of::<R>(&ALL);
        let names = joined::<R>(&columns, |_, column| column.name.to_owned());
        let arrays = joined::<R>(&columns, |at, column| format!("${}::{}[]", at + 1, type_of(column.kind)));
        let keys = joined::<R>(&columns_of::<R>(&[Part::Key]), |_, column| column.name.to_owned());
        let others = columns_of::<R>(&[Part::Fixed, Part::Changing, Part::Counted]);
        let set = joined::<R>(&others, |_, Column { name, .. }| format!("{name} = excluded.{name}"));
        let sql = format!(
            "INSERT INTO tiketi.{} ({names}) SELECT * FROM unnest({arrays}) \
             ON CONFLICT ({keys}) DO UPDATE SET {set}",
            R::TABLE
        );
        Self { sql, columns }
    }

    /// Updates the columns of these parts in the row whose `id` is bound first.
    pub(crate) fn update<R: TableRow>(parts: &[Part], returning: &str) -> Self {
        let columns = columns_of::<R>(&[&[Part::Key], parts].concat());
        let set = columns.get(1..).unwrap_or_default();
        let set = joined::<R>(set, |at, column| format!("{} = ${}", column.name, at + 2));
        let sql = format!("UPDATE tiketi.{} SET {set} WHERE id = $1 {returning}", R::TABLE);
        Self { sql, columns }
    }

    /// Puts the statement into another one, whose parameters it shares.
    pub(crate) fn within(self, before: &str, after: &str) -> Self {
        Self { sql: format!("{before}{}{after}", self.sql), columns: self.columns }
    }

    /// Inserts rows of one event, which is bound first.
    pub(crate) fn insert_of_event<R: TableRow>() -> Self {
        let arrays = Arrays::of::<R>(&ALL, 2, Guard::None);
        let Arrays { columns, names, unnest, .. } = arrays;
        let sql =
            format!("INSERT INTO tiketi.{} (event, {names}) SELECT $1, n.* FROM {unnest} AS n", R::TABLE);
        Self { sql, columns }
    }

    /// Updates the columns of these parts in rows of one event, which is bound first.
    ///
    /// The keys appear twice: the planner then uses `= ANY` to find the rows, whatever it estimates.
    pub(crate) fn update_of_event<R: TableRow>(parts: &[Part], guard: Guard) -> Self {
        let arrays = Arrays::of::<R>(&[&[Part::Key], parts].concat(), 2, guard);
        let update = arrays.update(R::TABLE);
        Self { sql: update, columns: arrays.columns }
    }

    /// Returns the text of the statement.
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    /// Binds a row's columns, each as one value.
    pub(crate) fn bind<'q>(&self, statement: Statement<'q>, row: &impl TableRow) -> Statement<'q> {
        let mut values = vec![Value::Int(None); self.columns.len()];
        row.visit(|index, value| {
            let place = self.columns.iter().position(|column| *column == index);
            if let Some(at) = place.and_then(|place| values.get_mut(place)) {
                *at = value;
            }
        });
        values.into_iter().fold(statement, |statement, value| match value {
            Value::Uuid(id) => statement.bind(id),
            Value::Int(number) => statement.bind(number),
            Value::Text(text) => statement.bind(text),
            Value::Flag(flag) => statement.bind(flag),
        })
    }

    /// Binds the columns of rows, each as one array.
    pub(crate) fn bind_all<'q, R: TableRow>(&self, statement: Statement<'q>, rows: &[R]) -> Statement<'q> {
        bind_arrays(statement, &self.columns, rows)
    }
}

/// The columns of these parts of a table as arrays, numbered from a first parameter.
pub(crate) struct Arrays {
    pub(crate) columns: Vec<usize>,
    /// Their names, separated by commas.
    names: String,
    /// The arrays as rows: `unnest($2::uuid[], …)`.
    unnest: String,
    /// The assignments of an update: `state = n.state, …`.
    set: String,
    /// The parameter of the ids.
    pub(crate) ids: String,
    /// The next free parameter.
    pub(crate) next: usize,
    guard: Guard,
}

impl Arrays {
    /// Numbers the columns, except the event's, which is bound as one value.
    pub(crate) fn of<R: TableRow>(parts: &[Part], first: usize, guard: Guard) -> Self {
        let mut columns = columns_of::<R>(parts);
        columns.retain(|index| R::COLUMNS.get(*index).is_some_and(|column| column.name != "event"));
        let mut names = joined::<R>(&columns, |_, column| column.name.to_owned());
        let mut arrays =
            joined::<R>(&columns, |at, column| format!("${}::{}[]", first + at, type_of(column.kind)));
        let mut next = first + columns.len();
        let is_set = |column: &Column| column.part != Part::Key;
        let set: Vec<usize> =
            columns.iter().copied().filter(|index| R::COLUMNS.get(*index).is_some_and(is_set)).collect();
        let set = joined::<R>(&set, |_, Column { name, .. }| format!("{name} = n.{name}"));
        if guard == Guard::Version {
            names += ", before";
            arrays = format!("{arrays}, ${next}::bigint[]");
            next += 1;
        }
        let (unnest, ids) = (format!("unnest({arrays})"), format!("${first}"));
        Self { columns, names, unnest, set, ids, next, guard }
    }

    /// Returns an update of the rows of the event `$1` that have these keys.
    pub(crate) fn update(&self, table: &str) -> String {
        let Self { names, unnest, set, ids, .. } = self;
        let guard = if self.guard == Guard::Version { " AND kept.version = n.before" } else { "" };
        format!(
            "UPDATE tiketi.{table} AS kept SET {set} FROM {unnest} AS n ({names}) \
             WHERE kept.event = $1 AND kept.id = ANY({ids}) AND kept.id = n.id{guard}"
        )
    }

    /// Returns an update of the rows of the event `$1` that have these keys and are at the places in an array.
    pub(crate) fn update_at(&self, table: &str, places: &str) -> String {
        let Self { names, unnest, set, .. } = self;
        format!(
            "UPDATE tiketi.{table} AS kept SET {set} FROM {unnest} AS n ({names}) \
             WHERE kept.ctid = ANY ({places}::text[]::tid[]) AND kept.event = $1 AND kept.id = n.id"
        )
    }

    /// Binds the columns of rows.
    pub(crate) fn bind<'q, R: TableRow>(&self, statement: Statement<'q>, rows: &[R]) -> Statement<'q> {
        bind_arrays(statement, &self.columns, rows)
    }
}

/// Writes a text for each column, separated by commas.
fn joined<R: TableRow>(columns: &[usize], write: impl Fn(usize, &Column) -> String) -> String {
    let columns = columns.iter().filter_map(|index| R::COLUMNS.get(*index));
    columns.enumerate().map(|(at, column)| write(at, column)).collect::<Vec<_>>().join(", ")
}

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Uuid => "uuid",
        Kind::Int => "bigint",
        Kind::Text => "text",
        Kind::Flag => "boolean",
    }
}

/// The values of one column.
enum Array<'v> {
    Uuids(Vec<Option<Uuid>>),
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<&'v str>>),
    Flags(Vec<bool>),
}

impl<'v> Array<'v> {
    fn of(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Uuid => Self::Uuids(Vec::with_capacity(rows)),
            Kind::Int => Self::Ints(Vec::with_capacity(rows)),
            Kind::Text => Self::Texts(Vec::with_capacity(rows)),
            Kind::Flag => Self::Flags(Vec::with_capacity(rows)),
        }
    }

    fn push(&mut self, value: Value<'v>) {
        match (self, value) {
            (Self::Uuids(ids), Value::Uuid(id)) => ids.push(id),
            (Self::Ints(numbers), Value::Int(number)) => numbers.push(number),
            (Self::Texts(texts), Value::Text(text)) => texts.push(text),
            (Self::Flags(flags), Value::Flag(flag)) => flags.push(flag),
            // A column's kind and its values are from the same row type.
            _ => {}
        }
    }
}

fn bind_arrays<'q, R: TableRow>(statement: Statement<'q>, columns: &[usize], rows: &[R]) -> Statement<'q> {
    let array = |column: &'static Column| Array::of(column.kind, rows.len());
    // By their index in the table, so that each row is visited once.
    let mut arrays: Vec<Option<Array<'_>>> = (0..R::COLUMNS.len()).map(|_| None).collect();
    for index in columns {
        if let (Some(place), Some(column)) = (arrays.get_mut(*index), R::COLUMNS.get(*index)) {
            *place = Some(array(column));
        }
    }
    for row in rows {
        row.visit(|index, value| {
            if let Some(Some(array)) = arrays.get_mut(index) {
                array.push(value);
            }
        });
    }
    // Columns are numbered in the order of the table.
    arrays.into_iter().flatten().fold(statement, |statement, array| match array {
        Array::Uuids(ids) => statement.bind(ids),
        Array::Ints(numbers) => statement.bind(numbers),
        Array::Texts(texts) => statement.bind(texts),
        Array::Flags(flags) => statement.bind(flags),
    })
}

#[cfg(test)]
mod tests {
    use tiketi_sql::{CommandRow, CreationRow, TicketTypeRow};

    use super::*;

    #[test]
    fn an_insert_lists_every_column() {
        let insert = RowStatement::insert::<CreationRow>("ON CONFLICT DO NOTHING");
        assert_eq!(
            insert.sql,
            "INSERT INTO tiketi.creations (key, fingerprint, made, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
        );
        let insert = RowStatement::insert_of_event::<CommandRow>();
        assert_eq!(
            insert.sql,
            "INSERT INTO tiketi.commands (event, key, fingerprint, reservation, payment, at) SELECT $1, n.* \
             FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[]) AS n"
        );
    }

    #[test]
    fn an_update_lists_the_columns_of_its_parts() {
        let update = RowStatement::update_of_event::<TicketTypeRow<'_>>(&[Part::Counted], Guard::Version);
        assert_eq!(
            update.sql,
            "UPDATE tiketi.ticket_types AS kept SET held = n.held, sold = n.sold, blocked = n.blocked \
             FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) \
             AS n (id, held, sold, blocked, before) \
             WHERE kept.event = $1 AND kept.id = ANY($2) AND kept.id = n.id AND kept.version = n.before"
        );
    }
}
