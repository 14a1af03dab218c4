//! The shop, the provider, and a buyer who goes from one to the other.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tiketi_toss_stub::{Call, Method, StubSettings, TossStub};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::crash::shop::{SECRET, Shop, admin, token};
use crate::process::{DEADLINE, Running};
use crate::toss::books;

pub(super) const TOSS_SECRET: &str = "test_sk_hush_nobody_may_read_this";
/// The secret key with its colon, as it goes over the wire.
const TOSS_SECRET_ENCODED: &str = "dGVzdF9za19odXNoX25vYm9keV9tYXlfcmVhZF90aGlzOg";
/// How the head of every token begins.
const TOKENS: &str = "eyJ";
/// The account of a buyer who wants money back.
pub(super) const ACCOUNT: &str = "110987654321";
pub(super) const HOLDER: &str = "Ondine Hasselbrack";
pub(super) const TOSS_CLIENT: &str = "test_ck_for_everybody";

/// A server on a file, and a provider in this process.
pub(super) struct Counter {
    pub(super) stub: TossStub,
    pub(super) shop: Shop,
    pub(super) path: PathBuf,
    running: Option<Running>,
    options: Vec<String>,
    _folder: TempDir,
}

/// One buyer's order, at the shop and at the provider.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) token: String,
    pub(super) reservation: String,
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) key: String,
}

impl Order {
    /// Returns what the buyer brings back from the payment window.
    pub(super) fn body(&self) -> Value {
        json!({"orderId": self.id, "paymentKey": self.key, "amount": self.amount})
    }
}

impl Counter {
    /// Opens a shop, and a provider that has not heard of it.
    pub(super) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// Opens a shop with further options.
    pub(super) async fn with(options: &[&str]) -> Self {
        let options = options.iter().copied().map(str::to_owned).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        let shop = Shop::make(&path).await;
        let settings = StubSettings { secret_key: TOSS_SECRET.into(), ..StubSettings::default() };
        let stub = TossStub::start(settings).await.unwrap();
        let mut counter = Self { stub, shop, path, running: None, options, _folder: folder };
        counter.start().await;
        counter
    }

    pub(super) fn running(&self) -> &Running {
        self.running.as_ref().expect("the server is down")
    }

    /// Starts the server, which logs all there is to log.
    pub(super) async fn start(&mut self) {
        let url = self.stub.url();
        let toss = ["--toss-secret-key", TOSS_SECRET, "--toss-client-key", TOSS_CLIENT, "--toss-base-url"];
        let store = [&url, "--store", &self.shop.store, "--jwt-secret", SECRET];
        let rest = ["--request-timeout=3s", "--log=trace"];
        let own: Vec<_> = self.options.iter().map(String::as_str).collect();
        self.running = Some(Running::start(&[&toss[..], &store, &rest, &own].concat()).await);
    }

    /// Kills the server, as a crash would, and starts another on what it left.
    pub(super) async fn crash(&mut self) {
        self.kill().await;
        self.start().await;
    }

    pub(super) async fn kill(&mut self) {
        let running = self.running.take().expect("the server is down");
        running.signal("KILL").await;
        assert_discreet(&running.ended().await.err);
    }

    /// Lets time pass for what payments wait for, here and at the provider.
    pub(super) fn pass(&self, minutes: u64) {
        books::age(&self.path, i64::try_from(minutes).unwrap());
        self.stub.advance(Duration::from_mins(minutes));
    }

    /// Holds a seat and prepares to pay.
    pub(super) async fn prepare(&self, seat: usize) -> Order {
        let (token, reservation) = self.hold(seat, 7).await;
        self.prepare_again(&token, &reservation).await
    }

    /// Holds a seat for a buyer who has a number, and returns his token and the reservation.
    pub(super) async fn hold(&self, seat: usize, buyer: u64) -> (String, String) {
        let token = token(Uuid::from_u64_pair(buyer, seat as u64));
        let body = json!({"eventId": self.shop.event, "seatIds": [self.shop.seats[seat]]});
        let (status, held) = self.running().post("/api/reservations", Some(&token), &body).await;
        assert_eq!(status, 201, "{held}");
        (token, text(&held["reservation"]["id"]))
    }

    /// Prepares another attempt at the same reservation, and has the buyer authenticate at the provider.
    pub(super) async fn prepare_again(&self, token: &str, reservation: &str) -> Order {
        self.prepare_by(Method::Card, token, reservation).await
    }

