//! Channels: what sockets follow, encoded once for all of them, whichever protocol they speak.
//!
//! A [`Room`] has the channels of one event. It turns each change of the event's picture into messages, which wait in a
//! log of limited length until each socket has taken them. [`Users`] does the same for what is for one user only. A socket
//! is woken by its [`Signal`] and takes what it misses; no one waits for it.

mod compact;
mod counter;
mod frame;
mod limits;
mod log;
mod members;
mod message_budget;
mod name;
mod pace;
mod personal;
mod protocol;
mod room;
mod rooms;
mod sent;
mod signal;
mod snapshot;
mod socket_credentials;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

#[cfg(feature = "socketio")]
pub(crate) use counter::TooMany;
pub(crate) use counter::{ClientKind, Counted, SocketCounter};
pub use limits::SocketLimits;
pub(crate) use members::Membership;
pub(crate) use message_budget::MessageBudget;
pub(crate) use name::{Channel, Topic};
pub(crate) use personal::{Personal, Users};
pub(crate) use protocol::{
    Auth, Body, ClientMessage, Encoding, EventSnapshot, EventStatusChanged, Join, Leave, MAX_SAFE_INTEGER,
    PaymentUpdated, PersonalSnapshot, QueueAdmitted, QueueStock, QueueUpdated, ReservationUpdated,
    Restarting, SeatChange, Seats, ServerMessage, Snapshot, SocketError, TicketUpdated,
};
pub(crate) use room::{Cursor, Room};
pub(crate) use rooms::Rooms;
pub(crate) use signal::{Ending, Signal};
pub(crate) use socket_credentials::{Credentials, Found};

/// How many sockets reconnect in a second, at most, after the server ended them.
const RECONNECTS_PER_SECOND: u32 = 2_000;
/// Shortest and longest time over which they are spread.
const RECONNECT_WITHIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

/// The sockets of a process, and what they follow.
#[derive(Debug)]
pub(crate) struct Sockets {
    pub(crate) limits: SocketLimits,
    pub(crate) counter: Arc<SocketCounter>,
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) users: Users,
    /// The tasks of the sockets.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the server stops, for sockets that have no signal.
    pub(crate) closing: CancellationToken,
}

impl Sockets {
    /// Starts without sockets.
    pub(crate) fn new(limits: SocketLimits) -> Self {
        Self {
            limits,
            counter: Arc::new(SocketCounter::new(limits)),
            rooms: Arc::default(),
            users: Users::default(),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
        }
    }

    /// Tells every socket that the server stops, and waits until all have ended.
    pub(crate) async fn close(&self) {
        self.counter.close();
        self.closing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Returns after how long a client of this process comes back when the server stops: random, and over a longer time
    /// the more clients there are.
    pub(crate) fn reconnect_after(&self) -> Duration {
        let (shortest, longest) = RECONNECT_WITHIN;
        let sockets = u32::try_from(self.counter.count()).unwrap_or(u32::MAX);
        let within = (Duration::from_secs(1) * sockets / RECONNECTS_PER_SECOND).clamp(shortest, longest);
        within.mul_f64(rand::random())
    }
}
