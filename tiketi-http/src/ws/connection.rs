//! One socket, from its first message to its end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::http::request::Parts;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::channels::{
    Body, Channel, ClientKind, Counted, Credentials, Cursor, Encoding, Found, Join, Personal, ServerMessage,
    Signal, SocketError, Topic,
};
use crate::error::Code;
use crate::language::preferred_language;
use crate::state::AppState;
use crate::ws::ending::Closing;
use crate::ws::follow::Followed;
use crate::ws::session::{Session, Step};
use crate::ws::wire::Wire;
use tiketi_core::language::Language;

/// How long the end of a socket may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);
/// How long a join may wait for the store.
const JOIN_WITHIN: Duration = Duration::from_secs(5);
/// Pings without an answer after which a client is gone.
const MISSED_PINGS: u32 = 2;

/// One socket.
pub(super) struct Connection<S> {
    state: AppState,
    wire: Wire<S>,
    signal: Arc<Signal>,
    counted: Counted,
    session: Session,
    credentials: Credentials,
    language: Language,
    followed: Followed,
    personal: Option<Personal>,
    opened: Instant,
    next_ping: Instant,
    unanswered_pings: u32,
    alarm: Pin<Box<Sleep>>,
    /// The signal as the waker of the alarm and of what is read.
    input: Waker,
}

/// What a socket acts on.
enum Event {
    Read(Option<Result<Message, Error>>),
    News,
    Alarm,
    End(Closing),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Takes a connection whose handshake is done.
    pub(super) async fn new(
        state: AppState,
        io: S,
        (signal, counted): (Arc<Signal>, Counted),
        request: Parts,
    ) -> Self {
        let limits = state.sockets().limits;
        let opened = Instant::now();
        // Sockets that were opened together are not all asked together.
        let next_ping = opened + limits.ping_every.mul_f64(0.5 + rand::random::<f64>() / 2.0);
        let mut connection = Self {
            wire: Wire::new(io, &limits).await,
            input: Waker::from(Arc::clone(&signal)),
            signal,
            counted,
            session: Session::new(&limits, opened),
            language: preferred_language(&request.headers),
            credentials: Credentials::of(request),
            followed: Followed::default(),
            personal: None,
            opened,
            next_ping,
            unanswered_pings: 0,
            alarm: Box::pin(sleep_until(next_ping)),
            state,
        };
        connection.set_alarm();
        connection
    }

    /// Serves the socket until its end.
    pub(super) async fn run(mut self) {
        let closing = loop {
            let event = std::future::poll_fn(|context| self.poll(context)).await;
            let ended = match event {
                Event::Read(read) => Box::pin(self.read(read)).await,
                Event::News => {
                    self.take_news().await;
                    None
                }
                Event::Alarm => Box::pin(self.alarm()).await,
                Event::End(closing) => Some(closing),
            };
            if let Some(closing) = ended {
                break closing;
            }
        };
        let Self { state, wire, followed, personal, .. } = self;
        // Nothing is sent to it any more while it ends.
        drop((followed, personal));
        let _ = match closing.frame(state.sockets()) {
            Some(frame) => timeout(CLOSE_WITHIN, wire.close(frame)).await,
            None if closing == Closing::ByClient => timeout(CLOSE_WITHIN, wire.answer_close()).await,
            None => return,
        };
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        self.signal.register(context);
        if let Some(ending) = self.signal.ending() {
            return Poll::Ready(Event::End(Closing::ByServer(ending)));
        }
        let written = self.wire.poll_write(context);
        match &written {
            Poll::Ready(Err(_)) => return Poll::Ready(Event::End(Closing::Gone)),
            Poll::Ready(Ok(())) => {}
            Poll::Pending => {
                // No one waits for a reader that blocks.
                self.has_written();
                self.set_alarm();
            }
        }
        if self.signal.take_input()
            && let Poll::Ready(event) = self.poll_input()
        {
            self.signal.look_at_input();
            return Poll::Ready(event);
        }
        if written.is_ready() {
            if self.signal.take_news() {
                return Poll::Ready(Event::News);
            }
            self.has_written();
        }
        Poll::Pending
    }

