//! Complete sales: a shop, its store, and a stub of TossPayments with faults.

#![expect(clippy::unwrap_used, reason = "the whole file is a test")]

use std::sync::Arc;
use std::time::Duration;

use tiketi_core::memory::MemoryStore;
use tiketi_core::{
    BoxOffice, BuyerId, Currency, EventDetails, EventInput, HoldRequest, Money, Paid, Payment, PaymentState,
    PrepareRequest, Prepared, ReservationState, SaleWindow, TicketTypeId, TicketTypeInput, Timestamp,
    clock::{CountedIds, ManualClock},
    gateway::WebhookRequest,
};
use tiketi_toss::{TossGateway, TossLimits, TossSettings};
use tiketi_toss_stub::{Call, Fault, StubSettings, TossStub};
use uuid::Uuid;

const PRICE: i64 = 66_000;
const BUYER: BuyerId = BuyerId::from_uuid(Uuid::from_u128(0xADA));

struct TestShop {
    office: BoxOffice,
    stub: TossStub,
    clock: Arc<ManualClock>,
    standing: TicketTypeId,
}

fn won(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

impl TestShop {
    /// Opens a shop with a timeout of one second for changes.
    async fn open() -> Self {
        let now: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(now));
        let settings = StubSettings { clock: Arc::<ManualClock>::clone(&clock), ..StubSettings::default() };
        let stub = TossStub::start(settings).await.unwrap();
        let mut limits = TossLimits::default();
        (limits.change, limits.read) = (Duration::from_secs(1), Duration::from_secs(30));
        let settings = TossSettings::new("test_sk_stub".to_owned().into(), "test_ck_stub");
        // It returns an error if another test of this process ran first.
        let _chosen_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let gateway = TossGateway::new(settings.base_url(stub.url()).limits(limits)).unwrap();
        let office = BoxOffice::builder()
            .store(Arc::new(MemoryStore::default()))
            .clock(Arc::<ManualClock>::clone(&clock))
            .ids(Arc::new(CountedIds::seeded(1)))
            .gateway(Arc::new(gateway))
            .build()
            .unwrap();
        let begins = now.after(Duration::from_hours(240));
        let details = EventDetails::new("Winter Lights", begins, SaleWindow::new(now, begins).unwrap());
        let standing = TicketTypeInput::new("Standing", won(PRICE), 10);
        let input = EventInput::new(details, Currency::KRW).ticket_type(standing);
        let made = office.catalog().create_event(input).await.unwrap();
        office.catalog().publish_event(made.event.id).await.unwrap();
        Self { office, stub, clock, standing: made.ticket_types.first().unwrap().id }
    }

    /// Holds a ticket, prepares its payment, and authenticates the buyer at the provider.
    async fn prepared(&self) -> (Prepared, String) {
        let event = self.office.catalog().ticket_type(self.standing).await.unwrap().unwrap().event;
        let held =
            self.office.sales().hold(HoldRequest::new(event, BUYER).item(self.standing, 1)).await.unwrap();
        let prepared = self.office.payments().prepare(PrepareRequest::new(held.id, BUYER)).await.unwrap();
        let key = self.stub.authenticate(&prepared.payment.id.to_string(), PRICE).unwrap();
        (prepared, key)
    }

    async fn confirm(&self, of: &Prepared, key: &str) -> Paid {
        self.office
            .payments()
            .confirm(of.payment.id, BUYER, Some(won(PRICE).into()), Some(key.to_owned()))
            .await
            .unwrap()
    }

    async fn payment(&self, of: &Prepared) -> Payment {
        self.office.payments().payment(of.payment.id, BUYER).await.unwrap().unwrap()
    }

    /// Fails unless the buyer owns a ticket and the provider captured its price once.
    async fn assert_sold(&self, of: &Prepared, key: &str) {
        assert!(matches!(self.payment(of).await.state, PaymentState::Paid { .. }));
        let reservation = self.office.sales().reservation(of.reservation.id, BUYER).await.unwrap().unwrap();
        assert!(matches!(reservation.state, ReservationState::Confirmed { .. }));
        let account = self.stub.ledger().get(key).unwrap().clone();
        assert_eq!((account.captured, account.captures, account.refunded), (PRICE, 1, 0));
    }
}

