//! All buyers, and their requests to the servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use reqwest::Method;
use serde_json::Value;
use tiketi_server_harness::{DEADLINE, Fleet, ServerShop, send_with_retries};
use tokio::sync::Semaphore;

use crate::Size;
use crate::board::Board;
use crate::person::{Person, Visit};

/// Most requests at the same time: those beyond wait, as they would in the network.
const REQUESTS: usize = 256;

/// Sends the requests of all buyers, each to the next server, as a load balancer would.
#[derive(Debug)]
pub(crate) struct Line {
    client: reqwest::Client,
    addresses: Arc<[String]>,
    next: AtomicUsize,
    permits: Semaphore,
}

impl Line {
    pub(crate) fn new(addresses: Arc<[String]>) -> Self {
        let client = reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap();
        Self { client, addresses, next: AtomicUsize::new(0), permits: Semaphore::new(REQUESTS) }
    }

    /// Sends a request, and returns the status and the body of the answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let server = self.next.fetch_add(1, Ordering::Relaxed) % self.addresses.len();
        let mut request = self.client.request(method, format!("http://{}{path}", self.addresses[server]));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let _permit = self.permits.acquire().await.unwrap();
        let answer = send_with_retries(request).await.unwrap();
        (answer.status, answer.body)
    }
}

pub(crate) struct Crowd {
    line: Arc<Line>,
    shop: Arc<ServerShop>,
    board: Arc<Board>,
    size: Size,
}

impl Crowd {
    pub(crate) fn new(fleet: &Fleet, size: Size) -> Self {
        let line = Arc::new(Line::new(Arc::clone(&fleet.addresses)));
        let shop = Arc::clone(&fleet.shop);
        let board = Arc::new(Board::new(&shop.seats));
        Self { line, shop, board, size }
    }

    /// Lets everyone come, and returns how their visits ended.
    pub(crate) async fn come(self) -> Vec<Visit> {
        let path = format!("/api/seats/{}", self.shop.event);
        let watching = tokio::spawn(Arc::clone(&self.board).keep_current(Arc::clone(&self.line), path));
        let visits = (0..self.size.buyers).map(|name| {
            let person = Person::new(name, self.size, &self.shop, &self.line, &self.board);
            tokio::spawn(person.visit())
        });
        let visits = join_all(visits.collect::<Vec<_>>()).await;
        watching.abort();
        visits.into_iter().map(Result::unwrap).collect()
    }
}
