//! A buyer who pays at a stub TossPayments, seen from one server.

use serde_json::{Value, json};
use tiketi_toss_stub::{Method, TossStub};
use tokio::time::{Duration, sleep, timeout};
use uuid::Uuid;

use crate::process::{DEADLINE, Running};
use crate::shop::{ServerShop, token};

/// The shop's secret key at TossPayments.
pub const TOSS_SECRET: &str = "test_sk_hush_nobody_may_read_this";
/// The shop's client key at TossPayments.
pub const TOSS_CLIENT: &str = "test_ck_for_everybody";

/// Status and body, or the error of a request to a server that may be killed.
pub type Answered = Result<(u16, Value), reqwest::Error>;

/// One buyer's order, at the shop and at the provider.
#[derive(Debug, Clone)]
pub struct Order {
    /// The buyer's token.
    pub token: String,
    /// The reservation's id.
    pub reservation: String,
    /// The payment's id, which is the order id at the provider.
    pub id: String,
    /// The amount, in the minor unit of the currency.
    pub amount: i64,
    /// The payment key of the provider.
    pub key: String,
}

impl Order {
    /// Returns the body of the confirm request, as the payment window provides it.
    pub fn body(&self) -> Value {
        json!({"orderId": self.id, "paymentKey": self.key, "amount": self.amount})
    }
}

/// Pays at one server through the stub provider.
#[derive(Debug, Clone, Copy)]
pub struct PaymentClient<'t> {
    /// The server that receives the requests.
    pub server: &'t Running,
    /// What is sold.
    pub shop: &'t ServerShop,
    /// The provider.
    pub stub: &'t TossStub,
}

impl PaymentClient<'_> {
    /// Holds a seat and prepares to pay.
    pub async fn prepare(self, seat: usize) -> Order {
        let (token, reservation) = self.hold(seat, 7).await;
        self.prepare_again(&token, &reservation).await
    }

    /// Holds a seat for the buyer with this number, and returns the token and the reservation's id.
    pub async fn hold(self, seat: usize, buyer: u64) -> (String, String) {
        let token = token(Uuid::from_u64_pair(buyer, seat as u64));
        let body = json!({"eventId": self.shop.event, "seatIds": [self.shop.seats[seat]]});
        let (status, held) = self.server.post("/api/reservations", Some(&token), &body).await;
        assert_eq!(status, 201, "{held}");
        (token, text(&held["reservation"]["id"]))
    }

    /// Prepares another card payment for a reservation, and authenticates the buyer at the provider.
    pub async fn prepare_again(self, token: &str, reservation: &str) -> Order {
        self.prepare_by(Method::Card, token, reservation).await
    }

    /// Prepares a payment by this method, and authenticates the buyer at the provider.
    pub async fn prepare_by(self, method: Method, token: &str, reservation: &str) -> Order {
        let name = match method {
            Method::Card => "toss_card",
            Method::VirtualAccount => "toss_virtual_account",
        };
        let body = json!({"reservationId": reservation, "method": name});
        let (status, prepared) = self.server.post("/api/payments/prepare", Some(token), &body).await;
        assert_eq!((status, &prepared["clientKey"]), (200, &json!(TOSS_CLIENT)), "{prepared}");
        let (id, amount) = (text(&prepared["orderId"]), prepared["amount"].as_i64().unwrap());
        let key = self.stub.authenticate_by(method, &id, amount).unwrap();
        Order { token: token.to_owned(), reservation: reservation.to_owned(), id, amount, key }
    }

    /// Confirms the payment, and returns status and body.
    pub async fn confirm(self, order: &Order) -> (u16, Value) {
        self.send_confirm(order).await.unwrap()
    }

    /// Returns a request that confirms the payment; the server may be killed before it answers.
    pub fn send_confirm(self, order: &Order) -> impl Future<Output = Answered> + use<> {
        self.server.sender().post("/api/payments/confirm", &order.token, &order.body())
    }

    /// Returns a request that refunds the payment; the server may be killed before it answers.
    pub fn send_refund(self, order: &Order) -> impl Future<Output = Answered> + use<> {
        let path = format!("/api/payments/{}/cancel", order.key);
        self.server.sender().post(&path, &order.token, &json!({"cancelReason": "rain"}))
    }

    /// Returns a request that cancels the reservation and refunds its payment; the server may be killed before it
    /// answers.
    pub fn send_cancel(self, order: &Order) -> impl Future<Output = Answered> + use<> {
        let path = format!("/api/reservations/{}/cancel", order.reservation);
        self.server.sender().post(&path, &order.token, &json!({}))
    }

    /// Buys a seat, and asserts that the reservation is confirmed.
    pub async fn buy(self, seat: usize) -> Order {
        let order = self.prepare(seat).await;
        let (status, paid) = self.confirm(&order).await;
        assert_eq!((status, &paid["reservation"]["status"]), (200, &json!("confirmed")), "{paid}");
        order
    }

    /// Reads the payment.
    pub async fn payment(self, order: &Order) -> Value {
        let path = format!("/api/payments/{}", order.id);
        let (status, mut found) = self.server.get(&path, Some(&order.token)).await;
        assert_eq!(status, 200, "{found}");
        found["payment"].take()
    }

    /// Reads the payment's status.
    pub async fn payment_status(self, order: &Order) -> String {
        text(&self.payment(order).await["status"])
    }

    /// Waits until the payment has this status.
    pub async fn wait_for_status(self, order: &Order, wanted: &str) {
        let reached = async {
            while self.payment_status(order).await != wanted {
                sleep(Duration::from_millis(50)).await;
            }
        };
        assert!(
            timeout(DEADLINE, reached).await.is_ok(),
            "never {wanted}: {}",
            self.payment_status(order).await
        );
    }

    /// Reads the reservation.
    pub async fn reservation(self, order: &Order) -> Value {
        let path = format!("/api/reservations/{}", order.reservation);
        let (status, mut found) = self.server.get(&path, Some(&order.token)).await;
        assert_eq!(status, 200, "{found}");
        found["reservation"].take()
    }

    /// Reads the reservation's status.
    pub async fn reservation_status(self, order: &Order) -> String {
        text(&self.reservation(order).await["status"])
    }
}

/// Returns the text of a JSON string.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
