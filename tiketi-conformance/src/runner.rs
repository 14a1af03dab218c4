//! Runs one case with a new store, its own runtime, a deadline and an audit.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tiketi_core::broadcast::Broadcast;
use tiketi_core::lease::LeaseLock;
use tiketi_core::rate_limit::RateLimits;
use tiketi_core::store::{
    AccountStore, AnswerStore, AuditStore, CodeStore, FiguresStore, InboxStore, LayoutStore, MailStore,
    NoticeStore, RoomJournal, SalesStore, StaffLog, StoreProbe, WaitingRoomStore,
};

use crate::factory::{CommandOrder, Fresh, SellingStore, StoreFactory, WholeStore};
use crate::gateway::{FreshGateway, GatewayFactory};
use crate::handles::Handles;
use crate::room::TestRoom;
use crate::shop::TestShop;

/// How long one case may take, so that a deadlock is a failure.
///
/// The longest case, the random sequences, took more than two minutes on Postgres while other builds used both
/// cores. The deadline allows for slower machines.
pub const CASE_DEADLINE: Duration = Duration::from_mins(10);

/// Runs a case about selling, and audits the store after it.
///
/// # Panics
///
/// If the case or the audit fails.
pub fn selling<F, C>(factory: &F, case: fn(TestShop) -> C)
where
    F: StoreFactory,
    F::Store: SellingStore,
    C: Future<Output = ()> + Send + 'static,
{
    run(factory, move |stores| async move {
        let stores = stores.into_iter().map(|store| store as Arc<dyn SellingStore>).collect();
        let shop = TestShop::over(Handles::new(stores)).await;
        case(shop.clone()).await;
        shop.audit().await;
    });
}

/// Runs a case about the rows of whole events, and audits the store after it.
///
/// # Panics
///
/// If the case or the audit fails.
pub fn audited<F, C>(factory: &F, case: fn(TestShop, Handles<dyn AuditStore>) -> C)
where
    F: StoreFactory,
    F::Store: SellingStore + AuditStore,
    C: Future<Output = ()> + Send + 'static,
{
    beside_a_shop(factory, |store| store as Arc<dyn AuditStore>, case);
}

/// Runs a case about whole sales, with the order in which a handle decides commands.
///
/// # Panics
///
/// If the case fails.
pub fn compared<F, C>(factory: &F, case: fn(Handles<dyn WholeStore>, CommandOrder) -> C)
where
    F: StoreFactory,
    F::Store: WholeStore,
    C: Future<Output = ()> + Send + 'static,
{
    let order = factory.command_order();
    run(factory, move |stores| {
        case(Handles::new(stores.into_iter().map(|store| store as Arc<dyn WholeStore>).collect()), order)
    });
}

/// Runs a case about figures, and audits the store after it.
///
/// # Panics
///
/// If the case or the audit fails.
pub fn counted<F, C>(factory: &F, case: fn(TestShop, Handles<dyn FiguresStore>) -> C)
where
    F: StoreFactory,
    F::Store: SellingStore + FiguresStore,
    C: Future<Output = ()> + Send + 'static,
{
    beside_a_shop(factory, |store| store as Arc<dyn FiguresStore>, case);
}

/// Runs a case with a shop and the other part of its stores, and audits the store after it.
fn beside_a_shop<F, D, C>(
    factory: &F,
    other_part: fn(Arc<F::Store>) -> Arc<D>,
    case: fn(TestShop, Handles<D>) -> C,
) where
    F: StoreFactory,
    F::Store: SellingStore,
    D: ?Sized + Send + Sync + 'static,
    C: Future<Output = ()> + Send + 'static,
{
    run(factory, move |stores| async move {
        let selling = stores.iter().map(|store| Arc::clone(store) as Arc<dyn SellingStore>).collect();
        let others = stores.into_iter().map(other_part).collect();
        let shop = TestShop::over(Handles::new(selling)).await;
        case(shop.clone(), Handles::new(others)).await;
        shop.audit().await;
    });
}

