//! Shops to measure: a box office on a new, empty store of the chosen kind.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use clap::ValueEnum;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};
use tempfile::TempDir;
use tiketi_core::fact::FactKinds;
use tiketi_core::figures::UtcCalendar;
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::store::{CatalogStore, FiguresStore};
use tiketi_core::{BoxOffice, BoxOfficeBuilder, Fact, Notifier, NotifyError, PaymentGateway};
use tiketi_postgres::{Batches, PostgresStore, SchemaName, migrate};
use tiketi_postgres_harness::{Database, Fsync, Server};
use tiketi_sqlite::SqliteStore;
use tokio::sync::OnceCell;

/// A kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    #[value(name = "memory:", alias = "memory")]
    Memory,
    #[value(name = "postgres")]
    Postgres,
    #[value(name = "sqlite")]
    Sqlite,
}

impl Store {
    /// Returns the name in the printed figures.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }
}

/// The private Postgres server of a run, whose commits wait for the disk.
static SERVER: OnceCell<Server> = OnceCell::const_new();
/// Settings under which no checkpoint happens during a turn.
const ROOMY: &[(&str, &str)] =
    &[("shared_buffers", "512MB"), ("max_wal_size", "8GB"), ("checkpoint_timeout", "1h")];
/// Connections of a shop's pool.
const CONNECTIONS: u32 = 16;

/// An empty shop, and the resources that must live as long as it does.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) box_office: BoxOffice,
    pub(crate) guard: Guard,
}

/// Where a shop's store keeps its data.
#[derive(Debug)]
pub(crate) enum Guard {
    Nothing,
    Folder(TempDir),
    Database { database: Database, store: PostgresStore },
}

/// A subscriber whose facts are never delivered, because no job runs.
#[derive(Debug)]
struct Unheard;

#[async_trait]
impl Notifier for Unheard {
    async fn notify(&self, _: &[Fact]) -> Result<(), NotifyError> {
        Ok(())
    }
}

impl Shop {
    /// Opens a shop on a new store, with the test provider.
    pub(crate) async fn open(store: Store) -> Result<Self, Box<dyn Error>> {
        Self::open_with(store, Arc::new(TestGateway::default())).await
    }

    /// Makes each flush of commits to the disk take longer, for the connections that are opened from now on.
    ///
    /// # Errors
    ///
    /// If the store is not Postgres.
    pub(crate) async fn delay_commits(&self, ms: u32) -> Result<(), Box<dyn Error>> {
        if ms == 0 {
            return Ok(());
        }
        let database = self.database().ok_or("only Postgres can delay its commits")?;
        let mut connection = PgConnection::connect_with(&database.options()).await?;
        for (setting, value) in [("commit_delay", ms * 1_000), ("commit_siblings", 0)] {
            let set = format!("ALTER DATABASE {} SET {setting} = {value}", database.name());
            sqlx::query(AssertSqlSafe(set)).execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(())
    }

    /// Opens a shop on a new store, with a gateway.
    pub(crate) async fn open_with(
        store: Store,
        gateway: Arc<dyn PaymentGateway>,
    ) -> Result<Self, Box<dyn Error>> {
        Self::open_over(store, BoxOffice::builder().gateway(gateway)).await
    }

    /// Opens a shop on a new store, in whose commits public facts are saved for a subscriber.
    pub(crate) async fn open_with_saved_facts(store: Store) -> Result<Self, Box<dyn Error>> {
        let kinds = FactKinds::PUBLIC.kinds();
        let builder = BoxOffice::builder().gateway(Arc::new(TestGateway::default()));
        let shop = Self::open_over(store, builder.subscriber_of("bench", kinds, Arc::new(Unheard))).await?;
        // The first run registers the subscriber.
        let _report = shop.box_office.jobs().run_once().await;
        Ok(shop)
    }

    /// Opens a shop on a new store, whose catalog can be filled.
    pub(crate) async fn open_catalogue(
        store: Store,
    ) -> Result<(Self, Arc<dyn CatalogStore>), Box<dyn Error>> {
        let (builder, stores, guard) = parts(store, BoxOffice::builder()).await?;
        Ok((Self { box_office: builder.build()?, guard }, stores.catalog))
    }

    async fn open_over(store: Store, builder: BoxOfficeBuilder) -> Result<Self, Box<dyn Error>> {
        let (builder, _, guard) = parts(store, builder).await?;
        Ok(Self { box_office: builder.build()?, guard })
    }

    /// Opens a shop on a new store, which keeps figures by days of UTC.
    pub(crate) async fn open_counting(store: Store) -> Result<(Self, Arc<dyn FiguresStore>), Box<dyn Error>> {
        let (builder, Stores { figures, .. }, guard) = parts(store, BoxOffice::builder()).await?;
        let box_office = builder.figures(Arc::clone(&figures), Arc::new(UtcCalendar)).build()?;
        Ok((Self { box_office, guard }, figures))
    }

    /// Returns the shop's Postgres database; `None` for other stores.
    pub(crate) fn database(&self) -> Option<&Database> {
        match &self.guard {
            Guard::Database { database, .. } => Some(database),
            Guard::Nothing | Guard::Folder(_) => None,
        }
    }

    /// Returns how many commands shared how many commits; `None` if the store does not count them.
    pub(crate) fn batches(&self) -> Option<Batches> {
        match &self.guard {
            Guard::Database { store, .. } => Some(store.batches()),
            Guard::Nothing | Guard::Folder(_) => None,
        }
    }
}

/// The parts of a new store that benchmarks use directly.
struct Stores {
    figures: Arc<dyn FiguresStore>,
    catalog: Arc<dyn CatalogStore>,
}

impl Stores {
    fn of<S: FiguresStore + CatalogStore>(store: Arc<S>) -> Self {
        Self { figures: Arc::<S>::clone(&store), catalog: store }
    }
}

/// A builder over a new store, the store's parts, and its guard.
type Parts = (BoxOfficeBuilder, Stores, Guard);

async fn parts(store: Store, builder: BoxOfficeBuilder) -> Result<Parts, Box<dyn Error>> {
    Ok(match store {
        Store::Memory => {
            let store = Arc::new(MemoryStore::default());
            (builder.store(Arc::clone(&store)), Stores::of(store), Guard::Nothing)
        }
        Store::Postgres => {
            let server = SERVER.get_or_init(|| Server::start_with(Fsync::On, ROOMY)).await;
            let migrated = |options| async move { migrate(&options, &SchemaName::default()).await };
            let database = Database::fresh(server, migrated).await;
            let store = PostgresStore::new(database.pool(CONNECTIONS).await);
            let shared = Arc::new(store.clone());
            (builder.store(Arc::clone(&shared)), Stores::of(shared), Guard::Database { database, store })
        }
        Store::Sqlite => {
            let folder = tempfile::tempdir()?;
            let store = Arc::new(SqliteStore::open(folder.path().join("bench.db"))?);
            (builder.store(Arc::clone(&store)), Stores::of(store), Guard::Folder(folder))
        }
    })
}
