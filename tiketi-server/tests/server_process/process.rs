//! Starting the server and watching it, always with a deadline.

use std::env;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::patient_client::{Answer, ask, ask_once};

/// Longer than anything here takes on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// Prepares a run of the server that inherits no options from whoever runs the tests.
pub(crate) fn server(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tiketi-server"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("TIKETI_") {
            command.env_remove(name);
        }
    }
    // By default a server keeps its sales in the folder it is started in; a test says so if it wants that.
    command.env("TIKETI_STORE", "memory:");
    // The databases of tests do not wait for the disk.
    command.env("TIKETI_ALLOW_UNSAFE_DURABILITY", "true");
    command.kill_on_drop(true);
    command
}

/// What a run that ends by itself said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the server until it ends by itself.
pub(crate) async fn run(arguments: &[&str]) -> Said {
    finish(server(arguments)).await
}

/// Runs a prepared server until it ends by itself.
pub(crate) async fn finish(mut command: Command) -> Said {
    let output: Output = timeout(DEADLINE, command.output()).await.expect("it never ended").unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A server that serves; killed when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
    err: JoinHandle<String>,
    pub(crate) first_line: String,
    client: reqwest::Client,
}

impl Running {
    /// Starts a server on a free port and waits for its first line.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let listen = ["--listen", "127.0.0.1:0"];
        Self::of(server(&[&listen, arguments].concat())).await
    }

    /// Starts a prepared server and waits for its first line.
    pub(crate) async fn of(mut command: Command) -> Self {
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
    pub(crate) fn address(&self) -> &str {
        let line = self.first_line.trim_end();
        line.strip_prefix("listening on http://").unwrap_or_else(|| panic!("first line: {line:?}"))
    }

    /// Reads a path, signed in with `token` if there is one.
    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> (u16, Value) {
        let mut request = self.client.get(self.url(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        answer(request).await
    }

    /// Reads a path once, also if the server says to come back later.
    pub(crate) async fn get_once(&self, path: &str) -> Answer {
        ask_once(self.client.get(self.url(path))).await.unwrap()
    }

    /// Sends JSON to a path once, signed in, also if the server says to come back later.
    pub(crate) async fn post_once(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.sender().post_once(path, token, body).await.unwrap()
    }

    /// Sends JSON to a path, signed in with `token` if there is one.
    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
        self.try_post(path, token, body).await.unwrap()
    }

    /// Sends JSON to a path of a server that may die meanwhile.
    pub(crate) async fn try_post(
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

    /// Returns somebody who sends to this server for as long as there is one.
    pub(crate) fn sender(&self) -> Sender {
        Sender { client: self.client.clone(), base: format!("http://{}", self.address()) }
    }

    /// Signs in, and returns the token.
    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> String {
        let body = serde_json::json!({ "email": email, "password": password });
        let (status, answer) = self.post("/api/auth/login", None, &body).await;
        assert_eq!(status, 200, "{answer}");
        answer["token"].as_str().unwrap().to_owned()
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it is running").to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().await.unwrap();
        assert!(sent.success());
    }

    /// Waits for the end, and returns the code and all that was said after the first line.
    pub(crate) async fn ended(mut self) -> Said {
        let status = timeout(DEADLINE, self.child.wait()).await.expect("it never ended").unwrap();
        let mut out = String::new();
        self.out.read_to_string(&mut out).await.unwrap();
        Said { code: status.code(), out, err: self.err.await.unwrap() }
    }

    /// Kills it, as a crash would: nothing is finished and nothing is closed.
    pub(crate) async fn kill(mut self) {
        timeout(DEADLINE, self.child.kill()).await.expect("it cannot be killed").unwrap();
    }

    /// Tells it to stop, and returns what it said.
    pub(crate) async fn stop(self) -> Said {
        self.signal("TERM").await;
        self.ended().await
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }
}

/// Sends to a server that may die meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    client: reqwest::Client,
    base: String,
}

impl Sender {
    /// Sends JSON to a path, signed in.
    pub(crate) fn post(
        &self,
        path: &str,
        token: &str,
        body: &Value,
    ) -> impl Future<Output = Result<(u16, Value), reqwest::Error>> + use<> {
        try_answer(self.client.post(format!("{}{path}", self.base)).bearer_auth(token).json(body))
    }

    /// Sends JSON to a path once, signed in, also if the server says to come back later.
    pub(crate) fn post_once(
        &self,
        path: &str,
        token: &str,
        body: &Value,
    ) -> impl Future<Output = Result<Answer, reqwest::Error>> + use<> {
        ask_once(self.client.post(format!("{}{path}", self.base)).bearer_auth(token).json(body))
    }

    /// Delivers a webhook of TossPayments, and returns the status it was answered with.
    pub(crate) async fn webhook(&self, gateway: &str, name: &str, body: &Value) -> u16 {
        let request = self.client.post(format!("{}/api/payments/webhook/{gateway}", self.base));
        let request = request.header("tosspayments-webhook-transmission-id", name).json(body);
        answer(request).await.0
    }
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    try_answer(request).await.unwrap()
}

async fn try_answer(request: reqwest::RequestBuilder) -> Result<(u16, Value), reqwest::Error> {
    let answer = ask(request).await?;
    Ok((answer.status, answer.body))
}
