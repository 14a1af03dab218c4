//! The shop, assembled over the store it was told.

use std::sync::Arc;

use secrecy::SecretString;
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::{
    AccountStore, AnswerStore, BoxOffice, CatalogStore, GuardSettings, Guarded, InboxStore, LayoutStore,
    OutboxStore, PaymentGateway, PaymentStore, SalesStore, SystemClock,
};
use tiketi_http::AppState;
use tiketi_postgres::PostgresStore;

use crate::failure::Failure;
use crate::settings::Settings;
use crate::store::postgres::Database;
use crate::store::{StoreKind, file};
use crate::timer::RuntimeTimer;

/// Puts time limits and a circuit breaker around a gateway.
fn guarded(gateway: Arc<dyn PaymentGateway>) -> Arc<dyn PaymentGateway> {
    let (clock, timer) = (Arc::new(SystemClock), Arc::new(RuntimeTimer));
    Arc::new(Guarded::new(gateway, clock, timer, GuardSettings::default()))
}

/// A box office and what the server keeps beside it.
#[derive(Debug, Clone)]
pub(crate) struct Shop {
    pub(crate) box_office: BoxOffice,
    pub(crate) accounts: Arc<dyn AccountStore>,
    pub(crate) answers: Arc<dyn AnswerStore>,
    /// The store to take leave of in the end, if it outlives the server.
    shared: Option<PostgresStore>,
}

impl Shop {
    /// Opens the store and builds the box office over it.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Failure> {
        match &settings.store {
            StoreKind::Memory => Self::over(&Arc::new(MemoryStore::default()), settings),
            StoreKind::Sqlite(path) => Self::over(&Arc::new(file::open(path)?), settings),
            StoreKind::Postgres(database) => Self::shared(database, settings).await,
        }
    }

    /// Opens a store of many servers, which is only migrated by whoever says so.
    async fn shared(database: &Database, settings: &Settings) -> Result<Self, Failure> {
        if settings.migrate {
            database.migrate().await?;
        }
        let pool = database.open(settings.store_connections).await?;
        let store = PostgresStore::new(pool);
        let shop = Self::over(&Arc::new(store.clone()), settings)?;
        Ok(Self { shared: Some(store), ..shop })
    }

    /// Takes leave of a database that outlives the server.
    pub(crate) async fn close(self) {
        if let Some(store) = self.shared {
            store.close().await;
        }
    }

    fn over<S>(store: &Arc<S>, settings: &Settings) -> Result<Self, Failure>
    where
        S: SalesStore
            + PaymentStore
            + CatalogStore
            + LayoutStore
            + OutboxStore
            + InboxStore
            + AccountStore
            + AnswerStore,
    {
        let box_office = BoxOffice::builder()
            .store(Arc::clone(store))
            .gateway(guarded(Arc::new(TestGateway::default())))
            .terms(settings.terms)
            .build()
            .map_err(|error| Failure::during("cannot open the shop", &error))?;
        Ok(Self {
            box_office,
            accounts: Arc::<S>::clone(store),
            answers: Arc::<S>::clone(store),
            shared: None,
        })
    }

    /// Builds what the routes work with.
    pub(crate) fn state(&self, settings: &Settings, jwt_secret: SecretString) -> Result<AppState, Failure> {
        let accounts = Arc::clone(&self.accounts);
        let answers = Arc::clone(&self.answers);
        AppState::builder(self.box_office.clone(), accounts, answers, jwt_secret)
            .limits(settings.limits)
            .build()
            .map_err(|error| Failure::during("cannot open the shop", &error))
    }
}
