//! Peers in Python, installed once with the versions of their list.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tiketi_server_harness::DEADLINE;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::OnceCell;
use tokio::time::timeout;

/// The programs, and the exact versions that they need.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/account-peers");
/// Where they are installed, once for all tests.
const TARGET: &str = env!("CARGO_TARGET_TMPDIR");

static INSTALLED: OnceCell<PathBuf> = OnceCell::const_new();

/// A peer; dropping it ends the process.
pub(crate) struct Peer {
    _child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts a program with arguments.
    pub(crate) async fn start(program: &str, arguments: &[&str]) -> Self {
        let python = INSTALLED.get_or_init(install).await;
        let mut child = Command::new(python)
            .arg(Path::new(SOURCE).join(program))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { _child: child, input, output: BufReader::new(output) }
    }

    /// Waits for the next line of its output.
    pub(crate) async fn line(&mut self) -> Value {
        let mut line = String::new();
        timeout(DEADLINE, self.output.read_line(&mut line)).await.expect("it said nothing").unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"))
    }

    /// Sends it a line.
    pub(crate) async fn tell(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }
}

/// Installs the packages, unless it was done before, and returns the interpreter.
async fn install() -> PathBuf {
    let list = std::fs::read(Path::new(SOURCE).join("requirements.txt")).unwrap();
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, &list);
    let folder = Path::new(TARGET).join(format!("account-peers-{id}"));
    let python = folder.join("bin/python");
    // A virtual environment knows its path, so it cannot be made elsewhere and moved.
    let lock = std::fs::File::create(Path::new(TARGET).join("account-peers.lock")).unwrap();
    let _lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await.unwrap().unwrap();
    if folder.join("installed").exists() {
        return python;
    }
    let run = async |program: &Path, arguments: &[&str]| {
        let done = Command::new(program).args(arguments).status();
        let done = timeout(DEADLINE, done).await.expect("it never ended");
        let advice = "in Debian, install the packages `python3` and `python3-venv`";
        assert!(done.unwrap_or_else(|error| panic!("{}: {error}; {advice}", program.display())).success());
    };
    run(Path::new("python3"), &["-m", "venv", "--clear", folder.to_str().unwrap()]).await;
    let list = format!("{SOURCE}/requirements.txt");
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", &list];
    run(&python, &install).await;
    std::fs::write(folder.join("installed"), "").unwrap();
    python
}
