//! Kills a server with all its processes, as a crash of the machine does.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::error::HarnessError;

const PATIENCE: u32 = 1_000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Kills the server of a data folder, and returns when all its processes have ended.
pub(crate) fn kill(data: &Path) -> Result<(), HarnessError> {
    let file = data.join("postmaster.pid");
    let text = fs::read_to_string(&file).map_err(HarnessError::io("cannot tell which process to kill"))?;
    let Some(first) = text.lines().next().and_then(|line| line.trim().parse().ok()).and_then(Pid::from_raw)
    else {
        return Err(HarnessError::Command { command: "reading postmaster.pid".to_owned(), said: text });
    };
    // A stopped process starts no new process while its children are listed.
    send(first, Signal::STOP)?;
    let mut all = children(first);
    all.push(first);
    for one in &all {
        send(*one, Signal::KILL)?;
    }
    for _ in 0..PATIENCE {
        if !all.iter().any(|one| runs(*one)) {
            // A real crash leaves the file behind. It is removed here because the next start would otherwise find
            // the number of a process that has ended but still is in the process table.
            return fs::remove_file(&file).map_err(HarnessError::io("cannot remove postmaster.pid"));
        }
        sleep(BETWEEN_LOOKS);
    }
    Err(HarnessError::Late("the end of a killed server"))
}

fn send(to: Pid, signal: Signal) -> Result<(), HarnessError> {
    match kill_process(to, signal) {
        // The process has ended by itself.
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => {
            Err(HarnessError::Io { doing: "cannot kill a server".to_owned(), source: error.into() })
        }
    }
}

/// Lists the processes that a process started.
fn children(parent: Pid) -> Vec<Pid> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?));
    pids.filter(|pid| stat(*pid).is_some_and(|(_, of)| of == parent.as_raw_nonzero().get())).collect()
}

fn runs(pid: Pid) -> bool {
    stat(pid).is_some_and(|(state, _)| state != "Z" && state != "X")
}

/// Returns a process's state and parent, the two words after its name in parentheses.
fn stat(pid: Pid) -> Option<(String, i32)> {
    let text = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    let mut words = text.rsplit_once(')')?.1.split_whitespace();
    Some((words.next()?.to_owned(), words.next()?.parse().ok()?))
}
