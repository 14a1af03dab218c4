//! The server as a child process: start, requests, signals and end, each with a deadline.

use std::env;
use std::ffi::OsString;
use std::process::{Output, Stdio};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::patient_client::{Answer, send_once, send_with_retries};

/// How long a step may take on a busy machine.
pub const DEADLINE: Duration = Duration::from_mins(5);

/// Prepares a run of the server that inherits no `TIKETI_` variable.
pub fn server(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("TIKETI_") {
            command.env_remove(name);
        }
    }
    // The default is a file in the current folder; a test that wants it removes this variable.
    command.env("TIKETI_STORE", "memory:");
    // The Postgres servers of tests run without fsync, which the server refuses by default.
    command.env("TIKETI_ALLOW_UNSAFE_DURABILITY", "true");
    // A test of the grace sets the flag.
    command.env("TIKETI_SHUTDOWN_GRACE", "0s");
    // Every buyer of a test comes from one address; a test of the limits removes these variables or sets the flags.
    for limit in [
        "JOIN_LIMIT_ACCOUNT",
        "JOIN_LIMIT_IPV4",
        "JOIN_LIMIT_IPV6",
        "SIGN_IN_LIMIT_ACCOUNT",
        "SIGN_IN_LIMIT_IPV4",
        "WRITE_LIMIT_USER",
    ] {
        command.env(format!("TIKETI_{limit}"), "off");
    }
    command.kill_on_drop(true);
    command
}

/// Returns the path of the server's binary.
///
/// Cargo builds it for the tests of `tiketi-server` and names it when it runs them.
fn binary() -> OsString {
    let name = "CARGO_BIN_EXE_tiketi-server";
    env::var_os(name).unwrap_or_else(|| {
        panic!("{name} is not set: run the tests of tiketi-server with `cargo test`, version 1.94 or later")
    })
}

/// Raises the limit of open files of this process and its children.
///
/// A thousand buyers and their server need more open sockets than a shell usually permits.
pub fn raise_open_file_limit() {
    let granted = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: granted.maximum, ..granted }).unwrap();
}

