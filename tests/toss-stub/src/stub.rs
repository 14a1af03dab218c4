//! The stub as a whole: started, told what to do, asked what it saw.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tiketi_core::{Clock, clock::SystemClock};
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinHandle;

use crate::clock::MovableClock;
use crate::fault::{Call, Fault};
use crate::http::{Desk, router};
use crate::ledger::Account;
use crate::line::{Line, Lines};
use crate::payment::{Method, Status};
use crate::webhook::{Webhook, send_all};

/// Fewest and most characters of an order id (source: TossPayments, core API).
const ORDER_CHARS: std::ops::RangeInclusive<usize> = 6..=64;

/// What a stub is started with.
#[derive(Debug, Clone)]
pub struct StubSettings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The key the shop has to know.
    pub secret_key: String,
    /// Where to send webhooks, if anywhere.
    pub webhook_url: Option<String>,
    /// What time it is at the provider.
    pub clock: Arc<dyn Clock>,
}

impl Default for StubSettings {
    /// Listens on a free port of this machine, knows `test_sk_stub`, sends no webhooks, lives in the present.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            secret_key: "test_sk_stub".to_owned(),
            webhook_url: None,
            clock: Arc::new(SystemClock),
        }
    }
}

/// Something no buyer could have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StubError {
    /// The order id is not 6 to 64 of letters, digits, `-` and `_`.
    OrderId,
    /// There is nothing to pay.
    Amount,
}

impl fmt::Display for StubError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OrderId => "an order id is 6 to 64 of letters, digits, '-' and '_'",
            Self::Amount => "an amount is more than nothing",
        })
    }
}

impl Error for StubError {}

pub(crate) fn check_order(order_id: &str, amount: i64) -> Result<(), StubError> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if !ORDER_CHARS.contains(&order_id.len()) || !order_id.chars().all(allowed) {
        return Err(StubError::OrderId);
    }
    if amount > 0 { Ok(()) } else { Err(StubError::Amount) }
}

/// A running stub; it stops listening when dropped.
#[derive(Debug)]
pub struct TossStub {
    desk: Arc<Desk>,
    address: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl TossStub {
    /// Starts a stub.
    ///
    /// # Errors
    ///
    /// That of listening, if the address is taken.
    pub async fn start(settings: StubSettings) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let mut tasks = Vec::new();
        let sender = settings.webhook_url.map(|url| {
            let (sender, receiver) = unbounded_channel();
            tasks.push(tokio::spawn(send_all(receiver, url)));
            sender
        });
        let desk = Arc::new(Desk::new(settings.secret_key, MovableClock::over(settings.clock), sender));
        let service = router(Arc::clone(&desk)).into_make_service_with_connect_info::<Line>();
        tasks.push(tokio::spawn(async move {
            // It only returns when its task is ended.
            let _ = axum::serve(Lines(listener), service).await;
        }));
        Ok(Self { desk, address, tasks })
    }

    /// Returns the base URL of the API.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Has a buyer authenticate by card, and returns the payment key.
    ///
    /// # Errors
    ///
    /// [`StubError`], if no payment window would open for such an order.
    pub fn authenticate(&self, order_id: &str, amount: i64) -> Result<String, StubError> {
        self.authenticate_by(Method::Card, order_id, amount)
    }

    /// Has a buyer authenticate, and returns the payment key.
    ///
    /// # Errors
    ///
    /// [`StubError`], if no payment window would open for such an order.
    pub fn authenticate_by(&self, method: Method, order_id: &str, amount: i64) -> Result<String, StubError> {
        check_order(order_id, amount)?;
        Ok(self.desk.with_books(|books, now| books.authenticate(order_id, amount, method, now)))
    }

    /// Has the buyer's bank or card say no before the shop confirms; `false` if it is too late.
    pub fn abort(&self, order_id: &str, code: &str) -> bool {
        self.desk.with_books(|books, now| books.abort(order_id, code, now))
    }

    /// Pays into the virtual account of an order; `false` if none waits.
    pub fn deposit(&self, order_id: &str) -> bool {
        self.desk.with_books(|books, now| books.deposit(order_id, now))
    }

    /// Pays into the virtual account of an order after its deadline; `false` if that has not passed.
    pub fn deposit_late(&self, order_id: &str) -> bool {
        self.desk.with_books(|books, now| books.deposit_late(order_id, now))
    }

    /// Has the bank take a deposit back; `false` if there was none.
    pub fn take_deposit_back(&self, order_id: &str) -> bool {
        self.desk.with_books(|books, now| books.take_deposit_back(order_id, now))
    }

    /// Sends a webhook with a status the payment is not in; `false` if there is no such order.
    pub fn misreport(&self, order_id: &str, status: Status) -> bool {
        self.desk.with_books(|books, now| books.misreport(order_id, status, now))
    }

    /// Makes the next request of its kind fail; several are taken in order.
    pub fn fail_next(&self, fault: Fault) {
        self.desk.state().faults.push_back(fault);
    }

    /// Answers what hangs: what took effect with the truth, and the rest as if it had never come in.
    pub fn release_hanging(&self) {
        self.desk.release_hanging();
    }

    /// Moves the provider's time ahead.
    pub fn advance(&self, by: Duration) {
        self.desk.clock.advance(by);
    }

    /// Returns what was taken and given back, by payment key.
    pub fn ledger(&self) -> BTreeMap<String, Account> {
        self.desk.state().books.ledger()
    }

    /// Returns every webhook so far, oldest first.
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.desk.state().webhooks.clone()
    }

    /// Returns how many requests of a kind came in with the right key.
    pub fn asked(&self, call: Call) -> usize {
        self.desk.state().asked.get(&call).copied().unwrap_or_default()
    }

    /// Waits until that many requests of a kind came in.
    pub async fn until_asked(&self, call: Call, times: usize) {
        loop {
            let next = self.desk.asked.notified();
            if self.asked(call) >= times {
                return;
            }
            next.await;
        }
    }

    /// Runs until it is told to stop listening, which nobody does.
    pub async fn run(mut self) {
        for task in std::mem::take(&mut self.tasks) {
            // A task that ended by itself leaves the others to run.
            let _ = task.await;
        }
    }
}

impl Drop for TossStub {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
