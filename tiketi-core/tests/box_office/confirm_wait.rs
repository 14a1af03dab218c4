//! The same confirm at two servers of one shop, with a timer that the test controls.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::decide::{BeginRefund, Command, ReconcileStep, ScheduleReconciliation};
use tiketi_core::memory::{ConfirmFault, MemoryStore};
use tiketi_core::{
    BoxOffice, Paid, PayError, Payment, PaymentState, PrepareRequest, RefundId,
    clock::Timer,
    clock::{CountedIds, ManualClock},
    gateway::{ConfirmAnswer, DepositAsked},
    store::SalesStoreExt,
};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::{ADA, MoodyGateway, TestShop, won};

/// Longer than any step of these tests takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(10);

/// A timer whose waits end one by one, when the test ends them.
#[derive(Debug)]
struct HandTimer {
    waits: Mutex<Vec<Duration>>,
    begun: Semaphore,
    ended: Semaphore,
}

#[async_trait]
impl Timer for HandTimer {
    async fn sleep(&self, length: Duration) {
        self.waits.lock().unwrap().push(length);
        self.begun.add_permits(1);
        self.ended.acquire().await.unwrap().forget();
    }
}

impl HandTimer {
    fn new() -> Arc<Self> {
        let (begun, ended) = (Semaphore::new(0), Semaphore::new(0));
        Arc::new(Self { waits: Mutex::default(), begun, ended })
    }

    /// Returns once one more wait has begun.
    async fn begins(&self) {
        timeout(DEADLINE, self.begun.acquire()).await.expect("it does not wait").unwrap().forget();
    }

    /// Ends a wait.
    fn end_one(&self) {
        self.ended.add_permits(1);
    }

    fn waits(&self) -> Vec<u128> {
        self.waits.lock().unwrap().iter().map(Duration::as_millis).collect()
    }
}

/// A shop of two servers. The first server is waiting for the provider's answer to a confirm.
struct TwoServers {
    shop: TestShop,
    other: BoxOffice,
    timer: Arc<HandTimer>,
    payment: Payment,
    first: JoinHandle<Result<Paid, PayError>>,
}

/// Returns the outcome of a confirm.
async fn told(confirm: JoinHandle<Result<Paid, PayError>>) -> Paid {
    timeout(DEADLINE, confirm).await.expect("it waits for ever").unwrap().unwrap()
}

async fn confirm(office: BoxOffice, payment: Payment) -> Result<Paid, PayError> {
    office.payments().confirm(payment.id, ADA, Some(won(100).into()), None).await
}

fn another_server(shop: &TestShop, timer: Option<&Arc<HandTimer>>) -> BoxOffice {
    let builder = BoxOffice::builder()
        .store(Arc::<MemoryStore>::clone(&shop.gateway.store))
        .clock(Arc::<ManualClock>::clone(&shop.clock))
        .gateway(Arc::<MoodyGateway>::clone(&shop.gateway))
        .ids(Arc::new(CountedIds::seeded(3)));
    let builder = match timer {
        Some(timer) => builder.timer(Arc::<HandTimer>::clone(timer)),
        None => builder,
    };
    builder.build().unwrap()
}

impl TwoServers {
    /// Starts a confirm at the first server that hangs at the provider.
    async fn confirming() -> Self {
        let (shop, timer) = (TestShop::open().await, HandTimer::new());
        let held = shop.held(ADA, &[0]).await;
        let payment =
            shop.office.payments().prepare(PrepareRequest::new(held.id, ADA)).await.unwrap().payment;
        shop.gateway.inner.fail_next_confirm(ConfirmFault::Hang);
        let first = tokio::spawn(confirm(shop.office.clone(), payment.clone()));
        while shop.gateway.inner.hanging() == 0 {
            tokio::task::yield_now().await;
        }
        let other = another_server(&shop, Some(&timer));
        Self { shop, other, timer, payment, first }
    }

    /// Sends the same confirm to the second server.
    fn ask_the_other(&self) -> JoinHandle<Result<Paid, PayError>> {
        tokio::spawn(confirm(self.other.clone(), self.payment.clone()))
    }

    async fn schedule_reconciliation(&self, because: ReconcileStep) {
        let command = ScheduleReconciliation::new(self.payment.id, because);
        self.shop.gateway.store.execute(command.at(self.shop.office.now(), self.shop.key())).await.unwrap();
    }
}

/// Fails if the second confirm is answered at once.
#[tokio::test]
async fn the_same_confirm_at_another_server_waits_for_the_first_ones_answer() {
    let servers = TwoServers::confirming().await;
    let second = servers.ask_the_other();
    for _ in 0..7 {
        servers.timer.begins().await;
        servers.timer.end_one();
    }
    servers.timer.begins().await;
    servers.shop.gateway.inner.release_hanging();
    let first = told(servers.first).await;
    servers.timer.end_one();
    assert_eq!(told(second).await, first);
    assert!(matches!(first.payment.unwrap().state, PaymentState::Paid { .. }));
    assert_eq!(servers.timer.waits(), [25, 50, 100, 200, 400, 800, 1_000, 1_000]);
    assert_eq!(servers.shop.gateway.inner.captures(), 1);
}

