//! The running stub, and how tests control and query it.

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
use crate::connection::{ConnectionFault, FaultListener};
use crate::fault::{Call, Fault};
use crate::http::{RequestHandler, router};
use crate::ledger::Account;
use crate::payment::{Method, Status};
use crate::webhook::{Webhook, send_all};

/// Fewest and most characters of an order id (source: TossPayments, core API).
const ORDER_CHARS: std::ops::RangeInclusive<usize> = 6..=64;

/// The settings of a stub.
#[derive(Debug, Clone)]
pub struct StubSettings {
    /// The address to listen at; port 0 chooses a free port.
    pub listen: SocketAddr,
    /// The secret key that requests must have.
    pub secret_key: String,
    /// Where to send webhooks; `None` sends none.
    pub webhook_url: Option<String>,
    /// The provider's clock.
    pub clock: Arc<dyn Clock>,
}

impl Default for StubSettings {
    /// Listens on a free loopback port, accepts the key `test_sk_stub`, sends no webhooks and uses the system
    /// clock.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            secret_key: "test_sk_stub".to_owned(),
            webhook_url: None,
            clock: Arc::new(SystemClock),
        }
    }
}

/// An order that no buyer could pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StubError {
    /// The order id does not have 6 to 64 letters, digits, `-` and `_`.
    OrderId,
    /// The amount is not positive.
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
    handler: Arc<RequestHandler>,
    address: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl TossStub {
    /// Starts a stub.
    ///
    /// # Errors
    ///
    /// The error of listening, if the address is taken.
    pub async fn start(settings: StubSettings) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let mut tasks = Vec::new();
        let sender = settings.webhook_url.map(|url| {
            let (sender, receiver) = unbounded_channel();
            tasks.push(tokio::spawn(send_all(receiver, url)));
            sender
        });
        let handler =
            Arc::new(RequestHandler::new(settings.secret_key, MovableClock::over(settings.clock), sender));
        let service = router(Arc::clone(&handler)).into_make_service_with_connect_info::<ConnectionFault>();
        tasks.push(tokio::spawn(async move {
            // `serve` does not return before its task is cancelled.
            let _ = axum::serve(FaultListener(listener), service).await;
        }));
        Ok(Self { handler, address, tasks })
    }

    /// Returns the base URL of the API.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Authenticates a buyer by card, and returns the payment key.
    ///
    /// # Errors
    ///
    /// [`StubError`], if the payment window would refuse the order.
    pub fn authenticate(&self, order_id: &str, amount: i64) -> Result<String, StubError> {
        self.authenticate_by(Method::Card, order_id, amount)
    }

    /// Authenticates a buyer by this method, and returns the payment key.
    ///
    /// # Errors
    ///
    /// [`StubError`], if the payment window would refuse the order.
    pub fn authenticate_by(&self, method: Method, order_id: &str, amount: i64) -> Result<String, StubError> {
        check_order(order_id, amount)?;
        Ok(self.handler.with_payments(|payments, now| payments.authenticate(order_id, amount, method, now)))
    }

    /// Declines a payment as the buyer's bank or card does before the confirm; `false` if it is confirmed already.
    pub fn abort(&self, order_id: &str, code: &str) -> bool {
        self.handler.with_payments(|payments, now| payments.abort(order_id, code, now))
    }

    /// Pays into the virtual account of an order; `false` if no deposit is awaited.
    pub fn deposit(&self, order_id: &str) -> bool {
        self.handler.with_payments(|payments, now| payments.deposit(order_id, now))
    }

    /// Pays into the virtual account of an order after its deadline; `false` before the deadline.
    pub fn deposit_late(&self, order_id: &str) -> bool {
        self.handler.with_payments(|payments, now| payments.deposit_late(order_id, now))
    }

    /// Withdraws a deposit as the bank does; `false` if there is none.
    pub fn withdraw_deposit(&self, order_id: &str) -> bool {
        self.handler.with_payments(|payments, now| payments.withdraw_deposit(order_id, now))
    }

    /// Sends a webhook with a status that the payment does not have; `false` if there is no such order.
    pub fn send_false_status(&self, order_id: &str, status: Status) -> bool {
        self.handler.with_payments(|payments, now| payments.send_false_status(order_id, status, now))
    }

    /// Makes the next request of this kind fail; several faults apply in their order.
    pub fn fail_next(&self, fault: Fault) {
        self.handler.state().faults.push_back(fault);
    }

    /// Answers hanging requests: with the regular answer if they took effect. The idempotency keys of the others
    /// are free again.
    pub fn release_hanging(&self) {
        self.handler.release_hanging();
    }

    /// Moves the provider's clock ahead.
    pub fn advance(&self, by: Duration) {
        self.handler.clock.advance(by);
    }

    /// Returns captures and refunds by payment key.
    pub fn ledger(&self) -> BTreeMap<String, Account> {
        self.handler.state().payments.ledger()
    }

    /// Returns all webhooks, oldest first.
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.handler.state().webhooks.clone()
    }

    /// Returns how many requests of this kind arrived with the right secret key.
    pub fn asked(&self, call: Call) -> usize {
        self.handler.state().asked.get(&call).copied().unwrap_or_default()
    }

    /// Waits until this many requests of this kind have arrived.
    pub async fn until_asked(&self, call: Call, times: usize) {
        loop {
            let next = self.handler.asked.notified();
            if self.asked(call) >= times {
                return;
            }
            next.await;
        }
    }

    /// Serves until the process ends.
    pub async fn run(mut self) {
        for task in std::mem::take(&mut self.tasks) {
            // The end of one task does not end the others.
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
