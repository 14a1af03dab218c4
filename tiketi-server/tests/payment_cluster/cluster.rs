//! Three servers on one Postgres database, and the payment provider that all of them use.

use std::time::Duration;

use tiketi_postgres_harness::Server;
use tiketi_server_harness::{
    DEADLINE, Fleet, Order, PaymentClient, SERVERS, Stock, TOSS_CLIENT, TOSS_SECRET, assert_agrees,
};
use tiketi_toss_stub::{Call, StubSettings, TossStub, Webhook};
use tokio::time::{Instant, sleep, timeout};

use crate::payment_rows;

/// A row has fifty seats.
const STOCK: Stock = Stock { rows: 4, standing: 1 };
/// How long to wait for open payments before the clock moves on again.
const LOOK_FOR: Duration = Duration::from_secs(3);

/// Options under which no hold ends during the test.
pub(crate) const PATIENT: [&str; 2] = ["--hold-ttl=1h", "--hold-cap=2h"];

/// A shop of three servers, and a provider in this process.
pub(crate) struct PaymentCluster {
    pub(crate) fleet: Fleet,
    pub(crate) stub: TossStub,
}

impl PaymentCluster {
    /// Opens a shop in which no hold ends during the test.
    pub(crate) async fn open() -> Self {
        Self::over(Server::shared().await, &PATIENT).await
    }

    /// Opens a shop in a new database of this Postgres server, with further options.
    pub(crate) async fn over(postgres: &Server, options: &[&str]) -> Self {
        let settings = StubSettings { secret_key: TOSS_SECRET.into(), ..StubSettings::default() };
        let stub = TossStub::start(settings).await.unwrap();
        let url = stub.url();
        let toss =
            ["--toss-secret-key", TOSS_SECRET, "--toss-client-key", TOSS_CLIENT, "--toss-base-url", &url];
        let options = [&toss[..], &["--store-connections=8"], options].concat();
        Self { fleet: Fleet::open(postgres, STOCK, &options).await, stub }
    }

    /// Returns a client of a server; `at` is taken modulo the number of servers.
    pub(crate) fn payment_client(&self, at: usize) -> PaymentClient<'_> {
        let server = self.fleet.server(at % SERVERS);
        PaymentClient { server, shop: &self.fleet.shop, stub: &self.stub }
    }

    /// Lets time pass for open payments, in the store and at the provider.
    pub(crate) async fn pass(&self, minutes: u64) {
        self.stub.advance(Duration::from_mins(minutes));
        payment_rows::age(&self.fleet.database, i64::try_from(minutes).unwrap()).await;
    }

    pub(crate) async fn until_asked(&self, call: Call, times: usize) {
        timeout(DEADLINE, self.stub.until_asked(call, times)).await.expect("the provider is not asked");
    }

    /// Delivers a webhook to a server as the provider does.
    pub(crate) async fn deliver(&self, at: usize, message: &Webhook) {
        let status =
            self.payment_client(at).server.sender().webhook("toss", &message.id, &message.body).await;
        assert_eq!(status, 200, "{message:?}");
    }

    /// Lets time pass until the provider has answered about every open payment.
    pub(crate) async fn settle(&self) {
        let end = Instant::now() + DEADLINE;
        while payment_rows::open(&self.fleet.database).await > 0 {
            assert!(
                Instant::now() < end,
                "something stays open: {:?}",
                payment_rows::rows(&self.fleet.database).await
            );
            self.pass(11).await;
            let settled = async {
                while payment_rows::open(&self.fleet.database).await > 0 {
                    sleep(Duration::from_millis(50)).await;
                }
            };
            // A payment that the provider could not decide yet is asked about again after the next minutes.
            let _is_settled = timeout(LOOK_FOR, settled).await;
        }
    }

    /// Waits until no payment is open, stops the servers, and asserts that the payments of store and provider agree
    /// and that the audit passes.
    pub(crate) async fn close(mut self) {
        self.settle().await;
        self.fleet.stop().await;
        assert_agrees(&self.stub.ledger(), &payment_rows::rows(&self.fleet.database).await);
        self.fleet.close().await;
    }
}

/// Returns how often an order was captured.
pub(crate) fn captures(cluster: &PaymentCluster, order: &Order) -> usize {
    let ledger = cluster.stub.ledger();
    ledger.values().filter(|account| account.order_id == order.id).map(|account| account.captures).sum()
}
