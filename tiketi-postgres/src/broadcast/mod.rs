//! The broadcast between servers, over the notifications of Postgres.

mod payload;
mod pending;
mod receive;
mod send;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::postgres::PgConnectOptions;
use tiketi_core::broadcast::{AnyMessage, Broadcast, BuyerOnly, EventRoom, Listener, Listeners};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::sql::schema::SchemaName;
use crate::sql::session::may_change_sessions;
use crate::store::PostgresStore;
use pending::Pending;
use receive::Receiver;
use send::Sender;

/// Sends live changes to the listeners of every server whose shop is in the same schema of the same database.
///
/// Listeners of this process get a message at once, also while Postgres cannot be reached. Other servers get it within
/// about 20 milliseconds: messages of that time are merged, the latest one of each kind and event, and sent as one
/// notification. About seats it has only the version of the map
/// ([`PublicNews::MapVersion`](tiketi_core::broadcast::PublicNews)), so that its size does not grow with what is sold; a
/// listener reads from the store which seats changed. What cannot be sent is merged with what comes later, and sent
/// once Postgres answers.
///
/// Two connections are used, and none of the store's: one that listens, and one that sends. A notification makes
/// Postgres commit one transaction of the database after another, so it is never a part of a sale. The channel has the
/// name of the schema, so that shops in two schemas do not receive from each other; a host should not use it.
///
/// Each process also receives what it sent itself. If it receives nothing for 3 seconds, it connects again. Listeners receive
/// a gap ([`Received::Gap`](tiketi_core::broadcast::Received)) each time listening has begun, so nothing that was sent in
/// between stays unnoticed.
///
/// # Behind a pooler
///
/// A pooler in transaction mode lends the session that listens to another client next, which then receives notifications
/// instead of answers. So this broadcast does not listen over an address with `statement-cache-capacity=0`, which such
/// a pooler needs: it logs a warning, and other servers' changes are seen only by the check of each second
/// ([`tiketi_core::box_office::Changes`]). A pooler that supports prepared statements cannot be recognised: set the
/// capacity to 0 for it too. For less delay, give [`PostgresBroadcast::open`] an address that leads to Postgres
/// directly, or use another broadcast.
///
/// Up to two tasks run until this value is dropped.
pub struct PostgresBroadcast {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

/// What the caller and the tasks share.
struct Shared {
    rooms: Listeners<EventRoom>,
    buyers: Listeners<BuyerOnly>,
    /// Identifies this process, which has delivered its own messages already when they come back.
    me: u64,
    /// What is yet to be sent.
    pending: Mutex<Pending>,
    /// Wakes the sending task.
    has_pending: Notify,
    /// How many notifications were sent.
    sent: AtomicU64,
}

impl PostgresBroadcast {
    /// Works as [`PostgresBroadcast::open`], with the database and the schema of a store.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    pub fn of(store: &PostgresStore) -> Self {
        Self::open(&store.pool().connect_options(), store.schema())
    }

    /// Starts to listen; `server` is a database with the shop in a schema.
    ///
    /// It does not wait for a connection, and connects again by itself whenever one is lost.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    pub fn open(server: &PgConnectOptions, schema: &SchemaName) -> Self {
        let shared = Arc::new(Shared {
            rooms: Listeners::default(),
            buyers: Listeners::default(),
            me: rand::random(),
            pending: Mutex::default(),
            has_pending: Notify::new(),
            sent: AtomicU64::new(0),
        });
        let sender = Sender::new(Arc::clone(&shared), server.clone(), schema);
        let mut tasks = vec![tokio::spawn(sender.run())];
        if may_change_sessions(server) {
            receive::warn_of_silence();
        } else {
            let receiver = Receiver::new(Arc::clone(&shared), server.clone(), schema);
            tasks.push(tokio::spawn(receiver.run()));
        }
        Self { shared, tasks }
    }
}

impl Shared {
    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Tells every listener that messages may be missing.
    fn gap_everywhere(&self) {
        self.rooms.gap_everywhere();
        self.buyers.gap_everywhere();
    }
}

impl Broadcast for PostgresBroadcast {
    fn publish(&self, message: AnyMessage) {
        match &message {
            AnyMessage::Room(message) => self.shared.rooms.deliver(message),
            AnyMessage::Buyer(message) => self.shared.buyers.deliver(message),
        }
        self.shared.pending().add(message);
        self.shared.has_pending.notify_one();
    }

    fn listen(&self, room: EventRoom) -> Listener<EventRoom> {
        self.shared.rooms.listen(room)
    }

    fn listen_to_buyer(&self, buyer: BuyerOnly) -> Listener<BuyerOnly> {
        self.shared.buyers.listen(buyer)
    }

    /// Another server may have a listener, which this one does not know.
    fn has_listener(&self, _room: EventRoom) -> bool {
        true
    }

    fn has_buyer_listener(&self) -> bool {
        true
    }
}

impl Drop for PostgresBroadcast {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl fmt::Debug for PostgresBroadcast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresBroadcast").field("rooms", &self.shared.rooms).finish_non_exhaustive()
    }
}
