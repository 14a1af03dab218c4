//! Who ends a server whatever becomes of the process that started it.

use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::account::Account;
use crate::error::HarnessError;

/// Waits until nobody holds the other end of its input, then stops the server and removes the folder.
///
/// A death signal would not do: it is sent when the *thread* that started a process ends, as a test's does.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
cat
"$1/pg_ctl" -D "$2/data" -m immediate -w stop
cd / && rm -rf "$2"
"#;

/// A process of its own, told by its end of a pipe that the server is no longer wanted.
#[derive(Debug)]
pub(crate) struct Watchdog(Mutex<Child>);

impl Watchdog {
    /// Starts watching over the server in `folder`, which may not be there yet.
    pub(crate) fn start(account: Account, binaries: &Path, folder: &Path) -> Result<Self, HarnessError> {
        let mut command = account.command("/bin/sh", folder);
        command.args(["-c", SCRIPT, "watchdog"]).arg(binaries).arg(folder).stdin(Stdio::piped());
        let child =
            command.spawn().map_err(HarnessError::io("cannot start the watchdog of a Postgres server"))?;
        Ok(Self(Mutex::new(child)))
    }
}

impl Drop for Watchdog {
    /// Ends the server and waits until it is gone.
    fn drop(&mut self) {
        let child = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        // Closes its input, too.
        let _ended = child.wait();
    }
}