/// The exit code and the output of a server.
#[derive(Debug)]
pub struct ServerOutput {
    /// The exit code; `None` if a signal ended the process.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Runs the server until it ends.
pub async fn run(arguments: &[&str]) -> ServerOutput {
    finish(server(arguments)).await
}

/// Runs a prepared server until it ends.
pub async fn finish(mut command: Command) -> ServerOutput {
    let output: Output = timeout(DEADLINE, command.output()).await.expect("it never ended").unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    ServerOutput { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A running server; dropping it kills the process.
#[derive(Debug)]
pub struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
    err: JoinHandle<String>,
    /// The first line of standard output, which names the address.
    pub first_line: String,
    client: reqwest::Client,
}

impl Running {
    /// Starts a server on a free port and waits for its first line.
    pub async fn start(arguments: &[&str]) -> Self {
        let listen = ["--listen", "127.0.0.1:0"];
        Self::of(server(&[&listen, arguments].concat())).await
    }

    /// Starts a prepared server and waits for its first line.
    pub async fn of(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let err = tokio::spawn(async move {
            let mut text = String::new();
            stderr.read_to_string(&mut text).await.unwrap();
            text
        });
        let mut first_line = String::new();
        timeout(DEADLINE, out.read_line(&mut first_line)).await.expect("it never spoke").unwrap();
        let client = reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap();
        Self { child, out, err, first_line, client }
    }

    /// Returns the bound address, such as `127.0.0.1:4711`.
    pub fn address(&self) -> &str {
        let line = self.first_line.trim_end();
        line.strip_prefix("listening on http://").unwrap_or_else(|| panic!("first line: {line:?}"))
    }

    /// Reads a path, signed in with `token` if there is one.
    pub async fn get(&self, path: &str, token: Option<&str>) -> (u16, Value) {
        let mut request = self.client.get(self.url(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        answer(request).await
    }

    /// Reads a path once, without a retry on 503.
    pub async fn get_once(&self, path: &str) -> Answer {
        send_once(self.client.get(self.url(path))).await.unwrap()
    }

    /// Sends JSON to a path once, signed in, without a retry on 503.
    pub async fn post_once(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.sender().post_once(path, token, body).await.unwrap()
    }

    /// Sends JSON to a path, signed in with `token` if there is one.
    pub async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
        self.try_post(path, token, body).await.unwrap()
    }

    /// Puts JSON to a path, signed in.
    pub async fn put(&self, path: &str, token: &str, body: &Value) -> (u16, Value) {
        answer(self.client.put(self.url(path)).bearer_auth(token).json(body)).await
    }

    /// Sends JSON to a path of a server that may be killed before it answers.
    pub async fn try_post(
        &self,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> Result<(u16, Value), reqwest::Error> {
        let mut request = self.client.post(self.url(path)).json(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        try_answer(request).await
    }

    /// Returns a sender that does not borrow the server.
    pub fn sender(&self) -> Sender {
        Sender { client: self.client.clone(), base: format!("http://{}", self.address()) }
    }

    /// Signs in, and returns the token.
    pub async fn sign_in(&self, email: &str, password: &str) -> String {
        let body = serde_json::json!({ "email": email, "password": password });
        let (status, answer) = self.post("/api/auth/login", None, &body).await;
        assert_eq!(status, 200, "{answer}");
        answer["token"].as_str().unwrap().to_owned()
    }

    /// Sends a signal, such as `TERM`.
    pub async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it is running").to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().await.unwrap();
        assert!(sent.success());
    }

    /// Waits for the end, and returns the code and the output after the first line.
    pub async fn ended(mut self) -> ServerOutput {
        let status = timeout(DEADLINE, self.child.wait()).await.expect("it never ended").unwrap();
        let mut out = String::new();
        self.out.read_to_string(&mut out).await.unwrap();
        ServerOutput { code: status.code(), out, err: self.err.await.unwrap() }
    }

    /// Kills the process, as a crash would: the server completes no request and closes no file.
    pub async fn kill(mut self) {
        timeout(DEADLINE, self.child.kill()).await.expect("it cannot be killed").unwrap();
    }

    /// Sends `TERM`, and returns the code and the output.
    pub async fn stop(self) -> ServerOutput {
        self.signal("TERM").await;
        self.ended().await
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }
}

/// Sends requests to a server that may be killed before it answers.
#[derive(Debug, Clone)]
pub struct Sender {
    client: reqwest::Client,
    base: String,
}

impl Sender {
    /// Reads a path that needs no token.
    pub async fn get(&self, path: &str) -> Result<(u16, Value), reqwest::Error> {
        try_answer(self.client.get(format!("{}{path}", self.base))).await
    }

    /// Sends JSON to a path, signed in.
    pub fn post(
        &self,
        path: &str,
        token: &str,
        body: &Value,
    ) -> impl Future<Output = Result<(u16, Value), reqwest::Error>> + use<> {
        try_answer(self.client.post(format!("{}{path}", self.base)).bearer_auth(token).json(body))
    }

    /// Sends JSON to a path once, signed in, without a retry on 503.
    pub fn post_once(
        &self,
        path: &str,
        token: &str,
        body: &Value,
    ) -> impl Future<Output = Result<Answer, reqwest::Error>> + use<> {
        send_once(self.client.post(format!("{}{path}", self.base)).bearer_auth(token).json(body))
    }

    /// Delivers a webhook of TossPayments, and returns the status of the answer.
    pub async fn webhook(&self, gateway: &str, name: &str, body: &Value) -> u16 {
        let request = self.client.post(format!("{}/api/payments/webhook/{gateway}", self.base));
        let request = request.header("tosspayments-webhook-transmission-id", name).json(body);
        answer(request).await.0
    }
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    try_answer(request).await.unwrap()
}

async fn try_answer(request: reqwest::RequestBuilder) -> Result<(u16, Value), reqwest::Error> {
    let answer = send_with_retries(request).await?;
    Ok((answer.status, answer.body))
}
