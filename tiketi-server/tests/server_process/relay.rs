//! A relay of connections, whose destination can change: the address of a database that fails over.

use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Relays connections from a port of its own.
#[derive(Debug)]
pub(crate) struct Relay {
    port: u16,
    leads_to: Arc<watch::Sender<u16>>,
}

impl Relay {
    /// Relays connections to a port.
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let leads_to = Arc::new(watch::Sender::new(port));
        let led = leads_to.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, led.clone()));
            }
        });
        Self { port: own, leads_to }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Cuts every connection, and relays new ones to another port.
    pub(crate) fn lead_to(&self, port: u16) {
        self.leads_to.send_replace(port);
    }
}

async fn relay(mut client: TcpStream, mut leads_to: watch::Receiver<u16>) {
    let port = *leads_to.borrow_and_update();
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = leads_to.changed() => {}
    }
}
