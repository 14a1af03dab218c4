//! Subscribers: each receives every fact that it wants, whatever happens to the others.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use proptest::prelude::*;
use tiketi_core::box_office::{CLAIM_LEASE, HousekeepingError, Job, JobError, SUBSCRIBER_MEMORY};
use tiketi_core::clock::ManualClock;
use tiketi_core::decide::RefundWanted;
use tiketi_core::fact::{FactId, FactKind};
use tiketi_core::memory::{MemoryNotifier, MemoryStore};
use tiketi_core::notifier::SubscriberName;
use tiketi_core::store::OutboxStore;
use tiketi_core::{
    BoxOffice, BoxOfficeBuilder, Fact, FactBody, Notifier, NotifyError, PrepareRequest, ReservationId,
};

use crate::parts::AheadClock;
use crate::{ADA, BEN, TestShop};

/// The outcome of a call of a notifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Delivered,
    Failed,
    /// The first half is delivered, and the error reports this.
    FailedHalfway,
    Panicked,
}

/// Facts in the order in which they were delivered to one subscriber, by all servers.
type Log = Arc<Mutex<Vec<Fact>>>;

/// A notifier that delivers, or fails as the test demands.
#[derive(Debug, Default)]
struct Mail {
    log: Log,
    state: Mutex<MailState>,
}

#[derive(Debug, Default)]
struct MailState {
    /// The number of facts in each call.
    calls: Vec<usize>,
    /// The outcomes of the next calls; later calls deliver.
    answers: Vec<Answer>,
    /// Each call that contains this fact fails.
    cannot_deliver: Option<FactId>,
}

impl Mail {
    fn to(log: &Log) -> Arc<Self> {
        Arc::new(Self { log: Arc::clone(log), state: Mutex::default() })
    }

    fn with<T>(&self, look: impl FnOnce(&mut MailState) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.with(|state| state.answers = answers.into_iter().collect());
    }