    /// Prepares to pay in some way, and has the buyer authenticate at the provider.
    pub(super) async fn prepare_by(&self, method: Method, token: &str, reservation: &str) -> Order {
        let name = match method {
            Method::Card => "toss_card",
            Method::VirtualAccount => "toss_virtual_account",
        };
        let body = json!({"reservationId": reservation, "method": name});
        let (status, prepared) = self.running().post("/api/payments/prepare", Some(token), &body).await;
        assert_eq!((status, &prepared["clientKey"]), (200, &json!(TOSS_CLIENT)), "{prepared}");
        let (id, amount) = (text(&prepared["orderId"]), prepared["amount"].as_i64().unwrap());
        let key = self.stub.authenticate_by(method, &id, amount).unwrap();
        Order { token: token.to_owned(), reservation: reservation.to_owned(), id, amount, key }
    }

    pub(super) async fn confirm(&self, order: &Order) -> (u16, Value) {
        self.running().post("/api/payments/confirm", Some(&order.token), &order.body()).await
    }

    /// Confirms while something else happens; the answer may never come.
    pub(super) fn confirming(
        &self,
        order: &Order,
    ) -> impl Future<Output = Result<(u16, Value), reqwest::Error>> + use<> {
        self.running().sender().post("/api/payments/confirm", &order.token, &order.body())
    }

    /// Asks for the money back while something else happens; the answer may never come.
    pub(super) fn refunding(
        &self,
        order: &Order,
    ) -> impl Future<Output = Result<(u16, Value), reqwest::Error>> + use<> {
        let path = format!("/api/payments/{}/cancel", order.key);
        self.running().sender().post(&path, &order.token, &json!({"cancelReason": "rain"}))
    }

    /// Buys a seat.
    pub(super) async fn buy(&self, seat: usize) -> Order {
        let order = self.prepare(seat).await;
        let (status, paid) = self.confirm(&order).await;
        assert_eq!((status, &paid["reservation"]["status"]), (200, &json!("confirmed")), "{paid}");
        order
    }

    pub(super) async fn payment(&self, order: &Order) -> Value {
        let path = format!("/api/payments/{}", order.id);
        let (status, found) = self.running().get(&path, Some(&order.token)).await;
        assert_eq!(status, 200, "{found}");
        found["payment"].clone()
    }

    pub(super) async fn payment_status(&self, order: &Order) -> String {
        text(&self.payment(order).await["status"])
    }

    /// Returns the order and the trouble of each payment a person has to look at.
    pub(super) async fn troubled(&self) -> Vec<(String, String)> {
        let (status, listed) = self.running().get("/api/admin/payments?state=stuck", Some(&admin())).await;
        assert_eq!(status, 200, "{listed}");
        let rows = listed["data"].as_array().unwrap().iter();
        rows.map(|row| (text(&row["orderId"]), text(&row["trouble"]))).collect()
    }

    /// Waits until exactly these are listed.
    pub(super) async fn until_troubled(&self, wanted: &[(&str, &str)]) {
        let is_so = |rows: &[(String, String)]| {
            rows.iter().map(|(order, trouble)| (order.as_str(), trouble.as_str())).eq(wanted.iter().copied())
        };
        let comes = async {
            while !is_so(&self.troubled().await) {
                sleep(Duration::from_millis(50)).await;
            }
        };
        assert!(timeout(DEADLINE, comes).await.is_ok(), "never {wanted:?}: {:?}", self.troubled().await);
    }

    /// Waits until a payment is as it should be.
    pub(super) async fn until(&self, order: &Order, wanted: &str) {
        let comes = async {
            while self.payment_status(order).await != wanted {
                sleep(Duration::from_millis(50)).await;
            }
        };
        assert!(
            timeout(DEADLINE, comes).await.is_ok(),
            "never {wanted}: {}",
            self.payment_status(order).await
        );
    }

    pub(super) async fn reservation_status(&self, order: &Order) -> String {
        let path = format!("/api/reservations/{}", order.reservation);
        let (_, found) = self.running().get(&path, Some(&order.token)).await;
        text(&found["reservation"]["status"])
    }

    pub(super) async fn until_asked(&self, call: Call, times: usize) {
        timeout(DEADLINE, self.stub.until_asked(call, times)).await.expect("the provider is not asked");
    }

    /// Ends the server: nothing secret was said, nothing is awaited, and both books agree to the won.
    pub(super) async fn close(mut self) {
        let said = self.running.take().expect("the server is down").stop().await;
        assert_eq!(said.code, Some(0), "{said:?}");
        assert_discreet(&said.err);
        books::assert_settled(&self).await;
    }
}

/// Nothing secret is in what a server said, however much it said.
fn assert_discreet(said: &str) {
    for secret in [TOSS_SECRET, TOSS_SECRET_ENCODED, SECRET, TOKENS, ACCOUNT, HOLDER] {
        assert!(!said.contains(secret), "{secret} was logged");
    }
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
