//! Runs a stub of TossPayments that moves no money and fails on demand; the README in this folder shows how to use
//! it.
//!
//! `cargo run -p tiketi-examples --example toss_stub`

use std::error::Error;
use std::net::SocketAddr;

use clap::Parser;
use tiketi_toss_stub::{StubSettings, TossStub};

/// A stub of TossPayments that moves no money and fails on demand
#[derive(Debug, Parser)]
struct Options {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:3004")]
    listen: SocketAddr,
    /// Secret key that requests must have
    #[arg(long, default_value = "test_sk_stub")]
    secret_key: String,
    /// URL to send webhooks to
    #[arg(long)]
    webhook_url: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let stub = start(Options::parse()).await?;
    println!("listening on {}", stub.url());
    stub.run().await;
    Ok(())
}

async fn start(options: Options) -> std::io::Result<TossStub> {
    let Options { listen, secret_key, webhook_url } = options;
    TossStub::start(StubSettings { listen, secret_key, webhook_url, ..StubSettings::default() }).await
}

#[cfg(test)]
#[tokio::test]
async fn the_lines_of_the_readme_come_to_what_it_says() {
    use std::process::Command;

    let stub = start(Options::parse_from(["toss_stub", "--listen", "127.0.0.1:0"])).await.unwrap();
    let readme = include_str!("../README.md");
    let (_, lines) = readme.split_once("```sh\ntoss=").unwrap();
    let (lines, _) = lines.split_once("```").unwrap();
    let script = format!("set -euo pipefail\ntoss={lines}").replace("http://127.0.0.1:3004", &stub.url());
    let run = tokio::task::spawn_blocking(|| Command::new("bash").arg("-c").arg(script).output());
    let output = run.await.unwrap().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(told.starts_with("DONE\nDONE\nno answer\nPARTIAL_CANCELED\n200000\n"), "{told}");
    assert!(told.contains("\"captures\": 1") && told.contains("\"refunded\": 20000"), "{told}");
}
