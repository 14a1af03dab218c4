//! Signals to stop: the first finishes running requests, the second ends the process at once.

use std::io;
use std::process;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC, CtrlShutdown, ctrl_c, ctrl_shutdown};

use crate::failure::Failure;

/// Listens for SIGTERM and SIGINT, or their Windows equivalents, from its creation on.
#[derive(Debug)]
pub(crate) struct StopSignals {
    #[cfg(unix)]
    term: Signal,
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(windows)]
    term: CtrlShutdown,
    #[cfg(windows)]
    interrupt: CtrlC,
}

impl StopSignals {
    /// Starts listening; from then on a signal does not end the process by default.
    pub(crate) fn listen() -> Result<Self, Failure> {
        #[cfg(unix)]
        let listen = || -> io::Result<Self> {
            Ok(Self { term: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
        };
        #[cfg(windows)]
        let listen = || -> io::Result<Self> { Ok(Self { term: ctrl_shutdown()?, interrupt: ctrl_c()? }) };
        listen().map_err(|error| Failure::during("cannot listen for signals", &error))
    }

    /// Waits for a signal to stop; a second signal ends the process at once.
    pub(crate) async fn wait(mut self) {
        let (name, _) = self.next().await;
        tracing::info!(
            signal = name,
            "stopping: not ready from now on; running requests are finished; a second signal ends at once"
        );
        tokio::spawn(async move {
            let (name, code) = self.next().await;
            tracing::warn!(signal = name, "ending at once");
            process::exit(code);
        });
    }

    /// Returns the next signal's name and exit code: 128 plus its number, by convention.
    async fn next(&mut self) -> (&'static str, i32) {
        tokio::select! {
            _ = self.term.recv() => ("SIGTERM", 143),
            _ = self.interrupt.recv() => ("SIGINT", 130),
        }
    }
}
