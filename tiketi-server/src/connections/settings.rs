//! The checked settings of connections.

use std::time::Duration;

use crate::failure::Failure;
use crate::options::Clients;

/// Open files that are not connections of clients: the store's, those to Redis and to providers.
#[cfg(unix)]
const OTHER_FILES: u64 = 512;
/// Longest time that a server serves on after a signal to stop.
const LONGEST_GRACE: Duration = Duration::from_mins(10);

/// How long connections may take, and how many there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionSettings {
    /// How long the server serves on after a signal to stop.
    pub(crate) grace: Duration,
    pub(crate) deadlines: Deadlines,
    pub(super) limits: ConnectionLimits,
}

/// How long a connection may take for each part of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    /// Until the headers of a request have arrived.
    pub(super) headers: Duration,
    /// The longest pause while a body arrives.
    pub(super) body: Duration,
    /// Between two requests.
    pub(super) idle: Duration,
    /// In which a client takes [`super::stream::LEAST_TAKEN`] bytes of an answer.
    pub(super) write: Duration,
}

impl Deadlines {
    /// Has one deadline for everything.
    pub(super) const fn all(deadline: Duration) -> Self {
        Self { headers: deadline, body: deadline, idle: deadline, write: deadline }
    }
}

/// How many connections there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ConnectionLimits {
    pub(super) all: usize,
    pub(super) ipv4: usize,
    pub(super) ipv6: usize,
}

impl ConnectionSettings {
    /// Checks the options.
    pub(crate) fn of(options: &Clients) -> Result<Self, Failure> {
        let times = [
            ("header-timeout", options.header_timeout),
            ("body-timeout", options.body_timeout),
            ("idle-timeout", options.idle_timeout),
            ("write-timeout", options.write_timeout),
        ];
        if let Some((name, _)) = times.iter().find(|(_, time)| time.is_zero()) {
            return Err(Failure::new(format!("--{name} must be more than zero")));
        }
        let numbers = [
            ("max-connections", options.max_connections),
            ("connections-ipv4", options.connections_ipv4),
            ("connections-ipv6", options.connections_ipv6),
        ];
        if let Some((name, _)) = numbers.iter().find(|(_, number)| *number == 0) {
            return Err(Failure::new(format!("--{name} must be more than zero")));
        }
        if options.shutdown_grace > LONGEST_GRACE {
            return Err(Failure::new("--shutdown-grace must be at most 10m"));
        }
        Ok(Self {
            grace: options.shutdown_grace,
            deadlines: Deadlines {
                headers: options.header_timeout,
                body: options.body_timeout,
                idle: options.idle_timeout,
                write: options.write_timeout,
            },
            limits: ConnectionLimits {
                all: options.max_connections,
                ipv4: options.connections_ipv4,
                ipv6: options.connections_ipv6,
            },
        })
    }
}

impl ConnectionLimits {
    /// Raises this process's limit of open files as far as it may, and stays below it.
    ///
    /// A process without a free file cannot accept a connection, not even to say so.
    #[cfg(unix)]
    pub(super) fn within_open_files(self) -> Self {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

        let granted = getrlimit(Resource::Nofile);
        let raised = Rlimit { current: granted.maximum, ..granted };
        let files = match setrlimit(Resource::Nofile, raised) {
            Ok(()) => granted.maximum,
            Err(_) => granted.current,
        };
        let Some(files) = files else { return self };
        let most = usize::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX).max(1);
        if self.all > most {
            tracing::info!(asked = self.all, most, files, "the limit of open files lowers --max-connections");
        }
        Self { all: self.all.min(most), ..self }
    }

    #[cfg(not(unix))]
    pub(super) fn within_open_files(self) -> Self {
        self
    }
}
