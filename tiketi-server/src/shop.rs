//! Assembles the shop over the chosen store.

use std::sync::Arc;

use tiketi_core::memory::TestGateway;
use tiketi_core::{
    BoxOffice, BoxOfficeBuilder, BuildError, IdSource, PaymentGateway,
    clock::{SystemClock, TimeOrderedIds},
    gateway::{GuardSettings, Guarded},
    store::{
        AccountStore, AnswerStore, CatalogStore, CodeStore, FiguresStore, InboxStore, LayoutStore, MailStore,
        NoticeStore, OutboxStore, SalesStore, StaffLog, StoreClock, StoreProbe,
    },
};
use tiketi_http::{AppState, SignIn, TokenSecret};
use tiketi_mail::MailSender;
use tiketi_postgres::PostgresStore;

use crate::demo::DemoIds;
use crate::failure::Failure;
use crate::guards::CountedGuards;
use crate::mail::MailSettings;
use crate::metrics::ServerMetrics;
use crate::redis_check::RedisCheck;
use crate::secrets;
use crate::settings::Settings;
use crate::store::Opened;
use crate::timer::RuntimeTimer;
use crate::waiting_rooms::WaitingRooms;

/// Puts time limits and a circuit breaker around a gateway.
fn guarded(gateway: Arc<dyn PaymentGateway>, settings: GuardSettings) -> Arc<dyn PaymentGateway> {
    let (clock, timer) = (Arc::new(SystemClock), Arc::new(RuntimeTimer));
    Arc::new(Guarded::new(gateway, clock, timer, settings))
}

/// Builds the gateway that moves no money.
fn test_gateway() -> Arc<dyn PaymentGateway> {
    guarded(Arc::new(TestGateway::default()), GuardSettings::default())
}

/// Builds the gateways that buyers may pay through; the first is the default.
fn offered(settings: &Settings) -> Result<Vec<Arc<dyn PaymentGateway>>, Failure> {
    let mut gateways = Vec::new();
    if let Some(toss) = &settings.toss {
        gateways.push(guarded(Arc::new(toss.gateway()?), toss.guard()));
    }
    if settings.test_gateway {
        gateways.push(test_gateway());
    }
    Ok(gateways)
}

/// The box office of the server, with the stores of its accounts and answers.
#[derive(Debug, Clone)]
pub(crate) struct Shop {
    pub(crate) box_office: BoxOffice,
    /// The same shop with the built-in gateway only: the demo sells through it, and no money moves.
    pub(crate) demo_box_office: BoxOffice,
    pub(crate) accounts: Arc<dyn AccountStore>,
    codes: Arc<dyn CodeStore>,
    mails: Arc<dyn MailStore>,
    answers: Arc<dyn AnswerStore>,
    /// What staff do.
    pub(crate) staff_log: Arc<dyn StaffLog>,
    notices: Arc<dyn NoticeStore>,
    pub(crate) metrics: Arc<ServerMetrics>,
    /// The waiting rooms of a shop that sells.
    rooms: Option<WaitingRooms>,
    guards: CountedGuards,
    /// The database to close at the end, if the store is one.
    database: Option<PostgresStore>,
}

impl Shop {
    /// Opens the store for a server, and builds the box office with its waiting rooms.
    ///
    /// Also returns the secret that signs tokens. It is read after the store is opened, whose lock keeps another server
    /// from generating one at the same time.
    pub(crate) async fn open_to_serve(settings: &Settings) -> Result<(Self, TokenSecret), Failure> {
        let store = settings.store.open(settings.store_connections, settings.migrate).await?;
        let secret = secrets::signing(settings)?;
        let rooms = WaitingRooms::open(&settings.waiting, &store, &secret).await?;
        let shop = Self::new(&store, settings, Some(&rooms))?;
        Ok((Self { rooms: Some(rooms), ..shop }, secret))
    }

