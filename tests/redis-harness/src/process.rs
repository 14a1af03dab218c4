//! The process of a server, and the shell that ends it when the test process ends.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::HarnessError;
use crate::talk;

/// Starts and kills the server as its input demands; when the input ends, it kills the server and removes the
/// folder.
///
/// A parent-death signal is not enough: it is sent when the *thread* that started a process ends, such as a test's.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
pid=
end() { [ -z "$pid" ] || { kill -9 "$pid"; wait "$pid"; pid=; } 2>/dev/null; }
while read -r word; do
    case $word in
        start) "$1" "$2/redis.conf" >>"$2/log" 2>&1 </dev/null & pid=$! ;;
        kill) end ;;
        freeze) kill -STOP "$pid" ;;
        thaw) kill -CONT "$pid" ;;
    esac
    echo done
done
end
cd / && rm -rf "$2"
"#;

/// What a server that was built without TLS says (Redis 7.2 and later).
const NO_TLS: &str = "Failed finding TLS support";
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(crate) struct Process(Mutex<Shell>);

#[derive(Debug)]
struct Shell {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Prepares a server whose folder contains a `redis.conf`.
    pub(crate) fn new(folder: &Path) -> Result<Self, HarnessError> {
        let mut child = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "redis"])
            .arg(program())
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(HarnessError::io("cannot start a shell"))?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or(HarnessError::Late("the output of a shell"))?;
        Ok(Self(Mutex::new(Shell { child, input, output: BufReader::new(output) })))
    }

    /// Makes the shell execute one command, and returns once it is done.
    pub(crate) fn tell(&self, word: &str) -> Result<(), HarnessError> {
        let failed = || HarnessError::io("the shell of a server has ended");
        let mut shell = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(input) = &mut shell.input {
            writeln!(input, "{word}").map_err(failed())?;
        }
        shell.output.read_line(&mut String::new()).map_err(failed())?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let shell = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(shell.input.take());
        let _ended = shell.child.wait();
    }
}

/// Returns the server's program.
fn program() -> String {
    std::env::var("TIKETI_TEST_REDIS").unwrap_or_else(|_| "redis-server".to_owned())
}

/// Returns whether servers can use TLS: always, unless the program that `TIKETI_TEST_REDIS` names was built without it.
///
/// A test may be skipped only then: the program was chosen by hand, and the one that is installed has TLS.
pub fn has_tls() -> bool {
    if std::env::var_os("TIKETI_TEST_REDIS").is_none() {
        return true;
    }
    // Without a certificate it ends at once, and says which of the two is missing.
    let tried = Command::new(program()).args(["--port", "0", "--tls-port", "1"]).output();
    !tried.is_ok_and(|tried| String::from_utf8_lossy(&tried.stdout).contains(NO_TLS))
}

/// Checks that the server's program can be run.
pub(crate) fn check_installed() -> Result<(), HarnessError> {
    let program = program();
    let checked = Command::new(&program).arg("--version").stdout(Stdio::null()).status();
    checked.map(drop).map_err(|source| HarnessError::NotInstalled { program, source })
}

/// Waits until `is_true` returns true, and calls it without a pause.
pub(crate) fn wait_for(what: &'static str, mut is_true: impl FnMut() -> bool) -> Result<(), HarnessError> {
    #[expect(clippy::disallowed_methods, reason = "a deadline of the machine's clock, so that no test hangs")]
    let now = Instant::now;
    let started = now();
    while !is_true() {
        if now().duration_since(started) > PATIENCE {
            return Err(HarnessError::Late(what));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Waits until a server answers and has loaded its data.
pub(crate) fn wait_until_ready(port: u16) -> Result<(), HarnessError> {
    wait_for("the start of a Redis server", || {
        // A server that demands a password or TLS has started, too.
        match talk::ask(port, "PING") {
            Ok(_) => true,
            Err(HarnessError::Refused { answer, .. }) => answer.starts_with("NOAUTH"),
            Err(_) => false,
        }
    })
}
