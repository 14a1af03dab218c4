//! Live updates: their settings, and the end of their sockets.

use tiketi_http::{AllowedOrigins, AppState, AppStateBuilder, InvalidOrigin, SocketLimits};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::options::LiveUpdates;

/// The settings of live updates.
#[derive(Debug)]
pub(crate) struct SocketSettings {
    origins: AllowedOrigins,
    limits: SocketLimits,
}

impl SocketSettings {
    /// Checks the options.
    pub(crate) fn of(options: &LiveUpdates) -> Result<Self, Failure> {
        let refused = |error: InvalidOrigin| Failure::new(format!("--allowed-origins: {error}"));
        let origins = AllowedOrigins::new(options.allowed_origins.iter().map(String::as_str));
        let positive = [("max-sockets", options.max_sockets), ("sockets-per-user", options.sockets_per_user)];
        if let Some((name, _)) = positive.iter().find(|(_, number)| *number == 0) {
            return Err(Failure::new(format!("--{name} must be more than zero")));
        }
        let mut limits = SocketLimits::default();
        limits.total = options.max_sockets;
        limits.per_user = options.sockets_per_user;
        limits.anonymous_per_ipv4 = options.anonymous_sockets_ipv4;
        limits.anonymous_per_ipv6 = options.anonymous_sockets_ipv6;
        // Who may have more open sockets may also open more at once.
        limits.silent_per_network = limits.silent_per_network.max(options.anonymous_sockets_ipv4 / 2);
        Ok(Self { origins: origins.map_err(refused)?, limits })
    }

    /// Limits the sockets of a state.
    pub(crate) fn add_to_state(&self, builder: AppStateBuilder) -> AppStateBuilder {
        builder.allowed_origins(self.origins.clone()).socket_limits(self.limits)
    }
}

/// Ends every socket as soon as the server stops, while running requests are finished.
pub(crate) fn close_with(stop: CancellationToken, state: AppState) -> JoinHandle<()> {
    tokio::spawn(async move {
        stop.cancelled().await;
        state.close_sockets().await;
    })
}