/// Runs a case about open payments, and audits the store after it.
///
/// # Panics
///
/// If the case or the audit fails.
pub fn paying<F, C>(factory: &F, case: fn(TestShop, Handles<dyn SalesStore>) -> C)
where
    F: StoreFactory,
    F::Store: SellingStore,
    C: Future<Output = ()> + Send + 'static,
{
    run(factory, move |stores| async move {
        let selling = stores.iter().map(|store| Arc::clone(store) as Arc<dyn SellingStore>).collect();
        let paying = stores.into_iter().map(|store| store as Arc<dyn SalesStore>).collect();
        let shop = TestShop::over(Handles::new(selling)).await;
        shop.known().quiet = true;
        case(shop.clone(), Handles::new(paying)).await;
        shop.audit().await;
    });
}

/// Runs a case about webhooks.
///
/// # Panics
///
/// If the case fails.
pub fn inboxes<F, C>(factory: &F, case: fn(Handles<dyn InboxStore>) -> C)
where
    F: StoreFactory,
    F::Store: InboxStore,
    C: Future<Output = ()> + Send + 'static,
{
    run(factory, move |stores| {
        case(Handles::new(stores.into_iter().map(|store| store as Arc<dyn InboxStore>).collect()))
    });
}

/// Runs a case about probes.
///
/// # Panics
///
/// If the case fails.
pub fn probes<F, C>(factory: &F, case: fn(Handles<dyn StoreProbe>) -> C)
where
    F: StoreFactory,
    F::Store: StoreProbe,
    C: Future<Output = ()> + Send + 'static,
{
    run(factory, move |stores| {
        case(Handles::new(stores.into_iter().map(|store| store as Arc<dyn StoreProbe>).collect()))
    });
}

/// Runs a case about a payment gateway.
///
/// # Panics
///
/// If the case fails.
pub fn gateway<F, C>(factory: &F, case: fn(FreshGateway) -> C)
where
    F: GatewayFactory,
    C: Future<Output = ()> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    runtime.expect("a runtime starts").block_on(async {
        let it = factory.fresh().await;
        let ended = tokio::time::timeout(CASE_DEADLINE, case(it)).await;
        assert!(ended.is_ok(), "the case did not end within {CASE_DEADLINE:?}");
    });
}

/// Runs a case about seat layouts.
///
/// # Panics
///
/// If the case fails.
pub fn layouts<F, C>(factory: &F, case: fn(Handles<dyn LayoutStore>) -> C)
where
    F: StoreFactory,
    F::Store: LayoutStore,
    C: Future<Output = ()> + Send + 'static,
{
    run(factory, move |stores| {
        case(Handles::new(stores.into_iter().map(|store| store as Arc<dyn LayoutStore>).collect()))
    });
}

/// Runs a case about accounts.
///
/// # Panics
///
/// If the case fails.
pub fn accounts<F, C>(factory: &F, case: fn(Handles<dyn AccountStore>) -> C)
where
    F: StoreFactory,
    F::Store: AccountStore,
    C: Future<Output = ()> + Send + 'static,
{
    run(factory, move |stores| {
        case(Handles::new(stores.into_iter().map(|store| store as Arc<dyn AccountStore>).collect()))
    });
}

/// Runs a case about codes that are sent by mail.
///
/// # Panics
///
/// If the case fails.
pub fn codes<F, C>(factory: &F, case: fn(Handles<dyn CodeStore>) -> C)
where
    F: StoreFactory,
    F::Store: CodeStore,
    C: Future<Output = ()> + Send + 'static,
{
    run(factory, move |stores| {
        case(Handles::new(stores.into_iter().map(|store| store as Arc<dyn CodeStore>).collect()))
    });
}

/// Runs a case about the queue of mail.
///
/// # Panics
///
/// If the case fails.
pub fn mails<F, C>(factory: &F, case: fn(Handles<dyn MailStore>) -> C)
where
    F: StoreFactory,
    F::Store: MailStore,
    C: Future<Output = ()> + Send + 'static,
{
    run(factory, move |stores| {
        case(Handles::new(stores.into_iter().map(|store| store as Arc<dyn MailStore>).collect()))
    });
}

/// Runs a case about the log of staff.
///
/// # Panics
///
/// If the case fails.
pub fn staff_logs<F, C>(factory: &F, case: fn(Handles<dyn StaffLog>) -> C)
where
    F: StoreFactory,
    F::Store: StaffLog,
    C: Future<Output = ()> + Send + 'static,
{
    run(factory, move |stores| {
        case(Handles::new(stores.into_iter().map(|store| store as Arc<dyn StaffLog>).collect()))
    });
}