/// Fails if the second confirm is answered at once.
#[tokio::test]
async fn the_same_payment_in_one_step_at_another_server_waits_too() {
    let (shop, timer) = (TestShop::open().await, HandTimer::new());
    let held = shop.held(ADA, &[0]).await;
    let request = PrepareRequest::new(held.id, ADA).key(shop.key());
    shop.gateway.inner.fail_next_confirm(ConfirmFault::Hang);
    let (office, again) = (shop.office.clone(), request.clone());
    let first = tokio::spawn(async move { office.payments().process(request).await });
    while shop.gateway.inner.hanging() == 0 {
        tokio::task::yield_now().await;
    }
    let other = another_server(&shop, Some(&timer));
    let second = tokio::spawn(async move { other.payments().process(again).await });
    timer.begins().await;
    shop.gateway.inner.release_hanging();
    let first = told(first).await;
    timer.end_one();
    assert_eq!(told(second).await, first);
    assert_eq!(shop.gateway.inner.captures(), 1);
}

/// Fails if the wait ignores that the first confirm had an inconclusive answer.
#[tokio::test]
async fn it_waits_no_longer_after_an_inconclusive_answer() {
    let servers = TwoServers::confirming().await;
    let second = servers.ask_the_other();
    servers.timer.begins().await;
    servers.schedule_reconciliation(ReconcileStep::Inconclusive { answer: "HTTP 500".into() }).await;
    servers.timer.end_one();
    let known = told(second).await.payment.unwrap();
    assert!(matches!(known.state, PaymentState::Confirming { .. }));
    assert_eq!(servers.timer.waits().len(), 1);
}

/// Fails if a pending answer does not record why it is inconclusive, or if the wait ignores an awaited deposit.
#[tokio::test]
async fn it_does_not_wait_for_a_buyers_deposit() {
    for waits in [ConfirmAnswer::Pending, ConfirmAnswer::Deposit(DepositAsked::default())] {
        let shop = TestShop::open().await;
        let held = shop.held(ADA, &[0]).await;
        let payment =
            shop.office.payments().prepare(PrepareRequest::new(held.id, ADA)).await.unwrap().payment;
        shop.gateway.inner.answer_next_confirm(waits);
        let first = confirm(shop.office.clone(), payment.clone()).await.unwrap().payment.unwrap();
        let timer = HandTimer::new();
        let second = tokio::spawn(confirm(another_server(&shop, Some(&timer)), payment));
        let known = told(second).await.payment.unwrap();
        assert_eq!((&known.state, known.awaited_deposit()), (&first.state, first.awaited_deposit()));
        let reconciliation = known.reconciliation.unwrap();
        assert!(
            reconciliation.deposit.is_some() || reconciliation.last_inconclusive.is_some(),
            "{reconciliation:?}"
        );
        assert!(timer.waits().is_empty());
    }
}

/// Fails if the wait ignores when the reconciliation is due, or how often the provider was asked.
#[tokio::test]
async fn it_waits_no_longer_than_until_others_are_to_ask() {
    let servers = TwoServers::confirming().await;
    let second = servers.ask_the_other();
    servers.timer.begins().await;
    servers.shop.wait(59);
    servers.timer.end_one();
    servers.timer.begins().await;
    servers.shop.wait(1);
    servers.timer.end_one();
    told(second).await;
    servers.schedule_reconciliation(ReconcileStep::Claim { tries: 0 }).await;
    told(servers.ask_the_other()).await;
    assert_eq!(servers.timer.waits(), [25, 50]);
}

/// Fails if the wait treats every awaited outcome as that of a confirm.
#[tokio::test]
async fn it_does_not_wait_for_a_refund() {
    let shop = TestShop::open().await;
    let held = shop.held(ADA, &[0]).await;
    let payment = shop.office.payments().prepare(PrepareRequest::new(held.id, ADA)).await.unwrap().payment;
    confirm(shop.office.clone(), payment.clone()).await.unwrap();
    let refund = RefundId::derived(payment.id, "rain");
    let command = BeginRefund::new(payment.id, refund, "rain").at(shop.office.now(), shop.key());
    shop.gateway.store.execute(command).await.unwrap();
    let timer = HandTimer::new();
    let second = tokio::spawn(confirm(another_server(&shop, Some(&timer)), payment));
    assert!(told(second).await.payment.unwrap().queued_refund().is_some());
    assert!(timer.waits().is_empty());
}

#[tokio::test]
async fn without_a_timer_the_other_server_answers_at_once() {
    let servers = TwoServers::confirming().await;
    let other = another_server(&servers.shop, None);
    let known = confirm(other, servers.payment.clone()).await.unwrap().payment.unwrap();
    assert!(matches!(known.state, PaymentState::Confirming { .. }));
}