    fn delivered(&self) -> Vec<Fact> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Notifier for Mail {
    async fn notify(&self, facts: &[Fact]) -> Result<(), NotifyError> {
        let deliver = |facts: &[Fact]| self.log.lock().unwrap().extend_from_slice(facts);
        self.with(|state| {
            state.calls.push(facts.len());
            let poisoned = facts.iter().any(|fact| Some(fact.id) == state.cannot_deliver);
            let next = if state.answers.is_empty() { Answer::Delivered } else { state.answers.remove(0) };
            let failed = NotifyError::new("the mail server is down");
            match if poisoned { Answer::Failed } else { next } {
                Answer::Delivered => deliver(facts),
                Answer::Failed => return Err(failed),
                Answer::FailedHalfway => {
                    let half = &facts[..facts.len() / 2];
                    deliver(half);
                    return Err(failed.with_delivered(half.iter().map(|fact| fact.id)));
                }
                Answer::Panicked => panic!("a defect of the host"),
            }
            Ok(())
        })
    }
}

/// Opens another server on the shop's store, with its own subscribers.
fn server(shop: &TestShop, named: &[(&str, &Arc<Mail>)]) -> BoxOffice {
    server_of(shop, named).build().unwrap()
}

/// Prepares another server over the shop's store.
fn server_of(shop: &TestShop, named: &[(&str, &Arc<Mail>)]) -> BoxOfficeBuilder {
    let builder = BoxOffice::builder()
        .store(Arc::<MemoryStore>::clone(&shop.gateway.store))
        .gateway(Arc::<crate::MoodyGateway>::clone(&shop.gateway))
        .clock(Arc::<ManualClock>::clone(&shop.clock));
    let add = |builder: BoxOfficeBuilder, (name, mail): &(&str, &Arc<Mail>)| {
        builder.subscriber(*name, Arc::<Mail>::clone(mail))
    };
    named.iter().fold(builder, add)
}

/// Opens another server with one subscriber; returns once the opening of the sale is delivered.
async fn opened(shop: &TestShop, mail: &Arc<Mail>) -> BoxOffice {
    let office = server(shop, &[("mail", mail)]);
    office.jobs().run_once().await;
    office.jobs().relay_once().await.unwrap();
    mail.log.lock().unwrap().clear();
    office
}

fn name(name: &str) -> SubscriberName {
    SubscriberName::new(name).unwrap()
}

/// Runs the jobs each second as a host does, for this many seconds.
async fn run_for(shop: &TestShop, office: &BoxOffice, seconds: u64) {
    for _ in 0..seconds {
        shop.wait(1);
        while office.jobs().run_once().await.next.is_zero() {}
    }
}

#[tokio::test]
async fn a_failing_subscriber_is_reported_and_delays_no_other() {
    let shop = TestShop::open().await;
    let (mail, webhook) = (Arc::new(Mail::default()), Arc::new(Mail::default()));
    let office = server(&shop, &[("mail", &mail), ("webhook", &webhook)]);
    office.jobs().subscribe_once().await.unwrap();
    webhook.answers([Answer::Failed, Answer::Panicked]);
    shop.held(ADA, &[0]).await;
    let report = office.jobs().run_once().await;
    let failed: Vec<_> = report.failures().collect();
    let [(Job::Relay, JobError::Failed(HousekeepingError::Notify { subscriber, .. }))] = failed.as_slice()
    else {
        panic!("{report:?}")
    };
    assert_eq!(*subscriber, name("webhook"));
    assert!(failed[0].1.to_string().contains("webhook"));
    assert!(!mail.delivered().is_empty() && webhook.delivered().is_empty());
    run_for(&shop, &office, 2).await;
    assert_eq!(webhook.with(|state| state.answers.len()), 0, "it was tried again, and panicked");
    // Much earlier than the end of a lease.
    run_for(&shop, &office, 5).await;
    assert_eq!(webhook.delivered(), mail.delivered());
}

#[tokio::test]
async fn facts_of_a_failed_call_are_free_for_another_server() {
    let shop = TestShop::open().await;
    let (down, up) = (Arc::new(Mail::default()), Arc::new(Mail::default()));
    let (first, second) = (server(&shop, &[("mail", &down)]), server(&shop, &[("mail", &up)]));
    first.jobs().subscribe_once().await.unwrap();
    shop.held(ADA, &[0]).await;
    down.answers([Answer::FailedHalfway]);
    assert!(first.jobs().relay_once().await.is_err());
    let half = down.delivered();
    assert!(!half.is_empty());
    assert_eq!(second.jobs().relay_once().await.unwrap(), 0, "they wait for a second");
    shop.wait(1);
    second.jobs().relay_once().await.unwrap();
    let (half, rest) = (ids(&half), ids(&up.delivered()));
    assert!(!rest.is_empty() && half.is_disjoint(&rest), "what was delivered does not come again");
}

#[tokio::test]
async fn facts_of_a_crashed_server_are_delivered_when_its_lease_ends() {
    let shop = TestShop::open().await;
    let mail = Arc::new(Mail::default());
    let office = opened(&shop, &mail).await;
    shop.held(ADA, &[0]).await;
    let store = &shop.gateway.store;
    let claimed = store.claim_outbox(&name("mail"), office.now(), CLAIM_LEASE, 100).await.unwrap();
    assert!(!claimed.is_empty());
    run_for(&shop, &office, 29).await;
    assert_eq!(mail.delivered(), []);
    run_for(&shop, &office, 1).await;
    assert_eq!(mail.delivered().len(), claimed.len());
}

#[tokio::test]
async fn a_fact_that_cannot_be_delivered_is_soon_alone() {
    let shop = TestShop::open().await;
    let mail = Arc::new(Mail::default());
    let office = opened(&shop, &mail).await;
    for _ in 0..100 {
        let held = shop.held(ADA, &[0]).await;
        shop.office.sales().release(held.id, ADA, None, None).await.unwrap();
    }
    let status = office.jobs().subscribers().await.unwrap();
    let waiting = status.iter().find(|it| it.subscription.subscriber == name("mail")).unwrap().waiting;
    let claimed =
        shop.gateway.store.claim_outbox(&name("test"), office.now(), CLAIM_LEASE, 500).await.unwrap();
    let poison = claimed.iter().find(|it| matches!(it.fact.body, FactBody::StockChanged { .. })).unwrap();
    mail.with(|state| state.cannot_deliver = Some(poison.fact.id));
    run_for(&shop, &office, 60).await;
    assert_eq!(mail.delivered().len() as u64, waiting - 1, "all others are delivered");
    assert_eq!(mail.with(|state| state.calls.last().copied()), Some(1));
    mail.with(|state| state.cannot_deliver = None);
    run_for(&shop, &office, 60).await;
    assert_eq!(mail.delivered().len() as u64, waiting);
}

#[tokio::test]
async fn a_late_subscriber_begins_with_the_next_commit_and_a_removed_one_ends() {
    let shop = TestShop::open().await;
    shop.held(ADA, &[0]).await;
    let mail = Arc::new(Mail::default());
    let office = server(&shop, &[("mail", &mail)]);
    office.jobs().subscribe_once().await.unwrap();
    run_for(&shop, &office, 1).await;
    assert!(!mail.delivered().iter().any(|fact| fact.body.buyer() == Some(ADA)));
    shop.held(BEN, &[1]).await;
    assert!(office.jobs().unsubscribe(&name("mail")).await.unwrap());
    assert!(!office.jobs().unsubscribe(&name("mail")).await.unwrap());
    shop.held(BEN, &[2]).await;
    office.jobs().subscribe_once().await.unwrap();
    run_for(&shop, &office, 1).await;
    assert!(!mail.delivered().iter().any(|fact| fact.body.buyer() == Some(BEN)), "it begins as a new one");
}

#[tokio::test]
async fn a_new_subscriber_gets_the_end_of_a_hold_made_before_it() {
    let shop = TestShop::open().await;
    let mail = Arc::new(Mail::default());
    let office = server(&shop, &[("mail", &mail)]);
    office.jobs().unsubscribe(&name("test")).await.unwrap();
    let held = shop.held(ADA, &[0]).await;
    office.jobs().subscribe_once().await.unwrap();
    shop.clock.set(held.held_until().unwrap());
    run_for(&shop, &office, 1).await;
    let delivered = mail.delivered();
    let ended = |fact: &Fact| matches!(&fact.body, FactBody::ReservationExpired { reservation } if reservation.id == held.id);
    assert!(delivered.iter().any(ended), "{delivered:?}");
}

#[tokio::test]
async fn a_subscriber_gets_only_the_kinds_it_wants() {
    let shop = TestShop::open().await;
    let mail = Arc::new(MemoryNotifier::default());
    let office = BoxOffice::builder()
        .store(Arc::<MemoryStore>::clone(&shop.gateway.store))
        .clock(Arc::<ManualClock>::clone(&shop.clock))
        .subscriber_of("mail", [FactKind::ReservationConfirmed], Arc::<MemoryNotifier>::clone(&mail))
        .build()
        .unwrap();
    office.jobs().subscribe_once().await.unwrap();
    let (sold, _) = shop.sold(ADA, &[0]).await;
    office.jobs().relay_once().await.unwrap();
    let [fact] = mail.drain().try_into().unwrap();
    assert!(matches!(&fact.body, FactBody::ReservationConfirmed { reservation }
        if reservation.seats == sold.seats && reservation.total == sold.total));
}

#[tokio::test]
async fn a_server_whose_clock_is_wrong_removes_no_subscriber() {
    let shop = TestShop::open().await;
    let (mail, old) = (Arc::new(Mail::default()), Arc::new(Mail::default()));
    server(&shop, &[("old", &old)]).jobs().subscribe_once().await.unwrap();
    let wrong = server_of(&shop, &[("mail", &mail)]).store_clock(Arc::new(AheadClock)).build().unwrap();
    shop.clock.set(wrong.now().after(2 * SUBSCRIBER_MEMORY));
    assert_eq!(wrong.jobs().forget_subscribers_once().await.unwrap(), []);
    let right = server(&shop, &[("mail", &mail)]);
    assert!(right.jobs().forget_subscribers_once().await.unwrap().contains(&name("old")));
}

#[tokio::test]
async fn a_subscriber_that_no_server_has_is_removed_after_its_time() {
    let shop = TestShop::open().await;
    let (mail, old) = (Arc::new(Mail::default()), Arc::new(Mail::default()));
    server(&shop, &[("old", &old)]).jobs().subscribe_once().await.unwrap();
    let office = server(&shop, &[("mail", &mail)]);
    let started = office.now();
    shop.clock.set(started.after(SUBSCRIBER_MEMORY));
    assert_eq!(office.jobs().forget_subscribers_once().await.unwrap(), []);
    // This server's own subscriber is registered again even after the jobs have not run for long.
    shop.clock.set(started.after(2 * SUBSCRIBER_MEMORY).after(Duration::from_micros(1)));
    let removed = office.jobs().forget_subscribers_once().await.unwrap();
    assert_eq!(removed, [name("old"), name("test")]);
    let left = office.jobs().subscribers().await.unwrap();
    assert_eq!(left.iter().map(|it| it.subscription.subscriber.as_str()).collect::<Vec<_>>(), ["mail"]);
}

fn ids(facts: &[Fact]) -> HashSet<FactId> {
    facts.iter().map(|fact| fact.id).collect()
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        4 => Just(Answer::Delivered),
        2 => Just(Answer::Failed),
        2 => Just(Answer::FailedHalfway),
        1 => Just(Answer::Panicked),
    ]
}

