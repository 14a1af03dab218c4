//! A process that ends a server when the process that started it has ended.

use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::account::Account;
use crate::error::HarnessError;

/// Waits until the other end of its input is closed, then stops the server and removes the folder.
///
/// A parent-death signal is not enough: it is sent when the *thread* that started a process ends, such as a test's.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
cat
"$1/pg_ctl" -D "$2/data" -m immediate -w stop
cd / && rm -rf "$2"
"#;

/// A separate process that stops the server when the pipe to its input is closed.
#[derive(Debug)]
pub(crate) struct Watchdog(Mutex<Child>);

impl Watchdog {
    /// Starts the watchdog of the server in `folder`, which may not exist yet.
    pub(crate) fn start(account: Account, binaries: &Path, folder: &Path) -> Result<Self, HarnessError> {
        let mut command = account.command("/bin/sh", folder);
        command.args(["-c", SCRIPT, "watchdog"]).arg(binaries).arg(folder).stdin(Stdio::piped());
        let child =
            command.spawn().map_err(HarnessError::io("cannot start the watchdog of a Postgres server"))?;
        Ok(Self(Mutex::new(child)))
    }
}

impl Drop for Watchdog {
    /// Ends the server and waits for the end of the watchdog.
    fn drop(&mut self) {
        let child = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        // `wait` also closes the input of the process.
        let _ended = child.wait();
    }
}
