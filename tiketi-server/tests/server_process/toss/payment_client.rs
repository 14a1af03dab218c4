//! One server of a shop, and a buyer who goes from it to the provider and back.

use serde_json::{Value, json};
use tiketi_toss_stub::{Method, TossStub};
use tokio::time::{Duration, sleep, timeout};
use uuid::Uuid;

use super::process::{DEADLINE, Running};
use super::shop::{ServerShop, token};

pub(crate) const TOSS_SECRET: &str = "test_sk_hush_nobody_may_read_this";
pub(crate) const TOSS_CLIENT: &str = "test_ck_for_everybody";

/// What came of a request to a server that may die meanwhile.
pub(crate) type Answered = Result<(u16, Value), reqwest::Error>;

/// One buyer's order, at the shop and at the provider.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) token: String,
    pub(crate) reservation: String,
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) key: String,
}

impl Order {
    /// Returns what the buyer brings back from the payment window.
    pub(crate) fn body(&self) -> Value {
        json!({"orderId": self.id, "paymentKey": self.key, "amount": self.amount})
    }
}

/// A server that takes money through the provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PaymentClient<'t> {
    pub(crate) server: &'t Running,
    pub(crate) shop: &'t ServerShop,
    pub(crate) stub: &'t TossStub,
}

impl PaymentClient<'_> {
    /// Holds a seat and prepares to pay.
    pub(crate) async fn prepare(self, seat: usize) -> Order {
        let (token, reservation) = self.hold(seat, 7).await;
        self.prepare_again(&token, &reservation).await
    }

    /// Holds a seat for a buyer who has a number, and returns his token and the reservation.
    pub(crate) async fn hold(self, seat: usize, buyer: u64) -> (String, String) {
        let token = token(Uuid::from_u64_pair(buyer, seat as u64));
        let body = json!({"eventId": self.shop.event, "seatIds": [self.shop.seats[seat]]});
        let (status, held) = self.server.post("/api/reservations", Some(&token), &body).await;
        assert_eq!(status, 201, "{held}");
        (token, text(&held["reservation"]["id"]))
    }

    /// Prepares another attempt at the same reservation, and has the buyer authenticate at the provider.
    pub(crate) async fn prepare_again(self, token: &str, reservation: &str) -> Order {
        self.prepare_by(Method::Card, token, reservation).await
    }

    /// Prepares to pay in some way, and has the buyer authenticate at the provider.
    pub(crate) async fn prepare_by(self, method: Method, token: &str, reservation: &str) -> Order {
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

    pub(crate) async fn confirm(self, order: &Order) -> (u16, Value) {
        self.confirming(order).await.unwrap()
    }

    /// Confirms while something else happens; the answer may never come.
    pub(crate) fn confirming(self, order: &Order) -> impl Future<Output = Answered> + use<> {
        self.server.sender().post("/api/payments/confirm", &order.token, &order.body())
    }

    /// Asks for the money back while something else happens; the answer may never come.
    pub(crate) fn refunding(self, order: &Order) -> impl Future<Output = Answered> + use<> {
        let path = format!("/api/payments/{}/cancel", order.key);
        self.server.sender().post(&path, &order.token, &json!({"cancelReason": "rain"}))
    }

    /// Gives the reservation up while something else happens, its money included; the answer may never come.
    pub(crate) fn cancelling(self, order: &Order) -> impl Future<Output = Answered> + use<> {
        let path = format!("/api/reservations/{}/cancel", order.reservation);
        self.server.sender().post(&path, &order.token, &json!({}))
    }

    /// Buys a seat.
    pub(crate) async fn buy(self, seat: usize) -> Order {
        let order = self.prepare(seat).await;
        let (status, paid) = self.confirm(&order).await;
        assert_eq!((status, &paid["reservation"]["status"]), (200, &json!("confirmed")), "{paid}");
        order
    }

    pub(crate) async fn payment(self, order: &Order) -> Value {
        let path = format!("/api/payments/{}", order.id);
        let (status, mut found) = self.server.get(&path, Some(&order.token)).await;
        assert_eq!(status, 200, "{found}");
        found["payment"].take()
    }

    pub(crate) async fn payment_status(self, order: &Order) -> String {
        text(&self.payment(order).await["status"])
    }

    /// Waits until a payment is as it should be.
    pub(crate) async fn until(self, order: &Order, wanted: &str) {
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

    pub(crate) async fn reservation(self, order: &Order) -> Value {
        let path = format!("/api/reservations/{}", order.reservation);
        let (status, mut found) = self.server.get(&path, Some(&order.token)).await;
        assert_eq!(status, 200, "{found}");
        found["reservation"].take()
    }

    pub(crate) async fn reservation_status(self, order: &Order) -> String {
        text(&self.reservation(order).await["status"])
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