    /// Looks at what is read, and at the alarm.
    fn poll_input(&mut self) -> Poll<Event> {
        let mut context = Context::from_waker(&self.input);
        if let Poll::Ready(read) = self.wire.poll_read(&mut context) {
            return Poll::Ready(Event::Read(read));
        }
        self.alarm.as_mut().poll(&mut context).map(|()| Event::Alarm)
    }

    fn has_written(&self) {
        self.followed.has_written();
        if let Some(personal) = &self.personal {
            personal.has_written();
        }
    }

    /// Takes every message that the socket misses.
    async fn take_news(&mut self) {
        let Self { followed, wire, personal, .. } = self;
        followed.take(|text| wire.send(text)).await;
        if let Some(personal) = personal {
            if let Some(frames) = personal.take() {
                for frame in frames {
                    wire.send(frame.in_encoding(Encoding::Json));
                }
            } else {
                let begin = personal.begin(self.state.now().to_string());
                self.send(&begin);
            }
        }
    }

    async fn read(&mut self, read: Option<Result<Message, Error>>) -> Option<Closing> {
        self.unanswered_pings = 0;
        match read {
            Some(Ok(Message::Text(text))) => self.act_on(&text).await,
            Some(Ok(Message::Binary(_))) => Some(Closing::NoText),
            Some(Ok(Message::Close(_))) => Some(Closing::ByClient),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => None,
            Some(Err(Error::Capacity(_))) => Some(Closing::TooLong),
            Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) | None => {
                Some(Closing::Gone)
            }
            Some(Err(Error::Protocol(_) | Error::Utf8(_))) => Some(Closing::Malformed),
            Some(Err(_)) => Some(Closing::Gone),
        }
    }

    async fn act_on(&mut self, text: &str) -> Option<Closing> {
        match self.session.receive(text, Instant::now()) {
            Step::SignIn(auth) => {
                self.pause();
                let token = auth.token.map(|token| token.0);
                let found = self.credentials.find(self.state.authenticator(), token).await;
                self.found(found);
                self.resume();
            }
            Step::Join(join) => {
                self.pause();
                let closing = self.join(join).await;
                self.resume();
                return closing;
            }
            Step::Leave(channel) => {
                if let Some((event, topic)) = channel.of_event() {
                    self.followed.leave(event, topic);
                }
            }
            Step::Refuse(channel, code) => self.refuse(channel, code),
            Step::Close => return Some(Closing::TooManyMessages),
        }
        None
    }

    /// Acts on what the authenticator says: at a sign-in, and at each look whether it still holds.
    fn found(&mut self, found: Found) {
        match found {
            Found::User(user) if self.session.user() == Some(user) && self.personal.is_some() => {}
            Found::User(user) => {
                // Counting a user's socket cannot fail.
                let _ = self.counted.becomes(ClientKind::SignedIn);
                self.session.set_user(Some(user));
                let sockets = self.state.sockets();
                let most = sockets.limits.per_user;
                // The former user's channel ends before the new one begins.
                self.personal = None;
                let office = self.state.box_office();
                self.personal = Some(sockets.users.join(office, user, &self.signal, most));
            }
            Found::Refused(code) => {
                self.refuse(Channel::Personal, code);
                return;
            }
        }
        if let Some(personal) = &self.personal {
            let begin = personal.begin(self.state.now().to_string());
            self.send(&begin);
        }
    }

    /// Keeps no room waiting while the socket waits for a store or an authenticator.
    fn pause(&self) {
        self.followed.pause();
        if let Some(personal) = &self.personal {
            personal.pause();
        }
    }

    /// Gets messages again, and those that came meanwhile.
    fn resume(&self) {
        self.followed.resume();
        if let Some(personal) = &self.personal {
            personal.resume();
        }
        self.signal.tell();
    }

    async fn join(&mut self, join: Join) -> Option<Closing> {
        if self.counted.kind() == ClientKind::Silent && self.counted.becomes(ClientKind::Anonymous).is_err() {
            return Some(Closing::TooManyAnonymous);
        }
        let channel = join.channel;
        let (event, topic) = channel.of_event()?;
        if !self.followed.has_event(event) {
            let sockets = self.state.sockets();
            let entering =
                sockets.rooms.enter(self.state.live(), self.state.box_office(), (event, &self.signal));
            let code = match timeout(JOIN_WITHIN, entering).await {
                Ok(Ok(Some((room, membership)))) => {
                    self.followed.add(room, membership);
                    None
                }
                Ok(Ok(None)) => Some(Code::EventNotFound),
                Ok(Err(_)) | Err(_) => Some(Code::ServiceUnavailable),
            };
            if let Some(code) = code {
                self.session.did_not_join(channel);
                self.refuse(channel, code);
                return None;
            }
        }
        let cursor = match (join.since, join.version, topic) {
            (Some(seen), _, _) => Cursor::Seen(seen),
            (None, Some(version), Topic::Seats) => Cursor::Version(version),
            (None, _, _) => Cursor::Nothing,
        };
        self.followed.follow(event, topic, join.encoding, cursor);
        None
    }

    fn refuse(&mut self, channel: Channel, code: Code) {
        let error = code.sentence(self.language).to_owned();
        let body = Body::Error(SocketError { code: code.wire().to_owned(), error });
        let message = ServerMessage::new(channel, 0, self.state.now().to_string(), body);
        self.send(&message);
    }

    fn send(&mut self, message: &ServerMessage) {
        // No part of a message can fail to be written.
        if let Ok(text) = message.json() {
            self.wire.send(text.into());
        }
    }

    /// Acts on what is due.
    async fn alarm(&mut self) -> Option<Closing> {
        let (now, limits) = (Instant::now(), self.state.sockets().limits);
        let is_over = |since: Instant, within: Duration| now >= since + within;
        if self.counted.kind() == ClientKind::Silent && is_over(self.opened, limits.first_message_within) {
            return Some(Closing::Silent);
        }
        let blocked = self.wire.blocked_since();
        if blocked.is_some_and(|since| is_over(since, limits.write_within)) {
            return Some(Closing::Gone);
        }
        if now >= self.next_ping {
            self.next_ping = now + limits.ping_every;
            if self.unanswered_pings >= MISSED_PINGS {
                return Some(Closing::Gone);
            }
            self.unanswered_pings += 1;
            if blocked.is_none() && self.wire.ping().is_err() {
                return Some(Closing::Gone);
            }
            if let Some(closing) = self.check_user().await {
                return Some(closing);
            }
        }
        self.set_alarm();
        None
    }

    /// Asks whether the user's credentials still hold: a token expires, a session is revoked.
    async fn check_user(&mut self) -> Option<Closing> {
        let user = self.session.user()?;
        self.pause();
        let found = self.credentials.find(self.state.authenticator(), None).await;
        self.resume();
        let code = match found {
            Found::User(known) if known == user => return None,
            // It is asked again with the next ping.
            Found::Refused(Code::ServiceUnavailable) => return None,
            Found::User(_) => Code::InvalidToken,
            Found::Refused(code) => code,
        };
        self.personal = None;
        self.session.set_user(None);
        self.credentials.forget_token();
        self.refuse(Channel::Personal, code);
        self.counted.becomes(ClientKind::Anonymous).err().map(|_| Closing::TooManyAnonymous)
    }

    /// Sets the alarm to what is due first.
    fn set_alarm(&mut self) {
        let limits = &self.state.sockets().limits;
        let is_silent = self.counted.kind() == ClientKind::Silent;
        let silent = is_silent.then(|| self.opened + limits.first_message_within);
        let blocked = self.wire.blocked_since().map(|since| since + limits.write_within);
        let next = [silent, blocked].into_iter().flatten().fold(self.next_ping, Instant::min);
        if next != self.alarm.deadline() {
            self.alarm.as_mut().reset(next);
            self.signal.look_at_input();
        }
    }
}
