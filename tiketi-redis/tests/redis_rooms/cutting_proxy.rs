//! A proxy that forwards commits to Redis, and closes the connection before it returns their answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A text that only a commit contains: the key of the writer's turn.
const OF_A_COMMIT: &[u8] = b":turn";

/// Starts a proxy that closes the connection after Redis has answered a commit, up to `cuts` times. Returns its
/// port and the number of cuts that are left.
pub(crate) async fn start(server: u16, cuts: u32) -> (u16, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let left = Arc::new(AtomicU32::new(cuts));
    let shared = Arc::clone(&left);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
            tokio::spawn(carry(client, server, Arc::clone(&shared)));
        }
    });
    (port, left)
}

async fn carry(mut client: TcpStream, mut server: TcpStream, left: Arc<AtomicU32>) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    let mut has_commit = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(count @ 1..) = read else { return };
                let bytes = &asked[..count];
                has_commit |= bytes.windows(OF_A_COMMIT.len()).any(|window| window == OF_A_COMMIT);
                if server.write_all(bytes).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(count @ 1..) = read else { return };
                // Redis has applied the commit by now.
                let is_done = has_commit && answered[..count].windows(4).any(|window| window == b"DONE");
                if is_done {
                    has_commit = false;
                    let cut = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
                    if cut.is_ok() {
                        return;
                    }
                }
                if client.write_all(&answered[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}
