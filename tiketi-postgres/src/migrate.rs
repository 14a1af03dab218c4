//! The schema, and the migration of older databases.

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{AssertSqlSafe, Connection, Row};
use tiketi_core::{StoreError, StoreErrorKind};

use crate::error::failed;
use crate::sql::schema::SchemaName;
use crate::sql::statement::Statement;

/// Every migration in order; a database's schema is the number of applied migrations.
const MIGRATIONS: &[(&str, &str)] = &[("first", include_str!("../schema/0001_first.sql"))];

/// The schema that this release reads and writes: the number of migrations.
pub const SCHEMA: u32 = {
    // The number of migrations never exceeds 32 bits.
    #[expect(clippy::cast_possible_truncation, reason = "no conversion that checks is const")]
    let count = MIGRATIONS.len() as u32;
    count
};

/// The advisory lock that serialises migrations of one schema, until the end of the transaction; the seed is
/// `Tiketi` in ASCII.
///
/// Like all statements here it is unnamed and within a transaction, so that it works through any pooler.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 92680947823721))";
const HAS_TABLE: &str = "SELECT to_regclass('tiketi.migrations') IS NOT NULL";
const CREATE_TABLE: &str = "CREATE TABLE tiketi.migrations (version bigint PRIMARY KEY, name text NOT NULL)";
const LATEST: &str = "SELECT coalesce(max(version), 0) FROM tiketi.migrations";
const REMEMBER: &str = "INSERT INTO tiketi.migrations (version, name) VALUES ($1, $2)";
/// Lists settings that let a crash undo commits. They are read as this session has them, because the role, the
/// database and the pool's options may each set them.
const FORGETFUL: &str = "SELECT string_agg(name || ' is ' || setting, ' and ' ORDER BY name) FROM pg_settings \
    WHERE name IN ('synchronous_commit', 'fsync', 'full_page_writes') AND setting = 'off'";
const TAKES_WRITES: &str =
    "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'";

/// Creates or migrates a schema of a database, on a separate connection that it closes.
///
/// All migrations run in one transaction. Several servers may call it at once: they wait for each other. It needs a
/// connection to Postgres itself or to a pooler that keeps transactions together.
///
/// # Errors
///
/// [`StoreErrorKind::Unavailable`] if the database cannot be reached or is read-only, [`StoreErrorKind::Internal`]
/// if a later release migrated it; then nothing is changed.
pub async fn migrate(options: &PgConnectOptions, schema: &SchemaName) -> Result<(), StoreError> {
    let mut connection = PgConnection::connect_with(options).await.map_err(failed)?;
    let migrated = bring_up_to_date(&mut connection, schema).await;
    // The commit has succeeded, even if closing the connection fails.
    let _ended = connection.close().await;
    migrated
}

async fn bring_up_to_date(connection: &mut PgConnection, schema: &SchemaName) -> Result<(), StoreError> {
    let mut transaction = connection.begin().await.map_err(failed)?;
    let lock = sqlx::query(LOCK).persistent(false).bind(schema.as_str());
    lock.execute(&mut *transaction).await.map_err(failed)?;
    let mut found = schema_of(&mut transaction, schema).await?;
    if let Some(found) = found
        && found > i64::from(SCHEMA)
    {
        return Err(newer(found));
    }
    if found.is_none() {
        run_all(&mut transaction, format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\"")).await?;
        run_all(&mut transaction, schema.render(CREATE_TABLE)).await?;
    }
    for (version, (name, sql)) in (1_i64..).zip(MIGRATIONS) {
        if version > found.unwrap_or(0) {
            run_all(&mut transaction, schema.render(sql)).await?;
            let remember = query(schema, REMEMBER).bind(version).bind(name);
            remember.execute(&mut *transaction).await.map_err(failed)?;
            found = Some(version);
        }
    }
    transaction.commit().await.map_err(crate::error::commit_failed)
}

/// Runs statements of this crate, rendered for a schema.
async fn run_all(connection: &mut PgConnection, sql: String) -> Result<(), StoreError> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop).map_err(failed)
}

/// Starts a statement of this crate, rendered for a schema and without a name.
fn query<'q>(schema: &SchemaName, sql: &str) -> Statement<'q> {
    sqlx::query(AssertSqlSafe(schema.render(sql))).persistent(false)
}

/// How durable a commit of a database must be before tickets are sold from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// A commit is on disk when it is answered: `synchronous_commit`, `fsync` and `full_page_writes` are not off.
    Required,
    /// A crash may lose acknowledged commits: tickets may be sold again, and captured money may have no record. For
    /// tests only.
    Relaxed,
}

/// Checks that a database can be sold from: reachable, of this release's schema, writable and durable.
///
/// Settings are read as the pool's own sessions have them. `synchronous_commit = local` is accepted: a failover to
/// a standby may then lose commits, but a crash does not.
///
/// # Errors
///
/// [`StoreErrorKind::Unavailable`] or [`StoreErrorKind::Internal`], each with advice.
pub async fn check(pool: &PgPool, schema: &SchemaName, durability: Durability) -> Result<(), StoreError> {
    // One transaction, so that all statements run in one session even behind a pooler.
    let mut connection = pool.begin().await.map_err(failed)?;
    match schema_of(&mut connection, schema).await? {
        None | Some(0) => return Err(unmigrated("has no", schema)),
        Some(found) if found > i64::from(SCHEMA) => return Err(newer(found)),
        Some(found) if found < i64::from(SCHEMA) => return Err(unmigrated("has an older", schema)),
        Some(_) => {}
    }
    let row =
        sqlx::query(TAKES_WRITES).persistent(false).fetch_one(&mut *connection).await.map_err(failed)?;
    if !row.try_get::<bool, _>(0).map_err(failed)? {
        let message = "the database takes no writes: it is a standby or read-only; connect to the primary";
        return Err(StoreError::new(StoreErrorKind::Unavailable, message));
    }
    match durability {
        Durability::Required => refuse_forgetful(&mut connection).await,
        Durability::Relaxed => Ok(()),
    }
}

/// Refuses a database whose settings permit it to lose commits.
async fn refuse_forgetful(connection: &mut PgConnection) -> Result<(), StoreError> {
    let row = sqlx::query(FORGETFUL).persistent(false).fetch_one(connection).await.map_err(failed)?;
    let Some(off) = row.try_get::<Option<String>, _>(0).map_err(failed)? else { return Ok(()) };
    let message = format!(
        "the database may forget sales that were answered: {off}; turn it on for the server, this role and this database"
    );
    Err(StoreError::new(StoreErrorKind::Internal, message))
}

/// Returns the number of migrations applied to a schema; `None` if it does not exist.
async fn schema_of(connection: &mut PgConnection, schema: &SchemaName) -> Result<Option<i64>, StoreError> {
    let row = query(schema, HAS_TABLE).fetch_one(&mut *connection).await.map_err(failed)?;
    if !row.try_get::<bool, _>(0).map_err(failed)? {
        return Ok(None);
    }
    let row = query(schema, LATEST).fetch_one(&mut *connection).await.map_err(failed)?;
    Ok(Some(row.try_get(0).map_err(failed)?))
}

fn newer(found: i64) -> StoreError {
    let message = format!(
        "the database has schema {found}, and this release knows only up to {SCHEMA}: use a later release"
    );
    StoreError::new(StoreErrorKind::Internal, message)
}

fn unmigrated(what: &str, schema: &SchemaName) -> StoreError {
    let message = format!("the database {what} {schema} schema: migrate it first");
    StoreError::new(StoreErrorKind::Unavailable, message)
}
