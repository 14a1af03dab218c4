//! The real server on a store of its own, with halls that were made before it started.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::hall::Hall;
use crate::http::cores;
use crate::shop::{Guard, Shop, Store};

/// The secret with which the server and the benchmark sign.
pub(super) const SECRET: &str = "a secret for a benchmark, of more than 32 bytes";

/// A running server; dropping it ends its process.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) address: String,
    pub(super) halls: Vec<Hall>,
    process: Child,
    _store: Guard,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _killed = self.process.kill();
        let _ended = self.process.wait();
    }
}

impl Server {
    /// Makes a hall of each size on a new store, and starts a server on it.
    pub(super) async fn start(binary: &Path, store: Store, sizes: &[u32]) -> Result<Self, Box<dyn Error>> {
        let Shop { box_office, guard } = Shop::open(store).await?;
        let mut halls = Vec::new();
        for seats in sizes {
            halls.push(Hall::open(&box_office, *seats).await?);
        }
        let address = match &guard {
            Guard::Nothing => return Err("the store ends with its process".into()),
            Guard::Folder(folder) => format!("sqlite:{}", folder.path().join("bench.db").display()),
            Guard::Database { database, store } => {
                store.close().await;
                database.url()
            }
        };
        // A server takes a file only once no other process has it open.
        drop(box_office);
        let mut command = Command::new(binary);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "off", "--jwt-secret", SECRET])
            .args(["--hold-ttl", "15m", "--write-limit-user", "off", "--store", &address])
            .env_remove("TIKETI_DEMO")
            .stdout(Stdio::piped());
        let mut process = cores::while_on(cores::OF_SERVER, || command.spawn())?.map_err(|error| {
            format!("{}: {error}; build it with: cargo build --release", binary.display())
        })?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("no standard output")?).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on http://").ok_or("the server did not start")?;
        Ok(Self { address: address.to_owned(), halls, process, _store: guard })
    }
}
