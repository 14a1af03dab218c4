//! The shop: its servers, which start again after a crash, and how clients reach them.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{Either, select};
use tiketi_core::box_office::JobError;
use tiketi_core::gateway::{GuardSettings, Guarded, PaymentGateway};
use tiketi_core::waiting_room::AdmissionKey;
use tiketi_core::{BoxOffice, Clock, EventId, SeatId, TicketTypeId};

use crate::executor::Group;
use crate::fault::Fault;
use crate::node::Node;
use crate::people::buyer_id;
use crate::provider::{BROWSER, NodeGateway, ONE_STEP};
use crate::seams::{NodeBroadcast, NodeStores, Receiver, work_under_lease};
use crate::watcher::{listen, watch};
use crate::world::{OUTSIDE, World, locked};

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(100);
/// How often jobs run once faults have stopped: an hour without faults should cost little.
const CALM_JOBS_EVERY: Duration = Duration::from_secs(20);
/// The name under which facts are delivered.
pub(crate) const SUBSCRIBER: &str = "ledger";

/// Why a client does not know the outcome of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// No server could be reached: nothing was begun.
    NotSent,
    /// It was sent, and may have been carried out.
    Lost,
}

/// What is sold.
#[derive(Debug, Clone)]
pub(crate) struct Stock {
    pub(crate) event: EventId,
    pub(crate) seats: Vec<SeatId>,
    pub(crate) types: Vec<TicketTypeId>,
}

/// The servers of the shop.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) world: Arc<World>,
    running: Mutex<BTreeMap<usize, (Node, BoxOffice)>>,
    stock: Mutex<Option<Stock>>,
}

impl Shop {
    /// Makes a shop without servers.
    pub(crate) fn new(world: Arc<World>) -> Arc<Self> {
        Arc::new(Self { world, running: Mutex::default(), stock: Mutex::default() })
    }

    pub(crate) fn set_stock(&self, stock: Stock) {
        *locked(&self.stock) = Some(stock);
    }

    /// Returns what is sold, once the sale was set up.
    pub(crate) fn stock(&self) -> Option<Stock> {
        locked(&self.stock).clone()
    }

    /// Builds a box office for the setup, and returns it with the group of its tasks.
    pub(crate) fn office_for_setup(&self) -> Option<(BoxOffice, Group)> {
        let node = Node::start(&self.world, usize::MAX);
        Some((office(&node)?, node.group))
    }

    /// Starts a server.
    pub(crate) fn start(self: &Arc<Self>, server: usize) {
        let node = Node::start(&self.world, server);
        let Some(office) = office(&node) else {
            return self.world.break_off("the shop cannot be built");
        };
        self.world.tell(format_args!("server {server} starts"));
        locked(&self.running).insert(server, (node.clone(), office.clone()));
        let executor = self.world.executor.clone();
        executor.spawn(node.group, run_jobs(Arc::clone(&self.world), office.clone()));
        executor.spawn(node.group, work_under_lease(node.clone()));
        if let Some(stock) = self.stock() {
            let world = &self.world;
            for number in 0..world.setting.buyers {
                executor.spawn(node.group, listen(Arc::clone(world), office.clone(), buyer_id(number)));
            }
            executor.spawn(node.group, watch(Arc::clone(world), office, stock.event));
        }
        // Runs outside the server's process, as a supervisor does.
        let (ended, has_ended) = oneshot::channel::<()>();
        executor.spawn(node.group, async move {
            let _open = ended;
            std::future::pending::<()>().await;
        });
        let shop = Arc::clone(self);
        executor.spawn(OUTSIDE, async move {
            let _ = has_ended.await;
            let is_crash = locked(&shop.running).get(&server).is_some_and(|(of, _)| of.group == node.group);
            if is_crash {
                locked(&shop.running).remove(&server);
                shop.world.executor.sleep(shop.world.delay(100, 30_000)).await;
                shop.start(server);
            }
        });
    }

    /// Ends a server as an operator does, without a restart.
    pub(crate) fn stop(&self, server: usize) {
        let running = locked(&self.running).remove(&server);
        if let Some((node, _)) = running {
            self.world.executor.kill(node.group);
        }
    }

