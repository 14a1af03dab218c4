//! A shop in Postgres, shared by many servers.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Error};
use tiketi_core::{StoreError, StoreErrorKind, store::AuditStore};
use tiketi_postgres::{Durability, PostgresStore, SCHEMA, SchemaName, StoreOptions};
use tokio::time::timeout;

use crate::failure::Failure;

/// Longest wait for a connection; then the answer is 503 with `Retry-After`.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest time the database may take to answer a command line or a starting server.
const FIRST_ANSWER: Duration = Duration::from_secs(30);
const ADVICE: &str = "migrate the database with `tiketi-server migrate`, or start the server with --migrate";
const DURABILITY_ADVICE: &str = "for tests, --allow-unsafe-durability serves from it anyway";
/// SQLSTATE of a schema that exists (source: Postgres, appendix "PostgreSQL Error Codes").
const DUPLICATE_SCHEMA: &str = "42P06";
/// Parameters allowed after the `?` of an address; the driver would ignore others and log them.
const PARAMETERS: [&str; 13] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// A database and how to reach it; displayed without user and password.
#[derive(Clone)]
pub(crate) struct Database {
    options: Box<PgConnectOptions>,
    /// The schema of the shop's tables.
    schema: SchemaName,
    /// Which durability of a commit the server requires.
    durability: Durability,
}

impl Database {
    /// Reads an address; errors show no part of it.
    pub(crate) fn of(
        address: &SecretString,
        schema: SchemaName,
        durability: Durability,
    ) -> Result<Self, Failure> {
        let address = address.expose_secret();
        refuse_unescaped_signs(address)?;
        refuse_unknown_parameters(address)?;
        // The driver's error names the wrong part, never the address.
        let options = address.parse::<PgConnectOptions>();
        let options = options.map_err(|error| Failure::during("--store", &error))?;
        let named = options.get_application_name().is_some();
        let options = if named { options } else { options.application_name("tiketi-server") };
        Ok(Self { options: Box::new(options), schema, durability })
    }

    /// Opens `connections` after checking that the database has the schema of this release.
    ///
    /// All stay open, because connecting is slow and a sale starts with a burst. One is open before this returns: the
    /// first request, such as a readiness check, does not wait for the others.
    pub(crate) async fn open(&self, connections: u32) -> Result<PostgresStore, Failure> {
        self.open_checked(self.durability).await?.close().await;
        let pool = PgPoolOptions::new().max_connections(connections).min_connections(connections);
        let store = self.store(pool.acquire_timeout(ACQUIRE_TIMEOUT));
        let first = timeout(FIRST_ANSWER, first_connection(store.pool())).await;
        first
            .map_err(|_| Failure::new(format!("{self} does not answer")))?
            .map_err(|error| self.unreachable(&error))?;
        Ok(store)
    }

    /// Opens one connection to a database that has the schema of this release, whatever its durability.
    pub(crate) async fn open_to_read(&self) -> Result<PostgresStore, Failure> {
        self.open_checked(Durability::Relaxed).await
    }

    async fn open_checked(&self, durability: Durability) -> Result<PostgresStore, Failure> {
        self.reach().await?;
        let store = self.store(PgPoolOptions::new().max_connections(1).acquire_timeout(FIRST_ANSWER));
        let relaxed = tiketi_postgres::check(store.pool(), &self.schema, Durability::Relaxed).await;
        relaxed.map_err(|error| self.not_ready(&error))?;
        // A second check, so that the advice fits the actual problem.
        let durable = tiketi_postgres::check(store.pool(), &self.schema, durability).await;
        durable.map_err(|error| {
            Failure::new(format!("{}; {DURABILITY_ADVICE}", Failure::during(self, &error).sentence()))
        })?;
        Ok(store)
    }

    /// Creates an empty schema beside the shop's, and returns the database with it.
    ///
    /// It fails if the schema exists, so that a rehearsal never deletes what it has not made.
    pub(crate) async fn create_scratch(&self) -> Result<Self, Failure> {
        self.reach().await?;
        let name = format!("{}_rehearsal", self.schema);
        let schema = name.parse::<SchemaName>();
        let schema = schema.map_err(|error| Failure::during(format!("the schema {name}"), &error))?;
        let made = self.run(format!("CREATE SCHEMA \"{schema}\"")).await;
        made.map_err(|error| match error.as_database_error().and_then(DatabaseError::code) {
            Some(code) if code == DUPLICATE_SCHEMA => Failure::new(format!(
                "the schema {schema} exists in {self}: another rehearsal is running, or was killed; if none is, \
                 run `DROP SCHEMA {schema} CASCADE`"
            )),
            _ => Failure::during(format!("cannot create the schema {schema} in {self}"), &error),
        })?;
        Ok(Self { schema, ..self.clone() })
    }

    /// Drops a schema that [`Database::create_scratch`] made.
    pub(crate) async fn drop_scratch(&self) -> Result<(), Failure> {
        let schema = &self.schema;
        self.run(format!("DROP SCHEMA \"{schema}\" CASCADE")).await.map_err(|error| {
            let remains = format!("the scratch shop remains: run `DROP SCHEMA {schema} CASCADE` in {self}");
            Failure::during(remains, &error)
        })
    }

    /// Runs one statement on a connection of its own.
    async fn run(&self, statement: String) -> Result<(), Error> {
        let mut connection = PgConnection::connect_with(&self.options).await?;
        let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.map(drop);
        // The statement is done or not, however the connection ends.
        let _ended = connection.close().await;
        done
    }

