//! What clients send: the handshake, and wishes to join and leave rooms.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value as Json, json};
use socketioxide::SocketIo;
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::{AckSender, Event, SocketRef, TryData};
use socketioxide::handler::{ConnectHandler, FromMessageParts, MessageHandler, Value};
use socketioxide::socket::Socket;
use tokio::time::Instant;

use crate::channels::{Channel, Credentials, Found};
use crate::error::{ApiError, Code};
use crate::language::preferred_language;
use crate::socketio::hub::Hub;
use crate::socketio::peer::Peer;
use crate::socketio::room_request::{RoomRequest, RoomRequestBody};

/// What a client sends when it connects.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Handshake {
    /// The token that requests send as `Authorization: Bearer`.
    token: Option<String>,
    /// The latest `session` that a server gave the client.
    session: Option<String>,
}

/// Why a client may not connect, as the text of its `connect_error`.
#[derive(Debug, Clone, Copy)]
enum Refused {
    Token,
    TooMany,
    Unavailable,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            // Clients of the first Tiketi sign in again if the text has the word `authentication`.
            Self::Token => "Invalid authentication token",
            Self::TooMany => "Too many connections",
            Self::Unavailable => "Service unavailable",
        })
    }
}

/// Serves clients that connect.
pub(super) fn serve(io: &SocketIo, hub: &Arc<Hub>) {
    let (admitting, connected) = (Arc::clone(hub), Arc::clone(hub));
    let admit = async move |socket: SocketRef, TryData(sent): TryData<Handshake>| {
        admit(admitting, socket, sent.unwrap_or_default().token).await
    };
    let connected = async move |socket: SocketRef, TryData(sent): TryData<Handshake>| {
        welcome(connected, socket, sent.unwrap_or_default().session).await;
    };
    io.ns("/", connected.with(admit));
}

/// Finds the user of a client, and reads its messages from now on.
async fn admit(hub: Arc<Hub>, socket: SocketRef, token: Option<String>) -> Result<(), Refused> {
    let peer = Peer::of(&socket).ok_or(Refused::Unavailable)?;
    let token = token.filter(|token| !token.is_empty());
    let has_token = token.is_some();
    let mut credentials = Credentials::of(socket.req_parts().clone());
    let user = match credentials.find(hub.state.authenticator(), token).await {
        Found::User(user) => Some(user),
        Found::Refused(Code::AuthenticationRequired) if !has_token => None,
        Found::Refused(Code::ServiceUnavailable) => return Err(Refused::Unavailable),
        Found::Refused(_) => return Err(Refused::Token),
    };
    peer.signs_in(user).map_err(|_| Refused::TooMany)?;
    // Before the client knows that it is connected, so that none of its messages comes too early.
    socket.on_fallback(Reader { hub: Arc::clone(&hub) });
    socket.on_disconnect(async move |socket: SocketRef| {
        if let Some(peer) = Peer::of(&socket) {
            hub.gone(&socket, &peer);
        }
    });
    Ok(())
}

/// Gives a connected client its user's news and its former rooms.
async fn welcome(hub: Arc<Hub>, socket: SocketRef, session: Option<String>) {
    let Some(peer) = Peer::of(&socket) else { return };
    if let Some(user) = peer.user() {
        hub.users.add(user, socket.clone(), hub.state.box_office());
        // Its end may have come first.
        if peer.is_closed() {
            hub.users.remove(user, socket.id);
        }
    }
    if let Some(session) = session {
        hub.restore(&socket, &peer, &session).await;
    }
}

/// Reads the messages of a client in the order in which they come.
#[derive(Clone)]
struct Reader {
    hub: Arc<Hub>,
}

impl MessageHandler<LocalAdapter, Self> for Reader {
    fn call(&self, socket: Arc<Socket<LocalAdapter>>, mut sent: Value, ack: Option<i64>) {
        let Some(peer) = Peer::of(&socket) else { return };
        if !peer.counts(Instant::now()) {
            // It does not connect again by itself.
            let _ = socket.disconnect();
            return;
        }
        let Ok(Event(name)) = Event::from_message_parts(&socket, &mut sent, &ack) else { return };
        let Some(request) = RoomRequest::named(&name) else { return };
        let Ok(TryData(asked)) = TryData::<RoomRequestBody>::from_message_parts(&socket, &mut sent, &ack);
        let Ok(answer) = AckSender::from_message_parts(&socket, &mut sent, &ack);
        let answer = ack.is_some().then_some(answer);
        let Some((asked, event)) = asked.ok().and_then(|asked| asked.event().map(|event| (asked, event)))
        else {
            return reply(&SocketRef::from(socket), answer, &Err(ApiError::new(Code::InvalidMessage)));
        };
        let socket = SocketRef::from(socket);
        match request {
            RoomRequest::Leave(topic) => {
                self.hub.leave(&socket, &peer, topic.of(event));
                self.hub.give_session(&socket, &peer);
                reply(&socket, answer, &Ok(()));
            }
            RoomRequest::Join(topic) => {
                let joining = Joining { hub: Arc::clone(&self.hub), socket, peer, room: topic.of(event) };
                joining.start(asked.version(), answer);
            }
        }
    }
}

/// A client that joins a room.
struct Joining {
    hub: Arc<Hub>,
    socket: SocketRef,
    peer: Arc<Peer>,
    room: Channel,
}

impl Joining {
    /// Notes the request at once, in the order of the client's messages; the event is looked up later.
    fn start(self, version: Option<u64>, answer: Option<AckSender>) {
        if let Err(error) = Hub::want(&self.peer, self.room) {
            return reply(&self.socket, answer, &Err(error));
        }
        tokio::spawn(async move {
            let joined = self.hub.join(&self.socket, &self.peer, self.room, version).await;
            if joined.is_ok() {
                self.hub.give_session(&self.socket, &self.peer);
            }
            reply(&self.socket, answer, &joined);
        });
    }
}

/// Tells a client how its request ended: in the acknowledgement if it asked for one, and otherwise only a failure.
fn reply(socket: &SocketRef, answer: Option<AckSender>, outcome: &Result<(), ApiError>) {
    let body = match outcome {
        Ok(()) => json!({"ok": true}),
        Err(error) => failure(socket, error),
    };
    // A client without space for the answer sees what it misses.
    let _ = match answer {
        Some(answer) => answer.send(&body),
        None if outcome.is_err() => socket.emit("error", &body),
        None => Ok(()),
    };
}

fn failure(socket: &SocketRef, error: &ApiError) -> Json {
    let (code, language) = (error.code(), preferred_language(&socket.req_parts().headers));
    json!({"ok": false, "code": code.wire(), "error": code.sentence(language)})
}