    /// Sends a request to any server, and waits for the answer.
    pub(crate) async fn call<T, F>(self: &Arc<Self>, work: impl Fn(BoxOffice) -> F) -> Result<T, NoAnswer>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let world = &self.world;
        let chosen = {
            let running = locked(&self.running);
            let servers: Vec<_> = running.values().cloned().collect();
            let at = world.delay(0, (servers.len() as u64).saturating_sub(1)).as_millis();
            usize::try_from(at).ok().and_then(|at| servers.get(at).cloned())
        };
        let Some((node, office)) = chosen else {
            world.executor.sleep(Duration::from_secs(1)).await;
            return Err(NoAnswer::NotSent);
        };
        if world.strikes(Fault::RequestLost) {
            world.executor.sleep(PATIENCE).await;
            return Err(NoAnswer::Lost);
        }
        let (send, answer) = oneshot::channel();
        // Dropped with this call: then a server that notices it drops the work.
        let (_connection, closed) = oneshot::channel::<()>();
        let is_dropped = world.strikes(Fault::Disconnect);
        if world.strikes(Fault::RequestTwice) {
            let again = work(office.clone());
            world.executor.spawn(node.group, async move {
                again.await;
            });
        }
        let work = work(office);
        world.executor.spawn(node.group, async move {
            let closed = std::pin::pin!(async move {
                let _ = closed.await;
                if !is_dropped {
                    std::future::pending::<()>().await;
                }
            });
            if let Either::Left((output, _)) = select(std::pin::pin!(work), closed).await {
                let _ = send.send(output);
            }
        });
        let patience = if is_dropped { world.delay(0, 3_000) } else { PATIENCE };
        let limit = std::pin::pin!(world.executor.sleep(patience));
        let answer = match select(answer, limit).await {
            Either::Left((answer, _)) => answer.map_err(|_| NoAnswer::Lost),
            Either::Right(_) => Err(NoAnswer::Lost),
        };
        if world.strikes(Fault::AnswerLost) {
            return Err(NoAnswer::Lost);
        }
        answer
    }
}

/// Builds the box office of a process, with every part behind the fault layer.
fn office(node: &Node) -> Option<BoxOffice> {
    let clock: Arc<dyn Clock> = Arc::new(node.clone());
    let stores = Arc::new(NodeStores(node.clone()));
    let mut builder = BoxOffice::builder()
        .store(Arc::clone(&stores))
        .waiting_rooms(stores)
        .clock(Arc::clone(&clock))
        .timer(Arc::new(node.clone()))
        .spawner(Arc::new(node.clone()))
        .ids(Arc::new(node.clone()))
        .random(Arc::new(node.clone()))
        .broadcast(Arc::new(NodeBroadcast::of(&node.world)))
        .admission_key(AdmissionKey::of(&[7; 32]))
        .subscriber(SUBSCRIBER, Arc::new(Receiver(node.clone())))
        .jobs_every(if node.world.is_calm() { CALM_JOBS_EVERY } else { node.world.setting.jobs_every })
        .terms(node.world.setting.terms);
    for name in [ONE_STEP, BROWSER] {
        let gateway: Arc<dyn PaymentGateway> = Arc::new(NodeGateway::new(node.clone(), name));
        let timer = Arc::new(node.clone());
        let guarded = Guarded::new(gateway, Arc::clone(&clock), timer, GuardSettings::default());
        builder = builder.gateway(Arc::new(guarded));
    }
    builder.build().ok()
}

/// The one loop that a host needs.
async fn run_jobs(world: Arc<World>, office: BoxOffice) {
    loop {
        let report = office.jobs().run_once().await;
        for (job, error) in report.failures() {
            world.tell(format_args!("  the job \"{}\" fails: {error}", job.name()));
            if matches!(error, JobError::Panicked) {
                world.break_off(format!("the job \"{}\" panicked", job.name()));
            }
        }
        // At least a millisecond, so that time moves on.
        world.executor.sleep(report.next.max(Duration::from_millis(1))).await;
    }
}