#[tokio::test]
async fn a_sale_is_made_though_the_connection_breaks_after_approving() {
    let shop = TestShop::open().await;
    let (prepared, key) = shop.prepared().await;
    assert_eq!(prepared.checkout.client_key.as_deref(), Some("test_ck_stub"));
    shop.stub.fail_next(Fault::cut(Call::Confirm).after_effect());
    shop.confirm(&prepared, &key).await;
    shop.assert_sold(&prepared, &key).await;
}

#[tokio::test]
async fn an_unknown_sale_is_made_when_the_provider_answers_again() {
    let shop = TestShop::open().await;
    let (prepared, key) = shop.prepared().await;
    shop.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    shop.stub.fail_next(Fault::unreadable(Call::Lookup, 503));
    let paid = shop.confirm(&prepared, &key).await;
    assert!(matches!(paid.payment.unwrap().state, PaymentState::Confirming { .. }));
    shop.clock.advance(Duration::from_mins(1));
    assert_eq!(shop.office.jobs().reconcile_once(10).await.unwrap().settled, 1);
    shop.assert_sold(&prepared, &key).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirm_sent_fifty_times_at_once_sells_and_charges_once() {
    let shop = Arc::new(TestShop::open().await);
    let (prepared, key) = shop.prepared().await;
    let asks: Vec<_> = (0..50)
        .map(|_| {
            let (shop, prepared, key) = (Arc::clone(&shop), prepared.clone(), key.clone());
            tokio::spawn(async move { shop.confirm(&prepared, &key).await })
        })
        .collect();
    for ask in asks {
        assert!(matches!(ask.await.unwrap().payment.unwrap().state, PaymentState::Paid { .. }));
    }
    shop.assert_sold(&prepared, &key).await;
    assert_eq!(shop.stub.asked(Call::Confirm), 1);
}

#[tokio::test]
async fn a_buyer_who_is_declined_pays_with_another_attempt() {
    let shop = TestShop::open().await;
    let (first, key) = shop.prepared().await;
    shop.stub.fail_next(Fault::code(Call::Confirm, "REJECT_CARD_PAYMENT"));
    shop.confirm(&first, &key).await;
    assert!(matches!(shop.payment(&first).await.state, PaymentState::Declined { .. }));
    let again = PrepareRequest::new(first.reservation.id, BUYER);
    let second = shop.office.payments().prepare(again).await.unwrap();
    let key = shop.stub.authenticate(&second.payment.id.to_string(), PRICE).unwrap();
    shop.confirm(&second, &key).await;
    shop.assert_sold(&second, &key).await;
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_given_once_and_known_at_once() {
    let shop = TestShop::open().await;
    let (prepared, key) = shop.prepared().await;
    shop.confirm(&prepared, &key).await;
    shop.stub.fail_next(Fault::cut(Call::Cancel).after_effect());
    shop.office.payments().cancel_or_refund(prepared.reservation.id, BUYER, None).await.unwrap();
    assert!(matches!(shop.payment(&prepared).await.state, PaymentState::Refunded { .. }));
    let account = shop.stub.ledger().get(&key).unwrap().clone();
    assert_eq!((account.captured, account.refunded, account.refunds), (PRICE, PRICE, 1));
}

#[tokio::test]
async fn a_webhook_makes_the_sale_that_the_confirm_could_not_speak_of() {
    let shop = TestShop::open().await;
    let (prepared, key) = shop.prepared().await;
    shop.stub.fail_next(Fault::cut(Call::Confirm).after_effect());
    shop.stub.fail_next(Fault::cut(Call::Lookup));
    shop.confirm(&prepared, &key).await;
    assert!(matches!(shop.payment(&prepared).await.state, PaymentState::Confirming { .. }));
    for webhook in shop.stub.webhooks().into_iter().chain(shop.stub.webhooks()) {
        let headers = vec![("tosspayments-webhook-transmission-id".to_owned(), webhook.id)];
        let request = WebhookRequest::new(headers, webhook.body.to_string().into_bytes());
        shop.office.payments().receive_webhook(TossGateway::NAME, request).await.unwrap();
    }
    assert_eq!(shop.office.jobs().work_inbox_once().await.unwrap(), 1);
    shop.assert_sold(&prepared, &key).await;
}
