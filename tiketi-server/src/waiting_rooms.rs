//! Waiting rooms: where their places are, and the key of admission passes.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tiketi_core::broadcast::Broadcast;
use tiketi_core::memory::MemoryWaitingRooms;
use tiketi_core::store::{RoomJournal, WaitingRoomStore};
use tiketi_core::{AdmissionKey, BoxOfficeBuilder, EventId, StoreError};
use tiketi_http::TokenSecret;
use tiketi_redis::{Redis, RedisBroadcast, RedisOptions, RedisWaitingRoom};

use crate::failure::Failure;
use crate::options::Waiting;
use crate::store::StoreKind;

/// The settings of waiting rooms.
#[derive(Debug)]
pub(crate) struct WaitingSettings {
    /// The key that signs admission passes, if a secret was given.
    admission_key: Option<AdmissionKey>,
    places: Places,
}

/// Where the places are.
#[derive(Debug)]
enum Places {
    /// In the process; they end with it.
    Process,
    /// In the process; the store saves them.
    Store,
    /// In Redis, for any number of servers.
    Redis { options: RedisOptions, prefix: String },
}

impl WaitingSettings {
    /// Checks the options.
    pub(crate) fn of(options: &Waiting, store: &StoreKind) -> Result<Self, Failure> {
        let admission_key = options.admission_secret.as_ref().map(admission_key).transpose()?;
        // Two servers that load and save the same places would give the same numbers.
        let is_alone = options.single_server || !store.is_shared();
        let places = match &options.redis {
            Some(_) if options.single_server => {
                return Err(Failure::new("--redis is for several servers; leave out --single-server"));
            }
            Some(addresses) => {
                let prefix = options.redis_prefix.clone();
                Places::Redis { options: redis_options(addresses)?.prefix(prefix.as_str()), prefix }
            }
            None if store.is_durable() && is_alone => Places::Store,
            None => Places::Process,
        };
        Ok(Self { admission_key, places })
    }

    /// Returns whether a second server on the store would have other waiting rooms.
    pub(crate) fn divide_servers(&self, store: &StoreKind) -> bool {
        store.is_shared() && matches!(self.places, Places::Process)
    }

    /// Returns the settings of a scratch shop beside this one: in Redis its keys have a prefix of their own.
    pub(crate) fn for_scratch(&self) -> Self {
        let places = match &self.places {
            Places::Process => Places::Process,
            Places::Store => Places::Store,
            Places::Redis { options, prefix } => {
                let prefix = format!("{prefix}-rehearsal");
                Places::Redis { options: options.clone().prefix(prefix.as_str()), prefix }
            }
        };
        Self { admission_key: None, places }
    }

    /// Removes an event's waiting room from Redis, if it is there.
    pub(crate) async fn remove_room(&self, event: EventId) -> Result<(), Failure> {
        let Places::Redis { options, prefix } = &self.places else { return Ok(()) };
        let removed = RedisWaitingRoom::new(open_redis(options)?).remove(event).await;
        removed.map_err(|error| {
            let remain =
                format!("keys that begin with {prefix} remain in Redis, which deletes them in a week");
            Failure::during(remain, &error)
        })
    }

    /// Describes where waiting rooms are; asks Redis whether it answers.
    pub(crate) async fn describe(&self) -> Result<String, Failure> {
        match &self.places {
            Places::Process => Ok("in the process; places are lost when the server stops".into()),
            Places::Store => Ok("in the process; the store saves every place".into()),
            Places::Redis { options, .. } => {
                let failed = |error: StoreError| Failure::during("--redis", &error);
                open_redis(options)?.ping().await.map_err(failed)?;
                Ok("in Redis, which answers".into())
            }
        }
    }
}

/// The waiting rooms of a server.
#[derive(Debug, Clone)]
pub(crate) struct WaitingRooms {
    store: Arc<dyn WaitingRoomStore>,
    admission_key: AdmissionKey,
    /// Sends live changes to the other servers; `None` without Redis.
    broadcast: Option<Arc<dyn Broadcast>>,
    /// The connection to Redis, if several servers share waiting rooms.
    redis: Option<Redis>,
}

impl WaitingRooms {
    /// Opens waiting rooms; places that a journal has saved are there again.
    ///
    /// Passes are signed with the secret of tokens unless another was given.
    pub(crate) async fn open(
        settings: &WaitingSettings,
        journal: Option<Arc<dyn RoomJournal>>,
        secret: &TokenSecret,
    ) -> Result<Self, Failure> {
        let admission_key = match &settings.admission_key {
            Some(key) => key.clone(),
            None => secret
                .admission_key()
                .map_err(|error| Failure::during("cannot sign admission passes", &error))?,
        };
        let redis = match &settings.places {
            Places::Redis { options, .. } => Some(open_redis(options)?),
            Places::Process | Places::Store => None,
        };
        let store: Arc<dyn WaitingRoomStore> = match (&redis, &settings.places, journal) {
            (Some(redis), ..) => Arc::new(RedisWaitingRoom::new(redis.clone())),
            (None, Places::Store, Some(journal)) => {
                let failed = |error: StoreError| Failure::during("cannot load the waiting rooms", &error);
                Arc::new(MemoryWaitingRooms::restore(journal).await.map_err(failed)?)
            }
            (None, ..) => Arc::new(MemoryWaitingRooms::default()),
        };
        let broadcast = open_broadcast(&settings.places)?;
        Ok(Self { store, admission_key, broadcast, redis })
    }

    /// Returns the connection to Redis, if several servers share waiting rooms.
    pub(crate) fn redis(&self) -> Option<&Redis> {
        self.redis.as_ref()
    }

    /// Adds the waiting rooms to a shop.
    pub(crate) fn add_to(&self, builder: BoxOfficeBuilder) -> BoxOfficeBuilder {
        let builder =
            builder.waiting_rooms(Arc::clone(&self.store)).admission_key(self.admission_key.clone());
        match &self.broadcast {
            Some(broadcast) => builder.broadcast(Arc::clone(broadcast)),
            None => builder,
        }
    }
}

/// Opens the broadcast between servers, where they share a Redis.
fn open_broadcast(places: &Places) -> Result<Option<Arc<dyn Broadcast>>, Failure> {
    match places {
        Places::Redis { options, prefix: _ } => {
            let failed = |error| Failure::during("--redis", &error);
            Ok(Some(Arc::new(RedisBroadcast::open(options).map_err(failed)?)))
        }
        Places::Process | Places::Store => Ok(None),
    }
}

/// Refuses a secret that could be guessed.
fn admission_key(secret: &SecretString) -> Result<AdmissionKey, Failure> {
    let key = AdmissionKey::new(secret.expose_secret().as_bytes());
    key.map_err(|error| Failure::new(format!("--admission-secret: {error}")))
}

/// Reads the addresses of Redis; the failure does not show them.
fn redis_options(addresses: &SecretString) -> Result<RedisOptions, Failure> {
    let options = addresses.expose_secret().parse::<RedisOptions>();
    options.map_err(|error| Failure::new(format!("--redis: {error}")))
}

/// Prepares a connection, which is made with the first command.
fn open_redis(options: &RedisOptions) -> Result<Redis, Failure> {
    Redis::open(options).map_err(|error| Failure::during("--redis", &error))
}
