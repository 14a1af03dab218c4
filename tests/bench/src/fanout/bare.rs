//! The physical limit: a bare program that writes frames to sockets, and knows nothing else.

use std::error::Error;
use std::time::Duration;

use clap::Args;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::fanout::frames::server_text;
use crate::fanout::process::{Child, Readers};
use crate::runtime;

/// What the bare program writes.
#[derive(Debug, Args)]
pub(crate) struct Bare {
    /// Sockets to wait for.
    #[arg(long)]
    sockets: usize,
    /// Length of a message.
    #[arg(long)]
    message_bytes: usize,
}

impl Bare {
    /// Accepts sockets, and writes frames to all of them in turn until it is ended.
    pub(crate) fn run(&self) -> Result<(), Box<dyn Error>> {
        runtime()?.block_on(self.write())
    }

    async fn write(&self) -> Result<(), Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let mut sockets = Vec::with_capacity(self.sockets);
        while sockets.len() < self.sockets {
            let (socket, _) = listener.accept().await?;
            socket.set_nodelay(true)?;
            sockets.push(socket);
        }
        let threads = std::thread::available_parallelism()?.get();
        let share = sockets.len().div_ceil(threads).max(1);
        let mut tasks = Vec::new();
        while !sockets.is_empty() {
            let part = sockets.split_off(sockets.len().saturating_sub(share));
            tasks.push(tokio::spawn(write_to(part, server_text(self.message_bytes))));
        }
        for task in tasks {
            task.await??;
        }
        Ok(())
    }
}

/// Writes a frame to each socket, again and again.
async fn write_to(mut sockets: Vec<TcpStream>, frame: Vec<u8>) -> Result<(), std::io::Error> {
    loop {
        for socket in &mut sockets {
            socket.write_all(&frame).await?;
        }
    }
}

/// Returns how many frames a second reach the readers.
pub(super) async fn measure(
    sockets: u32,
    message_bytes: usize,
    time: Duration,
) -> Result<f64, Box<dyn Error>> {
    let (sockets_text, bytes_text) = (sockets.to_string(), message_bytes.to_string());
    let mut bare =
        Child::of_this(&["fanout-bare", "--sockets", &sockets_text, "--message-bytes", &bytes_text])?;
    let address = bare.line().await?;
    let mut readers = Readers::of_bare(&address, sockets).await?;
    readers.begin().await?;
    tokio::time::sleep(time).await;
    let told = readers.report(0).await?;
    readers.end().await?;
    Ok(told.messages_per_second())
}
