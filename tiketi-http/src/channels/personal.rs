//! News for one user: one listener for each user and process, whatever number of sockets the user has.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use tiketi_core::broadcast::{BuyerOnly, Listener, PrivateNews, Received};
use tiketi_core::{BoxOffice, BuyerId, EventId, PaymentId, ReservationId};
use tokio::task::AbortHandle;

use crate::channels::frame::Frame;
use crate::channels::log::{ChannelLog, Missing};
use crate::channels::members::{Members, Membership};
use crate::channels::name::{Channel, Topic};
use crate::channels::pace::LONGEST_ROUND;
use crate::channels::protocol::{
    Body, PaymentUpdated, PersonalSnapshot, QueueAdmitted, ReservationUpdated, ServerMessage, Snapshot,
};
use crate::channels::signal::{Ending, Signal};

/// The users who have a socket in this process.
#[derive(Debug, Default)]
pub(crate) struct Users {
    users: Mutex<HashMap<BuyerId, Weak<User>>>,
}

/// One user with the sockets in this process.
#[derive(Debug)]
struct User {
    log: Mutex<ChannelLog>,
    members: Arc<Members>,
    sockets: Mutex<Sockets>,
    /// Set as soon as the user is made.
    listening: OnceLock<AbortHandle>,
}

/// The sockets of one user, oldest first.
#[derive(Debug, Default)]
struct Sockets {
    next: u64,
    signals: BTreeMap<u64, Arc<Signal>>,
}

/// The personal channel of one socket; it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Personal {
    user: Arc<User>,
    membership: Membership,
    number: u64,
    /// The number of the latest message that the socket has.
    seen: u64,
}

impl Users {
    /// Adds a socket of a user; the user's oldest one ends if there are more than `most` then.
    pub(crate) fn join(
        &self,
        office: &BoxOffice,
        buyer: BuyerId,
        signal: &Arc<Signal>,
        most: usize,
    ) -> Personal {
        let user = self.user(office, buyer);
        let number = user.sockets().add(Arc::clone(signal), most);
        let membership = user.members.add(Arc::clone(signal));
        membership.follow(Topic::Event.bit());
        let seen = user.log().last();
        Personal { user, membership, number, seen }
    }

    fn user(&self, office: &BoxOffice, buyer: BuyerId) -> Arc<User> {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = users.get(&buyer).and_then(Weak::upgrade) {
            return known;
        }
        // As many gone users as others stay at most: each is looked at once for every user that comes.
        if users.len().is_power_of_two() {
            users.retain(|_, user| user.strong_count() > 0);
        }
        // It listens before the socket is answered, so that nothing falls between.
        let listener = office.broadcast().listen_to_buyer(BuyerOnly(buyer));
        let user = Arc::new(User {
            log: Mutex::new(ChannelLog::starting_after(rand::random())),
            members: Arc::default(),
            sockets: Mutex::default(),
            listening: OnceLock::new(),
        });
        let listening = tokio::spawn(listen(Arc::downgrade(&user), listener, office.clone()));
        user.listening.get_or_init(|| listening.abort_handle());
        users.insert(buyer, Arc::downgrade(&user));
        user
    }
}

/// Writes what a user's listener receives, for all sockets of the user.
async fn listen(user: Weak<User>, mut listener: Listener<BuyerOnly>, office: BoxOffice) {
    loop {
        let received = listener.next().await;
        let Some(user) = user.upgrade() else { return };
        let body = match received {
            Received::News(news) => body_of(&news),
            Received::Gap => Some(Body::Resync(Snapshot::Personal(PersonalSnapshot {}))),
        };
        let Some(body) = body else { continue };
        {
            let mut log = user.log();
            let at = office.now().to_string();
            match ServerMessage::new(Channel::Personal, log.next(), at, body).json() {
                Ok(text) => log.push(Arc::new(Frame::text(text))),
                Err(_) => log.restart(),
            }
        }
        user.members.wake(Topic::Event.bit(), LONGEST_ROUND).await;
    }
}

impl User {
    fn log(&self) -> MutexGuard<'_, ChannelLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sockets(&self) -> MutexGuard<'_, Sockets> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for User {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.get() {
            listening.abort();
        }
    }
}

impl Sockets {
    /// Adds a socket, and ends the oldest ones beyond the limit: those whose peer is gone are among them.
    fn add(&mut self, signal: Arc<Signal>, most: usize) -> u64 {
        self.next += 1;
        self.signals.insert(self.next, signal);
        while self.signals.len() > most.max(1) {
            if let Some((_, oldest)) = self.signals.pop_first() {
                oldest.end(Ending::Replaced);
            }
        }
        self.next
    }
}

impl Personal {
    /// Returns the message that says that news come from now on; it has the number of the latest message.
    pub(crate) fn begin(&self, at: String) -> ServerMessage {
        let body = Body::Resync(Snapshot::Personal(PersonalSnapshot {}));
        ServerMessage::new(Channel::Personal, self.seen, at, body)
    }

    /// Takes the messages that the socket does not have; `None` if they are too many, and [`Personal::begin`] follows.
    pub(crate) fn take(&mut self) -> Option<Vec<Arc<Frame>>> {
        let log = self.user.log();
        let missing = log.after(self.seen);
        self.seen = log.last();
        match missing {
            Missing::Nothing => Some(Vec::new()),
            Missing::Frames(frames) => Some(frames.into_vec()),
            Missing::Many(_) | Missing::Unknown => None,
        }
    }

    /// Gets no messages while the socket waits for something else.
    pub(crate) fn pause(&self) {
        self.membership.pause();
    }

    /// Gets messages again.
    pub(crate) fn resume(&self) {
        self.membership.follow(Topic::Event.bit());
    }

    /// Tells the user's channel that the socket has written what there was.
    pub(crate) fn has_written(&self) {
        self.membership.has_written();
    }
}

impl Drop for Personal {
    fn drop(&mut self) {
        self.user.sockets().signals.remove(&self.number);
    }
}

/// Says what news mean for the user; `None` for what the user did in the same moment.
fn body_of(news: &PrivateNews) -> Option<Body> {
    match *news {
        PrivateNews::Called { place, until } => Some(Body::QueueAdmitted(QueueAdmitted {
            event_id: place.event.to_string(),
            admission: None,
            until: until.to_string(),
        })),
        PrivateNews::ReservationHeld { .. } => None,
        PrivateNews::ReservationConfirmed { event, reservation }
        | PrivateNews::TicketsReturned { event, reservation } => {
            Some(Body::ReservationConfirmed(updated(event, reservation)))
        }
        PrivateNews::ReservationExpired { event, reservation } => {
            Some(Body::ReservationExpired(updated(event, reservation)))
        }
        PrivateNews::ReservationCancelled { event, reservation } => {
            Some(Body::ReservationCancelled(updated(event, reservation)))
        }
        PrivateNews::PaymentUpdated { event, reservation, payment } => {
            Some(Body::PaymentUpdated(payment_updated(event, reservation, payment)))
        }
    }
}

fn updated(event: EventId, reservation: ReservationId) -> ReservationUpdated {
    ReservationUpdated { reservation_id: reservation.to_string(), event_id: event.to_string() }
}

fn payment_updated(event: EventId, reservation: ReservationId, payment: PaymentId) -> PaymentUpdated {
    PaymentUpdated {
        reservation_id: reservation.to_string(),
        event_id: event.to_string(),
        payment_id: payment.to_string(),
    }
}