    /// Creates a store that connects at its first use.
    fn store(&self, pool: PgPoolOptions) -> PostgresStore {
        let options = StoreOptions::new().schema(self.schema.clone());
        PostgresStore::connect_lazy(pool, PgConnectOptions::clone(&self.options), options)
    }

    /// Migrates the database to the schema of this release, and returns which that is.
    pub(crate) async fn migrate(&self) -> Result<String, Failure> {
        self.reach().await?;
        let migrated = tiketi_postgres::migrate(&self.options, &self.schema).await;
        migrated.map_err(|error| Failure::during(format!("cannot migrate {self}"), &error))?;
        Ok(format!("schema {SCHEMA} now"))
    }

    /// Checks the database without changing it, and describes it.
    pub(crate) async fn describe(&self) -> Result<String, Failure> {
        let store = self.open_checked(self.durability).await?;
        let events = store.event_count().await;
        let events = events.map_err(|error| Failure::during(format!("{self} cannot be read"), &error))?;
        Ok(format!("is intact, with schema {SCHEMA} and {events} events"))
    }

    /// Connects once without a pool: a pool hides why it cannot connect.
    async fn reach(&self) -> Result<(), Failure> {
        let reached = timeout(FIRST_ANSWER, PgConnection::connect_with(&self.options)).await;
        let connection = reached
            .map_err(|_| Failure::new(format!("{self} does not answer")))?
            .map_err(|error| self.unreachable(&error))?;
        // Reaching the database is enough; closing may fail.
        let _ended = connection.close().await;
        Ok(())
    }

    fn unreachable(&self, error: &Error) -> Failure {
        // The driver's message contains its causes.
        Failure::new(format!("{self} cannot be reached: {error}"))
    }

    fn not_ready(&self, error: &StoreError) -> Failure {
        let failure = Failure::during(self, error);
        match error.kind() {
            StoreErrorKind::Unavailable => Failure::new(format!("{}; {ADVICE}", failure.sentence())),
            _ => failure,
        }
    }
}

/// Waits until a pool has a connection, longer than a request may wait: the machine may be busy at the start.
async fn first_connection(pool: &PgPool) -> Result<(), Error> {
    loop {
        match pool.acquire().await {
            Err(Error::PoolTimedOut) => {}
            acquired => return acquired.map(drop),
        }
    }
}

/// Names an unknown parameter of an address, without its value.
fn refuse_unknown_parameters(address: &str) -> Result<(), Failure> {
    let Some((_, parameters)) = address.split_once('?') else { return Ok(()) };
    let names = parameters.split('&').map(|parameter| parameter.split('=').next().unwrap_or_default());
    let known = |name: &str| name.is_empty() || PARAMETERS.contains(&name) || name.starts_with("options[");
    let mut unknown = names.filter(|name| !known(name));
    match unknown.next() {
        None => Ok(()),
        Some(name) => Err(Failure::new(format!("--store: unknown parameter `{name}` in the address"))),
    }
}

/// Refuses a password with an unescaped `/`, `?` or `#`: parsing would end it early, and show the rest as another part.
fn refuse_unescaped_signs(address: &str) -> Result<(), Failure> {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    let after_host = rest.split_once(['/', '?', '#']).map_or("", |(_, after)| after);
    if rest.contains('#') || after_host.contains('@') {
        let signs = "write the signs `/ ? # @ %` of a name or password as %2F %3F %23 %40 %25";
        return Err(Failure::new(format!("--store: {signs}")));
    }
    Ok(())
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let database = self.options.get_database().unwrap_or_default();
        match self.options.get_socket() {
            Some(socket) => write!(f, "postgres://{}/{database}", socket.display()),
            None => {
                write!(f, "postgres://{}:{}/{database}", self.options.get_host(), self.options.get_port())
            }
        }
    }
}

/// Written by hand: the derived form would contain the password.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> Result<Database, Failure> {
        Database::of(&SecretString::from(address), SchemaName::default(), Durability::Required)
    }

    #[test]
    fn an_address_is_shown_without_user_and_password() {
        for address in [
            "postgres://me:hush@db:5433/shop",
            "postgres://db:5433/shop?user=me&password=hush&sslmode=require",
        ] {
            let database = read(address).unwrap();
            assert_eq!(format!("{database} {database:?}"), "postgres://db:5433/shop postgres://db:5433/shop");
        }
    }

    #[test]
    fn a_password_that_is_not_written_as_it_must_be_is_refused_and_not_shown() {
        for address in [
            "postgres://me:12/hush@db/shop",
            "postgres://me:12#hush@db/shop",
            "postgres://me:12?hush@db/shop",
            "postgres://me:hu/sh@db/shop",
        ] {
            let sentence = read(address).unwrap_err().sentence().to_owned();
            assert!(!sentence.contains("hu"), "{sentence}");
        }
        let written = read("postgres://me:12%2Fhush@db/shop").unwrap();
        assert_eq!(written.to_string(), "postgres://db:5432/shop");
    }

    #[test]
    fn an_unknown_parameter_is_named_without_its_value() {
        let refused = read("postgres://db/shop?pasword=hush").unwrap_err();
        assert!(refused.sentence().contains("`pasword`") && !refused.sentence().contains("hush"));
        let refused = read("postgres://db/shop?sslmode=requre").unwrap_err();
        assert!(refused.sentence().contains("requre"), "{refused:?}");
    }
}