    /// Opens the store and builds the box office over it, for a command that sells nothing.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Failure> {
        Self::new(&settings.store.open(settings.store_connections, settings.migrate).await?, settings, None)
    }

    fn new(store: &Opened, settings: &Settings, rooms: Option<&WaitingRooms>) -> Result<Self, Failure> {
        let metrics = Arc::<ServerMetrics>::default();
        match store {
            Opened::Memory(store) => Self::over(store, metrics, settings, rooms),
            Opened::Sqlite(store) => {
                store.set_metrics(Arc::<ServerMetrics>::clone(&metrics));
                Self::over(store, metrics, settings, rooms)
            }
            Opened::Postgres(store) => {
                store.set_metrics(Arc::<ServerMetrics>::clone(&metrics));
                let shop = Self::over(store, metrics, settings, rooms)?;
                Ok(Self { database: Some(PostgresStore::clone(store)), ..shop })
            }
        }
    }

    /// Returns the database, if the store is one.
    pub(crate) fn database(&self) -> Option<&PostgresStore> {
        self.database.as_ref()
    }

    /// Gives up the waiting rooms, and closes the connections to a database.
    pub(crate) async fn close(self) {
        if let Some(rooms) = &self.rooms {
            rooms.close().await;
        }
        if let Some(store) = self.database {
            store.close().await;
        }
    }

    fn over<S>(
        store: &Arc<S>,
        metrics: Arc<ServerMetrics>,
        settings: &Settings,
        rooms: Option<&WaitingRooms>,
    ) -> Result<Self, Failure>
    where
        S: SalesStore
            + CatalogStore
            + LayoutStore
            + OutboxStore
            + InboxStore
            + StoreClock
            + StoreProbe
            + AccountStore
            + AnswerStore
            + CodeStore
            + FiguresStore
            + MailStore
            + NoticeStore
            + StaffLog,
    {
        let mails: Arc<dyn MailStore> = Arc::<S>::clone(store);
        let guards = settings.guards.open(rooms.and_then(WaitingRooms::redis));
        let open = |gateways: Vec<Arc<dyn PaymentGateway>>, ids: Arc<dyn IdSource>| {
            let builder = BoxOffice::builder().store(Arc::clone(store)).terms(settings.terms).ids(ids);
            let builder = builder.timer(Arc::new(RuntimeTimer)).jobs_every(settings.jobs.sweep_every());
            let builder = builder.asked_at_once(settings.jobs.asked_at_once());
            let builder = settings.jobs.archive_by(builder);
            let builder = gateways.into_iter().fold(builder, BoxOfficeBuilder::gateway);
            let builder = guards.add_to(builder);
            let builder = match &settings.mail {
                Some(_) => MailSettings::add_to(builder, &mails),
                None => builder,
            };
            match rooms {
                Some(rooms) => rooms.add_to(builder),
                None => builder,
            }
        };
        let failed = |error: BuildError| Failure::during("cannot build the shop", &error);
        let real = open(offered(settings)?, Arc::new(TimeOrderedIds));
        let real = real.figures(Arc::<S>::clone(store), Arc::new(settings.time_zone));
        let box_office = real.metrics(Arc::<ServerMetrics>::clone(&metrics)).build().map_err(failed)?;
        // Unmeasured: what the demo sells is no sale.
        let demo = open(vec![test_gateway()], Arc::new(DemoIds::default()));
        let demo_box_office = demo.build().map_err(failed)?;
        let (accounts, answers, staff_log) =
            (Arc::<S>::clone(store), Arc::<S>::clone(store), Arc::<S>::clone(store));
        let notices = Arc::<S>::clone(store);
        Ok(Self {
            box_office,
            demo_box_office,
            accounts,
            codes: Arc::<S>::clone(store),
            mails,
            answers,
            staff_log,
            notices,
            metrics,
            rooms: None,
            guards,
            database: None,
        })
    }

    /// Makes what sends the shop's mail; `None` if it sends none.
    pub(crate) fn mail_sender(&self, settings: &Settings, secret: &TokenSecret) -> Option<MailSender> {
        let Self { box_office, mails, accounts, codes, .. } = self;
        let codes = (Arc::clone(codes), secret.code_key());
        let mail = settings.mail.as_ref()?;
        Some(mail.sender(box_office.clone(), Arc::clone(mails), Arc::clone(accounts), codes))
    }

    /// Builds the state of the routes.
    pub(crate) fn state(&self, settings: &Settings, secret: TokenSecret) -> Result<AppState, Failure> {
        let sign_in = SignIn::Accounts { store: Arc::clone(&self.accounts), secret };
        let (answers, log) = (Arc::clone(&self.answers), Arc::clone(&self.staff_log));
        let builder = AppState::builder(self.box_office.clone(), answers, log, sign_in);
        let builder = match &settings.mail {
            Some(_) => builder.mails(Arc::clone(&self.mails)).codes(Arc::clone(&self.codes)),
            None => builder,
        };
        let builder = match &settings.accounts.google {
            Some(google) => builder.google(google.sign_in()),
            None => builder,
        };
        let builder = builder.notices(Arc::clone(&self.notices));
        let builder = match &settings.images {
            Some(place) => builder.images(place.open()?),
            None => builder,
        };
        let builder = match self.rooms.as_ref().and_then(WaitingRooms::redis) {
            Some(redis) => builder.redis_check(Arc::new(RedisCheck::of(redis))),
            None => builder,
        };
        settings
            .sockets
            .add_to_state(self.guards.add_to_state(builder))
            .limits(settings.limits)
            .unverified_holds(settings.accounts.unverified_holds)
            .build()
            .map_err(|error| Failure::during("cannot build the shop", &error))
    }
}
