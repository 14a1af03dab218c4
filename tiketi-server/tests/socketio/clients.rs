//! The client library of Socket.IO, run by Node.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tiketi_server_harness::DEADLINE;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{Notify, OnceCell};
use tokio::time::timeout;

/// The program, and the exact versions that it needs.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/socketio-client");
/// Where they are installed, once for all tests.
const TARGET: &str = env!("CARGO_TARGET_TMPDIR");
const FILES: [&str; 3] = ["package.json", "package-lock.json", "driver.js"];

static INSTALLED: OnceCell<PathBuf> = OnceCell::const_new();

/// Clients in one process of Node, which ends when this is dropped.
pub(crate) struct Clients {
    _child: Child,
    input: ChildStdin,
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard {
    lines: Mutex<Vec<Value>>,
    more: Notify,
}

impl Clients {
    pub(crate) async fn start() -> Self {
        let folder = INSTALLED.get_or_init(install).await;
        let mut child = Command::new("node")
            .arg(folder.join("driver.js"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node cannot be started; in Debian, install the package `nodejs`");
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let heard = Arc::<Heard>::default();
        let hearing = Arc::clone(&heard);
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Some(line) = lines.next_line().await.unwrap() {
                hearing.lines.lock().unwrap().push(serde_json::from_str(&line).unwrap());
                hearing.more.notify_waiters();
            }
        });
        Self { _child: child, input, heard }
    }

    /// Connects a client, and waits until it is connected.
    pub(crate) async fn open(&mut self, client: &str, address: &str, options: Value) {
        self.start_open(client, address, options).await;
        self.heard(client, "connect", |_| true).await;
    }

    /// Lets a client connect.
    pub(crate) async fn start_open(&mut self, client: &str, address: &str, options: Value) {
        let url = format!("http://{address}");
        self.tell(json!({"do": "open", "client": client, "url": url, "options": options})).await;
    }

    /// Sends an event, and waits for the acknowledgement.
    pub(crate) async fn ask(&mut self, client: &str, event: &str, data: Value) -> Value {
        let before = self.count(client, "acknowledged");
        self.tell(json!({"do": "ask", "client": client, "event": event, "data": data})).await;
        self.nth(client, "acknowledged", before).await
    }

    /// Sends an event, as clients of the first Tiketi do.
    pub(crate) async fn emit(&mut self, client: &str, event: &str, data: Value) {
        self.tell(json!({"do": "emit", "client": client, "event": event, "data": data})).await;
    }

    /// Lets a client lose its connection, and waits until it is connected again.
    pub(crate) async fn lose(&mut self, client: &str) {
        let before = self.count(client, "connect");
        self.tell(json!({"do": "drop", "client": client})).await;
        self.nth(client, "connect", before).await;
    }

    /// Lets a client use another server when it connects again.
    pub(crate) async fn use_server(&mut self, client: &str, address: &str) {
        self.tell(json!({"do": "move", "client": client, "url": format!("http://{address}")})).await;
    }

    /// Waits until a client has received an event with some data, and returns the data.
    pub(crate) async fn heard(&self, client: &str, event: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let find = || {
            let lines = self.heard.lines.lock().unwrap();
            let of_client = lines.iter().filter(|line| line["client"] == client && line["event"] == event);
            of_client.map(|line| line["data"].clone()).find(&is_it)
        };
        self.wait(find)
            .await
            .unwrap_or_else(|| panic!("{client} never received {event}: {:#?}", self.of(client)))
    }

    /// Returns all that a client has received.
    pub(crate) fn of(&self, client: &str) -> Vec<Value> {
        let lines = self.heard.lines.lock().unwrap();
        lines.iter().filter(|line| line["client"] == client).cloned().collect()
    }

    /// Returns how often a client has received an event.
    pub(crate) fn count(&self, client: &str, event: &str) -> usize {
        self.of(client).iter().filter(|line| line["event"] == event).count()
    }

    async fn nth(&self, client: &str, event: &str, at: usize) -> Value {
        let find = || {
            let of_client = self.of(client);
            of_client.iter().filter(|line| line["event"] == event).nth(at).map(|line| line["data"].clone())
        };
        self.wait(find)
            .await
            .unwrap_or_else(|| panic!("{client} never received {event}: {:#?}", self.of(client)))
    }

    async fn wait(&self, find: impl Fn() -> Option<Value>) -> Option<Value> {
        let waits = async {
            loop {
                let more = self.heard.more.notified();
                if let Some(found) = find() {
                    return found;
                }
                more.await;
            }
        };
        timeout(DEADLINE, waits).await.ok()
    }

    async fn tell(&mut self, command: Value) {
        self.input.write_all(format!("{command}\n").as_bytes()).await.unwrap();
    }
}

/// Installs the program with the versions of its lock file, unless it was done before.
async fn install() -> PathBuf {
    let lock = std::fs::read(Path::new(SOURCE).join("package-lock.json")).unwrap();
    let driver = std::fs::read(Path::new(SOURCE).join("driver.js")).unwrap();
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, &[lock, driver].concat());
    let folder = Path::new(TARGET).join(format!("socketio-client-{id}"));
    if folder.exists() {
        return folder;
    }
    let making = tempfile::tempdir_in(TARGET).unwrap().keep();
    for file in FILES {
        std::fs::copy(Path::new(SOURCE).join(file), making.join(file)).unwrap();
    }
    let npm = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"])
        .current_dir(&making)
        .status();
    let npm = timeout(DEADLINE, npm).await.expect("npm never ended");
    assert!(npm.expect("npm cannot be started; in Debian, install the package `npm`").success());
    // Another process may have been faster.
    if std::fs::rename(&making, &folder).is_err() {
        assert!(folder.exists());
        std::fs::remove_dir_all(&making).unwrap();
    }
    folder
}
