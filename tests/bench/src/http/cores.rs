//! Cores: the server has one, and those who ask it another.

use std::io;

use rustix::io::Errno;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The core of the server, of the bare server and of the library.
pub(super) const OF_SERVER: usize = 0;
/// The core of the clients.
pub(super) const OF_CLIENTS: usize = 1;

/// Runs this thread, and the threads and processes that it will start, on one of the cores of the machine.
///
/// Has no effect on a machine with fewer cores.
pub(super) fn run_on(core: usize) -> io::Result<()> {
    let mut one = CpuSet::new();
    one.set(core);
    match sched_setaffinity(None, &one) {
        // There is no such core.
        Err(Errno::INVAL) => Ok(()),
        set => Ok(set?),
    }
}

/// Runs a function whose threads and processes are on another core than this thread.
pub(super) fn while_on<T>(core: usize, run: impl FnOnce() -> T) -> io::Result<T> {
    let before = sched_getaffinity(None)?;
    run_on(core)?;
    let done = run();
    sched_setaffinity(None, &before)?;
    Ok(done)
}