/// Runs a case about notices.
///
/// # Panics
///
/// If the case fails.
pub fn notices<F, C>(factory: &F, case: fn(Handles<dyn NoticeStore>) -> C)
where
    F: StoreFactory,
    F::Store: NoticeStore,
    C: Future<Output = ()> + Send + 'static,
{
    run(factory, move |stores| {
        case(Handles::new(stores.into_iter().map(|store| store as Arc<dyn NoticeStore>).collect()))
    });
}

/// Runs a case about stored answers.
///
/// # Panics
///
/// If the case fails.
pub fn answers<F, C>(factory: &F, case: fn(Handles<dyn AnswerStore>) -> C)
where
    F: StoreFactory,
    F::Store: AnswerStore,
    C: Future<Output = ()> + Send + 'static,
{
    run(factory, move |stores| {
        case(Handles::new(stores.into_iter().map(|store| store as Arc<dyn AnswerStore>).collect()))
    });
}

/// Runs a case about waiting rooms.
///
/// # Panics
///
/// If the case fails.
pub fn waiting_rooms<F, C>(factory: &F, case: fn(TestRoom) -> C)
where
    F: StoreFactory,
    F::Store: WaitingRoomStore,
    C: Future<Output = ()> + Send + 'static,
{
    run(factory, move |stores| {
        let stores = stores.into_iter().map(|store| store as Arc<dyn WaitingRoomStore>).collect();
        case(TestRoom::over(Handles::new(stores)))
    });
}

/// Runs a case about the journal of waiting rooms.
///
/// # Panics
///
/// If the case fails.
pub fn room_journals<F, C>(factory: &F, case: fn(Handles<dyn RoomJournal>) -> C)
where
    F: StoreFactory,
    F::Store: RoomJournal,
    C: Future<Output = ()> + Send + 'static,
{
    run(factory, move |stores| {
        case(Handles::new(stores.into_iter().map(|store| store as Arc<dyn RoomJournal>).collect()))
    });
}

/// Runs a case about leases.
///
/// # Panics
///
/// If the case fails.
pub fn locks<F, C>(factory: &F, case: fn(Handles<dyn LeaseLock>) -> C)
where
    F: StoreFactory,
    F::Store: LeaseLock,
    C: Future<Output = ()> + Send + 'static,
{
    run(factory, move |stores| {
        case(Handles::new(stores.into_iter().map(|store| store as Arc<dyn LeaseLock>).collect()))
    });
}

/// Runs a case about rate limits.
///
/// # Panics
///
/// If the case fails.
pub fn limits<F, C>(factory: &F, case: fn(Handles<dyn RateLimits>) -> C)
where
    F: StoreFactory,
    F::Store: RateLimits,
    C: Future<Output = ()> + Send + 'static,
{
    run(factory, move |stores| {
        case(Handles::new(stores.into_iter().map(|store| store as Arc<dyn RateLimits>).collect()))
    });
}

/// Runs a case about live news.
///
/// # Panics
///
/// If the case fails.
pub fn broadcasts<F, C>(factory: &F, case: fn(Handles<dyn Broadcast>) -> C)
where
    F: StoreFactory,
    F::Store: Broadcast,
    C: Future<Output = ()> + Send + 'static,
{
    run(factory, move |stores| {
        case(Handles::new(stores.into_iter().map(|store| store as Arc<dyn Broadcast>).collect()))
    });
}

/// The runtime has several threads, so that races happen.
fn run<F, C>(factory: &F, case: impl FnOnce(Vec<Arc<F::Store>>) -> C)
where
    F: StoreFactory,
    C: Future<Output = ()> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    runtime.expect("a runtime starts").block_on(async {
        let Fresh { handles, guard } = factory.fresh().await;
        // A separate task, so that a failed case still closes its store.
        let outcome = tokio::spawn(tokio::time::timeout(CASE_DEADLINE, case(handles))).await;
        factory.end(guard).await;
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(_)) => panic!("the case did not end within {CASE_DEADLINE:?}: a deadlock?"),
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    });
}
