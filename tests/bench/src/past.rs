//! Rows of the past, written by SQL: many more than a benchmark could sell.

use std::error::Error;
use std::path::Path;

use rusqlite::Connection;
use sqlx::{AssertSqlSafe, PgPool};

use crate::shop::{Guard, Shop};

/// Rows of one transaction.
const SLICE: u32 = 100_000;

/// Other values than those of the row that is copied, by column.
pub(crate) type Others = Vec<(&'static str, String)>;

/// How a database writes what is made for row `n`.
#[derive(Debug)]
pub(crate) struct Words {
    schema: &'static str,
    /// An id that depends on a number only.
    pub(crate) id_of: fn(&str) -> String,
    /// Rows numbered from `$1` to `$2`.
    numbers: &'static str,
}

const POSTGRES: Words = Words {
    schema: "tiketi.",
    id_of: |number| format!("lpad(to_hex({number}), 32, '0')::uuid"),
    numbers: "generate_series($1::bigint, $2::bigint) AS numbers (n)",
};
const SQLITE: Words = Words {
    schema: "",
    id_of: |number| format!("unhex(printf('%032x', {number}))"),
    numbers: "(WITH RECURSIVE counted (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM counted WHERE n < ?2) SELECT n FROM counted) AS numbers",
};

/// Copies the newest row of a table again and again, with other values in some columns.
///
/// # Errors
///
/// If the shop is in memory.
pub(crate) async fn copy_rows(
    shop: &Shop,
    table: &str,
    rows: u32,
    others: impl Fn(&Words) -> Others,
) -> Result<(), Box<dyn Error>> {
    match (&shop.guard, shop.database()) {
        (_, Some(database)) => in_postgres(&database.pool(1).await, table, rows, &others(&POSTGRES)).await,
        (Guard::Folder(folder), None) => {
            in_sqlite(&folder.path().join("bench.db"), table, rows, &others(&SQLITE))
        }
        _ => Err("a shop in memory has no past".into()),
    }
}

impl Words {
    fn copies(&self, table: &str, columns: &[String], others: &Others) -> String {
        let value = |column: &String| {
            let other = others.iter().find(|(name, _)| name == column);
            other.map_or_else(|| format!("first.{column}"), |(_, value)| value.clone())
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        let (schema, names, values) = (self.schema, columns.join(", "), values.join(", "));
        format!(
            "INSERT INTO {schema}{table} ({names}) SELECT {values} \
             FROM (SELECT * FROM {schema}{table} ORDER BY id DESC LIMIT 1) AS first CROSS JOIN {}",
            self.numbers
        )
    }
}

/// The first and last number of each slice.
fn slices(rows: u32) -> impl Iterator<Item = (i64, i64)> {
    (1..=rows)
        .step_by(SLICE as usize)
        .map(move |first| (i64::from(first), i64::from(rows.min(first + SLICE - 1))))
}

async fn in_postgres(pool: &PgPool, table: &str, rows: u32, others: &Others) -> Result<(), Box<dyn Error>> {
    let columns: Vec<String> = sqlx::query_scalar(
        "SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'tiketi' AND table_name = $1",
    )
    .bind(table)
    .fetch_all(pool)
    .await?;
    let sql = POSTGRES.copies(table, &columns, others);
    for (first, last) in slices(rows) {
        sqlx::query(AssertSqlSafe(sql.clone())).bind(first).bind(last).execute(pool).await?;
    }
    // As autovacuum does in an hour: without it, the measurement is of a database that has just been filled.
    sqlx::query(AssertSqlSafe(format!("VACUUM ANALYZE tiketi.{table}"))).execute(pool).await?;
    Ok(())
}

fn in_sqlite(path: &Path, table: &str, rows: u32, others: &Others) -> Result<(), Box<dyn Error>> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    let mut columns = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let columns = columns.query_map([table], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    let sql = SQLITE.copies(table, &columns, others);
    for slice in slices(rows) {
        connection.execute(&sql, slice)?;
    }
    Ok(())
}
