//! A server, and the stub provider that it uses.

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use tiketi_server_harness::{
    DEADLINE, PaymentClient, Running, SECRET, ServerShop, TOSS_CLIENT, TOSS_SECRET, admin, text,
};
use tiketi_toss_stub::{Call, StubSettings, TossStub};
use tokio::time::{sleep, timeout};

use crate::toss::payment_rows;

/// The secret key with its colon, encoded as in the Basic header.
const TOSS_SECRET_ENCODED: &str = "dGVzdF9za19odXNoX25vYm9keV9tYXlfcmVhZF90aGlzOg";
/// The first characters of every token.
const TOKENS: &str = "eyJ";
/// The bank account of a buyer who wants a refund.
pub(super) const ACCOUNT: &str = "110987654321";
pub(super) const HOLDER: &str = "Ondine Hasselbrack";

/// A server on a SQLite file, and a provider in this process.
pub(super) struct TossShop {
    pub(super) stub: TossStub,
    pub(super) shop: ServerShop,
    pub(super) path: PathBuf,
    running: Option<Running>,
    options: Vec<String>,
    _folder: TempDir,
}

impl TossShop {
    /// Opens a shop, and a provider without any payment.
    pub(super) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// Opens a shop with further options.
    pub(super) async fn with(options: &[&str]) -> Self {
        let options = options.iter().copied().map(str::to_owned).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        let shop = ServerShop::make(&path).await;
        let settings = StubSettings { secret_key: TOSS_SECRET.into(), ..StubSettings::default() };
        let stub = TossStub::start(settings).await.unwrap();
        let mut toss_shop = Self { stub, shop, path, running: None, options, _folder: folder };
        toss_shop.start().await;
        toss_shop
    }

    pub(super) fn running(&self) -> &Running {
        self.running.as_ref().expect("the server is down")
    }

    /// Starts the server with the most detailed log level.
    pub(super) async fn start(&mut self) {
        let url = self.stub.url();
        let toss = ["--toss-secret-key", TOSS_SECRET, "--toss-client-key", TOSS_CLIENT, "--toss-base-url"];
        let store = [&url, "--store", &self.shop.store, "--jwt-secret", SECRET];
        let rest = ["--request-timeout=3s", "--log=trace"];
        let own: Vec<_> = self.options.iter().map(String::as_str).collect();
        self.running = Some(Running::start(&[&toss[..], &store, &rest, &own].concat()).await);
    }

    /// Kills the server, and starts another one on the same file.
    pub(super) async fn crash(&mut self) {
        self.kill().await;
        self.start().await;
    }

    pub(super) async fn kill(&mut self) {
        let running = self.running.take().expect("the server is down");
        running.signal("KILL").await;
        assert_discreet(&running.ended().await.err);
    }

    /// Lets time pass for open payments, in the store and at the provider.
    pub(super) fn pass(&self, minutes: u64) {
        payment_rows::age(&self.path, i64::try_from(minutes).unwrap());
        self.stub.advance(Duration::from_mins(minutes));
    }

    /// Returns a client of the server.
    pub(super) fn payment_client(&self) -> PaymentClient<'_> {
        PaymentClient { server: self.running(), shop: &self.shop, stub: &self.stub }
    }

    /// Returns the order id and the reason of each payment that needs attention.
    pub(super) async fn needing_attention(&self) -> Vec<(String, String)> {
        let (status, listed) = self.running().get("/api/admin/payments?state=stuck", Some(&admin())).await;
        assert_eq!(status, 200, "{listed}");
        let rows = listed["data"].as_array().unwrap().iter();
        rows.map(|row| (text(&row["orderId"]), text(&row["trouble"]))).collect()
    }

    /// Waits until exactly these payments need attention.
    pub(super) async fn until_needing_attention(&self, wanted: &[(&str, &str)]) {
        let is_so = |rows: &[(String, String)]| {
            rows.iter().map(|(order, trouble)| (order.as_str(), trouble.as_str())).eq(wanted.iter().copied())
        };
        let comes = async {
            while !is_so(&self.needing_attention().await) {
                sleep(Duration::from_millis(50)).await;
            }
        };
        assert!(
            timeout(DEADLINE, comes).await.is_ok(),
            "never {wanted:?}: {:?}",
            self.needing_attention().await
        );
    }

    pub(super) async fn until_asked(&self, call: Call, times: usize) {
        timeout(DEADLINE, self.stub.until_asked(call, times)).await.expect("the provider is not asked");
    }

    /// Stops the server, and asserts that no payment is open, that store and provider agree, and that the output
    /// contains no secret.
    pub(super) async fn close(mut self) {
        let said = self.running.take().expect("the server is down").stop().await;
        assert_eq!(said.code, Some(0), "{said:?}");
        assert_discreet(&said.err);
        payment_rows::assert_settled(&self).await;
    }
}

/// Asserts that the output of a server contains no secret.
fn assert_discreet(said: &str) {
    for secret in [TOSS_SECRET, TOSS_SECRET_ENCODED, SECRET, TOKENS, ACCOUNT, HOLDER] {
        assert!(!said.contains(secret), "{secret} was logged");
    }
}
