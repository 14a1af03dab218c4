//! Listens to the notifications of all servers, and delivers them to the listeners of this process.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Error;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tiketi_core::StoreError;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::broadcast::Shared;
use crate::broadcast::payload::{Arrived, Payload, bytes_of};
use crate::sql::schema::SchemaName;

/// Longest time in which a process receives nothing of its own, although it sends once a second.
const SILENCE: Duration = Duration::from_secs(3);
/// Longest wait for a connection that listens.
const PATIENCE: Duration = Duration::from_secs(2);
/// Pause until a lost connection is made again.
const RETRY_AFTER: Duration = Duration::from_millis(250);
/// Pause after a connection that listens and receives nothing, as behind a pooler.
const RETRY_SILENT_AFTER: Duration = Duration::from_mins(1);

/// The task that receives.
pub(super) struct Receiver {
    shared: Arc<Shared>,
    server: PgConnectOptions,
    channel: String,
    /// Whether the last connection received nothing, and that was logged.
    receives_nothing: bool,
}

/// Why listening ended.
enum Ended {
    Lost(Error),
    /// What was sent did not come back.
    Silent {
        /// Whether anything did before.
        has_received: bool,
    },
}

impl Receiver {
    pub(super) fn new(shared: Arc<Shared>, server: PgConnectOptions, schema: &SchemaName) -> Self {
        Self { shared, server, channel: schema.to_string(), receives_nothing: false }
    }

    /// Receives until the task is aborted.
    pub(super) async fn run(mut self) {
        loop {
            let ended = match self.listen().await {
                Ok(listener) => {
                    // Also the first time: a listener may have begun before, and missed what was sent since.
                    self.shared.gap_everywhere();
                    self.receive(listener).await
                }
                Err(error) => Ended::Lost(error),
            };
            sleep(self.note(&ended)).await;
        }
    }

    /// Opens a connection that listens.
    async fn listen(&self) -> Result<PgListener, Error> {
        // A pool for this connection only: a lost one may keep its place in a pool until its network gives it up.
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE);
        let pool = pool.max_lifetime(None).idle_timeout(None).connect_lazy_with(self.server.clone());
        let listening = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            // Listening again by itself, it would not say what it missed.
            listener.eager_reconnect(false);
            listener.listen(&self.channel).await?;
            Ok(listener)
        };
        timeout(PATIENCE, listening).await.unwrap_or_else(|_| Err(Error::PoolTimedOut))
    }

    /// Receives until the connection is lost, or this process receives nothing of its own.
    async fn receive(&mut self, mut listener: PgListener) -> Ended {
        let (mut has_received, mut received_at) = (false, Instant::now());
        let sent_before = self.shared.sent();
        loop {
            let silent_from = received_at + SILENCE;
            tokio::select! {
                biased;
                received = listener.try_recv() => match received {
                    Ok(Some(notification)) => {
                        if self.deliver(notification.payload()) {
                            (has_received, received_at) = (true, Instant::now());
                            self.note_received();
                        }
                    }
                    Ok(None) => return Ended::Lost(Error::WorkerCrashed),
                    Err(error) => return Ended::Lost(error),
                },
                // What was not sent cannot come back; then the database is away, and the connection will end.
                () = sleep_until(silent_from) => {
                    let has_sent = self.shared.sent() > sent_before;
                    return Ended::Silent { has_received: has_received || !has_sent };
                }
            }
        }
    }

    /// Delivers a payload, and returns whether it is this process's own.
    fn deliver(&self, payload: &str) -> bool {
        match self.shared.deliver(payload) {
            Ok(is_own) => is_own,
            // A server of a later version may send more than this one knows.
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "a notification is not understood");
                self.shared.gap_everywhere();
                false
            }
        }
    }

    fn note_received(&mut self) {
        if std::mem::take(&mut self.receives_nothing) {
            tracing::info!("notifications of the database arrive now; changes of other servers show at once");
        }
    }

    /// Logs why listening ended, and returns the pause until it begins again.
    fn note(&mut self, ended: &Ended) -> Duration {
        match ended {
            Ended::Lost(error) => {
                let error = error as &dyn std::error::Error;
                tracing::debug!(error, "listening to the database ended; begins again");
                RETRY_AFTER
            }
            Ended::Silent { has_received: true } => RETRY_AFTER,
            Ended::Silent { has_received: false } => {
                if !std::mem::replace(&mut self.receives_nothing, true) {
                    warn_of_silence();
                }
                RETRY_SILENT_AFTER
            }
        }
    }
}

/// Warns that nothing is received from other servers.
pub(super) fn warn_of_silence() {
    tracing::warn!(
        "no notification of the database arrives: a pooler in transaction mode does not pass them on. \
         Changes of other servers show after up to a second; for less, connect to Postgres directly"
    );
}

impl Shared {
    /// Delivers a payload to the listeners of this process, and returns whether this process sent it.
    fn deliver(&self, payload: &str) -> Result<bool, StoreError> {
        let bytes = bytes_of(payload)?;
        let mut payload = Payload::read(&bytes)?;
        if payload.sender == self.me {
            return Ok(true);
        }
        if payload.is_incomplete {
            self.gap_everywhere();
        }
        while let Some(arrived) = payload.next()? {
            match arrived {
                Arrived::Room(room, news) if self.rooms.has(room) => match news.for_room(room) {
                    Ok(message) => self.rooms.deliver(&message),
                    Err(_) => self.rooms.gap(room),
                },
                Arrived::Buyer(buyer, news) if self.buyers.has(buyer) => match news.for_buyer(buyer) {
                    Ok(message) => self.buyers.deliver(&message),
                    Err(_) => self.buyers.gap(buyer),
                },
                Arrived::Room(..) | Arrived::Buyer(..) => {}
            }
        }
        Ok(false)
    }
}