/// Sells and refunds, while two subscribers at each of two servers return these answers.
async fn sell_while(answers: &[Vec<Answer>; 4], buyers: usize) {
    let shop = TestShop::open().await;
    shop.office.jobs().relay_once().await.unwrap();
    shop.notifier.drain();
    let logs: [Log; 2] = [Log::default(), Log::default()];
    let mails = [&logs[0], &logs[1], &logs[0], &logs[1]].map(Mail::to);
    let servers = [
        server(&shop, &[("a", &mails[0]), ("b", &mails[1])]),
        server(&shop, &[("a", &mails[2]), ("b", &mails[3])]),
    ];
    servers[0].jobs().subscribe_once().await.unwrap();
    mails.iter().zip(answers).for_each(|(mail, answers)| mail.answers(answers.iter().copied()));
    for turn in 0..buyers {
        sell_and_end(&shop, turn).await;
        run_both(&shop, &servers).await;
    }
    while is_waiting(&shop.office).await {
        run_both(&shop, &servers).await;
    }
    shop.office.jobs().relay_once().await.unwrap();
    let expected = ids(&shop.notifier.drain());
    for mail in &mails[..2] {
        let delivered = mail.delivered();
        check(&delivered);
        assert_eq!(ids(&delivered), expected);
    }
}

