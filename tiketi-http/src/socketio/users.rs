//! The sockets of each user, who alone receives the user's private news.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socketioxide::extract::SocketRef;
use socketioxide::socket::Sid;
use tiketi_core::broadcast::{BuyerOnly, Listener, Received};
use tiketi_core::{BoxOffice, BuyerId};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::socketio::members::send;
use crate::socketio::message::private;

/// The sockets of each user. A user with a socket has one listener of this process.
#[derive(Debug)]
pub(super) struct Users {
    known: Mutex<HashMap<BuyerId, User>>,
    /// Most sockets of one user.
    most: usize,
}

#[derive(Debug)]
struct User {
    sockets: Vec<SocketRef>,
    /// Ends the listener with the user's last socket.
    _listening: DropGuard,
}

impl Users {
    /// Keeps at most `most` sockets of each user.
    pub(super) fn new(most: usize) -> Self {
        Self { known: Mutex::default(), most }
    }

    /// Adds a socket of a user; the user's oldest one ends if there are too many then.
    pub(super) fn add(self: &Arc<Self>, user: BuyerId, socket: SocketRef, box_office: &BoxOffice) {
        let mut known = self.lock();
        let entry = known.entry(user).or_insert_with(|| {
            let end = CancellationToken::new();
            let listener = box_office.broadcast().listen_to_buyer(BuyerOnly(user));
            tokio::spawn(end.clone().run_until_cancelled_owned(tell(Arc::clone(self), listener)));
            User { sockets: Vec::new(), _listening: end.drop_guard() }
        });
        entry.sockets.push(socket);
        let oldest = (entry.sockets.len() > self.most).then(|| entry.sockets.remove(0));
        drop(known);
        if let Some(oldest) = oldest {
            // It does not connect again by itself, as it would end another one.
            let _ = oldest.disconnect();
        }
    }

    /// Removes a socket of a user.
    pub(super) fn remove(&self, user: BuyerId, socket: Sid) {
        let mut known = self.lock();
        if let Some(entry) = known.get_mut(&user) {
            entry.sockets.retain(|known| known.id != socket);
            if entry.sockets.is_empty() {
                known.remove(&user);
            }
        }
    }

    fn of(&self, user: BuyerId) -> Vec<SocketRef> {
        self.lock().get(&user).map(|user| user.sockets.clone()).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<BuyerId, User>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells a user's sockets the user's news.
///
/// News that a socket has no space for is lost, as is news that the broadcast loses: each of these events only says
/// sooner what the API answers anyway.
async fn tell(users: Arc<Users>, mut listener: Listener<BuyerOnly>) {
    let BuyerOnly(user) = listener.audience();
    loop {
        match listener.next().await {
            Received::News(news) => {
                let messages = private(&news);
                if !messages.is_empty() {
                    for socket in users.of(user) {
                        send(&socket, &messages);
                    }
                }
            }
            Received::Gap => {}
        }
    }
}
