//! Waiting rooms: where their places are, and the key of admission passes.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tiketi_core::broadcast::Broadcast;
use tiketi_core::clock::{SystemClock, TimeOrderedIds};
use tiketi_core::id::LeaseOwner;
use tiketi_core::memory::{JOURNAL_CLAIM, MemoryWaitingRooms};
use tiketi_core::store::{RoomJournal, WaitingRoomStore};
use tiketi_core::{AdmissionKey, BoxOfficeBuilder, CommandError, EventId, IdSource, StoreError};
use tiketi_drand::Drand;
use tiketi_http::TokenSecret;
use tiketi_redis::{Redis, RedisBroadcast, RedisOptions, RedisWaitingRoom};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::failure::Failure;
use crate::options::Waiting;
use crate::store::{Opened, StoreKind};

/// Time beyond [`JOURNAL_CLAIM`] until a server believes that another one is alive.
const CLAIM_SLACK: Duration = Duration::from_secs(2);
/// Pause until a claim is tried again.
const CLAIM_AGAIN: Duration = Duration::from_millis(200);

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
    /// In the process; the store saves them, for one process at a time.
    Store {
        /// The name of this process.
        owner: LeaseOwner,
    },
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
                let redis =
                    redis_options(addresses)?.prefix(prefix.as_str()).replicas(options.redis_replicas);
                Places::Redis { options: redis, prefix }
            }
            None if options.redis_replicas > 0 => {
                return Err(Failure::new("--redis-replicas belongs to --redis"));
            }
            None if store.is_durable() && is_alone => {
                // One process opens a file, so its successor need not wait for the end of its claim.
                let owner = if store.is_shared() { TimeOrderedIds.next() } else { Uuid::nil() };
                Places::Store { owner: LeaseOwner::from_uuid(owner) }
            }
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
            Places::Store { owner } => Places::Store { owner: *owner },
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
            Places::Store { .. } => Ok("in the process; the store saves every place".into()),
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
    /// The store, if its places are saved in a journal.
    restored: Option<Arc<MemoryWaitingRooms>>,
    admission_key: AdmissionKey,
    /// Sends live changes to the other servers; `None` if there are none.
    broadcast: Option<Arc<dyn Broadcast>>,
    /// The connection to Redis, if several servers share waiting rooms.
    redis: Option<Redis>,
}

impl WaitingRooms {
    /// Opens waiting rooms; places that the shop's store has saved are there again.
    ///
    /// Passes are signed with the secret of tokens unless another was given.
    pub(crate) async fn open(
        settings: &WaitingSettings,
        shop: &Opened,
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
            Places::Process | Places::Store { .. } => None,
        };
        let mut restored_rooms = None;
        let store: Arc<dyn WaitingRoomStore> = match (&redis, &settings.places, shop.journal()) {
            (Some(redis), ..) => Arc::new(RedisWaitingRoom::new(redis.clone())),
            (None, Places::Store { owner }, Some(journal)) => {
                let rooms = Arc::new(restored(journal, *owner).await?);
                restored_rooms = Some(Arc::clone(&rooms));
                rooms
            }
            (None, ..) => Arc::new(MemoryWaitingRooms::default()),
        };
        let broadcast = open_broadcast(&settings.places, shop)?;
        Ok(Self { store, restored: restored_rooms, admission_key, broadcast, redis })
    }

    /// Returns the connection to Redis, if several servers share waiting rooms.
    pub(crate) fn redis(&self) -> Option<&Redis> {
        self.redis.as_ref()
    }

    /// Lets another server have the places that the store saves, without waiting for the end of this one's claim.
    pub(crate) async fn close(&self) {
        if let Some(rooms) = &self.restored
            && let Err(error) = rooms.give_up().await
        {
            tracing::warn!(%error, "the claim to the waiting rooms could not be given up; it ends by itself");
        }
    }

    /// Leaves live changes in this process, for a shop that no other server has.
    pub(crate) fn without_broadcast(self) -> Self {
        Self { broadcast: None, ..self }
    }

    /// Adds the waiting rooms to a shop.
    pub(crate) fn add_to(&self, builder: BoxOfficeBuilder) -> BoxOfficeBuilder {
        let builder = builder
            .waiting_rooms(Arc::clone(&self.store))
            .admission_key(self.admission_key.clone())
            .beacon_verifier(Arc::new(Drand));
        match &self.broadcast {
            Some(broadcast) => builder.broadcast(Arc::clone(broadcast)),
            None => builder,
        }
    }
}

/// Opens the broadcast between servers: over the Redis that they share, or else over the store.
fn open_broadcast(places: &Places, shop: &Opened) -> Result<Option<Arc<dyn Broadcast>>, Failure> {
    match places {
        Places::Redis { options, .. } => {
            let failed = |error| Failure::during("--redis", &error);
            Ok(Some(Arc::new(RedisBroadcast::open(options).map_err(failed)?)))
        }
        Places::Process => Ok(shop.broadcast()),
        // The only server of its store.
        Places::Store { .. } => Ok(None),
    }
}

/// Claims the places that a store saves, and loads them. Waits for the claim of a server that was killed to end.
async fn restored(journal: Arc<dyn RoomJournal>, owner: LeaseOwner) -> Result<MemoryWaitingRooms, Failure> {
    let deadline = Instant::now() + JOURNAL_CLAIM + CLAIM_SLACK;
    loop {
        let restored = MemoryWaitingRooms::restore(Arc::clone(&journal), Arc::new(SystemClock), owner).await;
        match restored {
            Ok(rooms) => return Ok(rooms),
            Err(CommandError::Refused(_)) if Instant::now() < deadline => sleep(CLAIM_AGAIN).await,
            Err(CommandError::Refused(taken)) => {
                let advice = "stop the other server, or give every server --redis instead of --single-server";
                return Err(Failure::new(format!("{taken}; {advice}")));
            }
            Err(error) => return Err(Failure::during("cannot load the waiting rooms", &error)),
        }
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
