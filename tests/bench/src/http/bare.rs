//! The limit: a server of the same library that answers bytes it has in memory.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::routing::get;
use axum::serve::ListenerExt;
use clap::Args;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::http::client::Answer;
use crate::http::cores;

/// Headers that the HTTP library writes itself.
const OF_LIBRARY: [&str; 4] = ["content-length", "transfer-encoding", "date", "connection"];

/// What the bare server answers.
#[derive(Debug, Args)]
pub(crate) struct Bare {
    /// Folder with the answer: `head.json` and `body`.
    folder: PathBuf,
}

/// A bare server; dropping it ends its process.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) address: String,
    process: Child,
    _folder: TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _killed = self.process.kill();
        let _ended = self.process.wait();
    }
}

/// Starts a server that answers every request with the same bytes.
pub(super) fn start(answer: &Answer) -> Result<Running, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let headers = answer.headers.iter().filter(|(name, _)| !OF_LIBRARY.contains(&&**name));
    let headers: Vec<_> = headers.map(|(name, value)| json!([name, value])).collect();
    let head = json!({ "status": answer.status, "headers": headers });
    fs::write(folder.path().join("head.json"), head.to_string())?;
    fs::write(folder.path().join("body"), &answer.body)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("http-bare").arg(folder.path()).stdout(Stdio::piped());
    let mut process = cores::while_on(cores::OF_SERVER, || command.spawn())??;
    let mut address = String::new();
    BufReader::new(process.stdout.take().ok_or("no standard output")?).read_line(&mut address)?;
    Ok(Running { address: address.trim().to_owned(), process, _folder: folder })
}

impl Bare {
    /// Answers until it is ended.
    pub(crate) fn run(&self) -> Result<(), Box<dyn Error>> {
        crate::runtime()?.block_on(self.serve())
    }

    async fn serve(&self) -> Result<(), Box<dyn Error>> {
        let head: Value = serde_json::from_slice(&fs::read(self.folder.join("head.json"))?)?;
        let body = Bytes::from(fs::read(self.folder.join("body"))?);
        let status = head.get("status").and_then(Value::as_u64).ok_or("no status")?;
        let answer = Arc::new((StatusCode::from_u16(u16::try_from(status)?)?, headers(&head)?, body));
        let routes = Router::new().route("/", get(same)).with_state(answer);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let listener = listener.tap_io(|stream| {
            let _no_delay = stream.set_nodelay(true);
        });
        Ok(axum::serve(listener, routes).await?)
    }
}

type Same = Arc<(StatusCode, HeaderMap, Bytes)>;

async fn same(State(answer): State<Same>) -> (StatusCode, HeaderMap, Bytes) {
    (*answer).clone()
}

fn headers(head: &Value) -> Result<HeaderMap, Box<dyn Error>> {
    let pairs = head.get("headers").and_then(Value::as_array).ok_or("no headers")?;
    let mut headers = HeaderMap::new();
    for pair in pairs {
        let part = |at| pair.get(at).and_then(Value::as_str).ok_or("a header has no text");
        headers.append(part(0)?.parse::<HeaderName>()?, part(1)?.parse::<HeaderValue>()?);
    }
    Ok(headers)
}
