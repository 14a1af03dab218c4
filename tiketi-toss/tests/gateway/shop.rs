//! A gateway, the stub that it uses, and the buyers' orders.

use std::sync::Arc;
use std::time::Duration;

use tiketi_core::{
    BuyerId, Currency, Money, PaymentGateway, PaymentId, RefundId, Timestamp,
    clock::ManualClock,
    gateway::{
        Captured, ConfirmAnswer, ConfirmRequest, LookupAnswer, LookupRequest, RefundAnswer, RefundRequest,
    },
};
use tiketi_toss::{TossGateway, TossLimits, TossMethod, TossSettings};
use tiketi_toss_stub::{Account, Method, StubSettings, TossStub};
use uuid::Uuid;

/// The price of every order, in won.
pub(crate) const PRICE: i64 = 220_000;

/// Longer than any answer takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct TestShop {
    pub(crate) stub: TossStub,
    pub(crate) gateway: TossGateway,
}

/// One order and the payment key from its buyer's authentication.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) payment: PaymentId,
    pub(crate) key: String,
}

pub(crate) fn won(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

pub(crate) fn refund_id(which: u128) -> RefundId {
    RefundId::from_uuid(Uuid::from_u128(which))
}

/// The buyer of every order.
pub(crate) const BUYER: BuyerId = BuyerId::from_uuid(Uuid::from_u128(0xADA));

pub(crate) fn payment_id(which: u128) -> PaymentId {
    PaymentId::from_uuid(Uuid::from_u128(which))
}

/// Installs a TLS provider, as a program does when it starts.
pub(crate) fn choose_tls() {
    // It returns an error if another test of this process ran first.
    let _chosen_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// Creates a gateway with these timeouts for changes and for lookups.
pub(crate) fn gateway(url: &str, change: Duration, read: Duration) -> TossGateway {
    choose_tls();
    let mut limits = TossLimits::default();
    (limits.connect, limits.change, limits.read) = (PATIENCE, change, read);
    let settings = TossSettings::new("test_sk_stub".to_owned().into(), "test_ck_stub");
    TossGateway::new(settings.base_url(url).methods(TossMethod::ALL).limits(limits)).unwrap()
}

impl TestShop {
    pub(crate) async fn open() -> Self {
        Self::waiting(PATIENCE).await
    }

    /// Opens a shop with this timeout for changes.
    pub(crate) async fn waiting(wait: Duration) -> Self {
        let noon: Timestamp = "2026-01-05T12:00:00+09:00".parse().unwrap();
        let settings = StubSettings { clock: Arc::new(ManualClock::at(noon)), ..StubSettings::default() };
        let stub = TossStub::start(settings).await.unwrap();
        let gateway = gateway(&stub.url(), wait, PATIENCE);
        Self { stub, gateway }
    }

    /// Authenticates a buyer for an order.
    pub(crate) fn order(&self, which: u128) -> Order {
        self.order_by(Method::Card, which)
    }

    pub(crate) fn order_by(&self, method: Method, which: u128) -> Order {
        let payment = payment_id(which);
        let key = self.stub.authenticate_by(method, &payment.to_string(), PRICE).unwrap();
        Order { payment, key }
    }

    /// Authenticates a buyer for an order and confirms it.
    pub(crate) async fn paid(&self, which: u128) -> Order {
        let order = self.order(which);
        assert_eq!(self.confirm(&order).await, paid(&order));
        order
    }

    pub(crate) async fn confirm(&self, order: &Order) -> ConfirmAnswer {
        self.gateway.confirm(confirm_request(order)).await
    }

    pub(crate) async fn lookup(&self, order: &Order) -> LookupAnswer {
        let provider_key = Some(order.key.clone());
        let request = LookupRequest::new(order.payment, BUYER, won(PRICE)).provider_key(provider_key);
        self.gateway.lookup(request).await
    }

    /// Refunds `amount`; `left` is the balance that the shop assumes.
    pub(crate) async fn refund(&self, order: &Order, which: u128, amount: i64, left: i64) -> RefundAnswer {
        self.gateway.refund(refund_request(order, which, amount, left)).await
    }

    pub(crate) fn account(&self, order: &Order) -> Account {
        self.stub.ledger().get(&order.key).unwrap().clone()
    }

    /// Returns the captured and refunded amounts, in won, each with the number of captures or refunds.
    pub(crate) fn ledger(&self, order: &Order) -> ((i64, usize), (i64, usize)) {
        let account = self.account(order);
        ((account.captured, account.captures), (account.refunded, account.refunds))
    }
}

pub(crate) fn confirm_request(order: &Order) -> ConfirmRequest {
    let (payment, provider_key) = (order.payment, Some(order.key.clone()));
    ConfirmRequest::new(payment, BUYER, won(PRICE), "toss_card").provider_key(provider_key)
}

pub(crate) fn refund_request(order: &Order, which: u128, amount: i64, left: i64) -> RefundRequest {
    RefundRequest::new(order.payment, BUYER, &order.key, refund_id(which), won(amount))
        .refundable(won(left))
        .reason("the buyer changed plans")
}

/// Returns the answer to a confirm that captured the whole price.
pub(crate) fn paid(order: &Order) -> ConfirmAnswer {
    ConfirmAnswer::Paid(captured(order))
}

pub(crate) fn captured(order: &Order) -> Captured {
    Captured::kept(order.payment.to_string(), order.key.clone(), won(PRICE))
}

pub(crate) fn is_unknown(answer: &ConfirmAnswer) -> bool {
    matches!(answer, ConfirmAnswer::Unknown { .. })
}
