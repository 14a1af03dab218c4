//! Assembles the shop over the chosen store.

use std::sync::Arc;

use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::{
    BoxOffice, BoxOfficeBuilder, IdSource, PaymentGateway,
    clock::{SystemClock, TimeOrderedIds},
    gateway::{GuardSettings, Guarded},
    store::{
        AccountStore, AnswerStore, CatalogStore, InboxStore, LayoutStore, OutboxStore, PaymentStore,
        SalesStore, StoreClock,
    },
};
use tiketi_http::{AppState, SignIn, TokenSecret};
use tiketi_postgres::PostgresStore;

use crate::demo::DemoIds;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::store::postgres::Database;
use crate::store::{StoreKind, file};
use crate::timer::RuntimeTimer;

/// Puts time limits and a circuit breaker around a gateway.
fn guarded(gateway: Arc<dyn PaymentGateway>, settings: GuardSettings) -> Arc<dyn PaymentGateway> {
    let (clock, timer) = (Arc::new(SystemClock), Arc::new(RuntimeTimer));
    Arc::new(Guarded::new(gateway, clock, timer, settings))
}

/// Builds the gateway that moves no money.
fn rehearsing() -> Arc<dyn PaymentGateway> {
    guarded(Arc::new(TestGateway::default()), GuardSettings::default())
}

/// Builds the gateways that buyers may pay through; the first is the default.
fn offered(settings: &Settings) -> Result<Vec<Arc<dyn PaymentGateway>>, Failure> {
    let mut gateways = Vec::new();
    if let Some(toss) = &settings.toss {
        gateways.push(guarded(Arc::new(toss.gateway()?), toss.guard()));
    }
    if settings.test_gateway {
        gateways.push(rehearsing());
    }
    Ok(gateways)
}

/// A box office with the store and tasks around it.
#[derive(Debug, Clone)]
pub(crate) struct Shop {
    pub(crate) box_office: BoxOffice,
    /// The same shop with the built-in gateway only: it sells what the demo shows as sold, and no money moves.
    pub(crate) rehearsal: BoxOffice,
    pub(crate) accounts: Arc<dyn AccountStore>,
    answers: Arc<dyn AnswerStore>,
    /// The database to close at the end, if the store is one.
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

    /// Opens a store of many servers; migrates it only with `--migrate`.
    async fn shared(database: &Database, settings: &Settings) -> Result<Self, Failure> {
        if settings.migrate {
            database.migrate().await?;
        }
        let pool = database.open(settings.store_connections).await?;
        let store = PostgresStore::new(pool);
        let shop = Self::over(&Arc::new(store.clone()), settings)?;
        Ok(Self { shared: Some(store), ..shop })
    }

    /// Closes the connections to a database.
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
            + StoreClock
            + AccountStore
            + AnswerStore,
    {
        let open = |gateways: Vec<Arc<dyn PaymentGateway>>, ids: Arc<dyn IdSource>| {
            let builder = BoxOffice::builder().store(Arc::clone(store)).terms(settings.terms).ids(ids);
            let builder = builder.timer(Arc::new(RuntimeTimer)).jobs_every(settings.chores.sweep_every());
            let builder = builder.asked_at_once(settings.chores.asked_at_once());
            let builder = gateways.into_iter().fold(builder, BoxOfficeBuilder::gateway);
            builder.build().map_err(|error| Failure::during("cannot open the shop", &error))
        };
        let box_office = open(offered(settings)?, Arc::new(TimeOrderedIds))?;
        let rehearsal = open(vec![rehearsing()], Arc::new(DemoIds::default()))?;
        let (accounts, answers) = (Arc::<S>::clone(store), Arc::<S>::clone(store));
        Ok(Self { box_office, rehearsal, accounts, answers, shared: None })
    }

    /// Builds what the routes work with.
    pub(crate) fn state(&self, settings: &Settings, secret: TokenSecret) -> Result<AppState, Failure> {
        let sign_in = SignIn::Accounts { store: Arc::clone(&self.accounts), secret };
        AppState::builder(self.box_office.clone(), Arc::clone(&self.answers), sign_in)
            .limits(settings.limits)
            .build()
            .map_err(|error| Failure::during("cannot open the shop", &error))
    }
}