async fn run_both(shop: &TestShop, servers: &[BoxOffice; 2]) {
    for office in servers {
        run_for(shop, office, 1).await;
    }
}

async fn sell_and_end(shop: &TestShop, turn: usize) {
    let held = shop.held(ADA, &[turn % 3]).await;
    if turn.is_multiple_of(2) {
        let paid = shop.office.payments().process(PrepareRequest::new(held.id, ADA)).await.unwrap();
        let (payment, all) = (paid.payment.unwrap().id, RefundWanted::everything());
        shop.office.payments().refund(payment, ADA, all, "rain", None, None).await.unwrap();
    } else {
        shop.office.sales().release(held.id, ADA, None, None).await.unwrap();
    }
}

/// Returns whether facts wait for a subscriber other than the shop's own.
async fn is_waiting(office: &BoxOffice) -> bool {
    let status = office.jobs().subscribers().await.unwrap();
    status.iter().any(|it| it.subscription.subscriber != name("test") && it.waiting > 0)
}

/// Asserts that each fact was delivered once, and those of a reservation in order.
fn check(delivered: &[Fact]) {
    assert_eq!(ids(delivered).len(), delivered.len(), "a fact came twice");
    let mut latest: HashMap<ReservationId, FactId> = HashMap::new();
    for fact in delivered {
        let Some(reservation) = fact.body.reservation() else { continue };
        assert!(latest.insert(reservation, fact.id) < Some(fact.id), "{fact:?} came late");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_subscriber_gets_each_fact_in_order_whatever_fails(
        answers in prop::array::uniform4(prop::collection::vec(answer(), 0..20)),
        buyers in 1_usize..6,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(sell_while(&answers, buyers));
    }
}
