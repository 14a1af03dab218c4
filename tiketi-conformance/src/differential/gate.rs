//! Where the commands of people who act at once meet, so that they go to the store together and in a known order.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::channel::oneshot;
use futures::future::{BoxFuture, join_all};
use futures::stream::{FuturesUnordered, StreamExt as _};
use std::future::poll_fn;
use std::task::Poll;
use tiketi_core::decide::{AnyCommand, AnyRefused, Applied, Envelope};
use tiketi_core::reservation::ReservationNumber;
use tiketi_core::store::{CallOffProgress, Page, PageRequest, ReservationQuery, SalesStore, Swept};
use tiketi_core::{
    BuyerId, CommandError, EventId, Payment, PaymentId, Reservation, ReservationId, StoreError, Timestamp,
};

use crate::factory::CommandOrder;

type Answered = Result<Applied, CommandError<AnyRefused>>;

/// A command that waits for those of the others, with the number of its office.
type Waiting = (usize, Envelope<AnyCommand>, oneshot::Sender<Answered>);

/// One handle of a store, before which commands wait for each other.
#[derive(Debug)]
pub(super) struct Gate {
    store: Arc<dyn SalesStore>,
    order: CommandOrder,
    waiting: Mutex<Vec<Waiting>>,
}

impl Gate {
    /// Places a gate before a handle.
    pub(super) fn before(store: Arc<dyn SalesStore>, order: CommandOrder) -> Arc<Self> {
        Arc::new(Self { store, order, waiting: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs what several offices do at once, and returns what each came to.
    ///
    /// Whenever each of them has ended or waits here with a command, all these commands go to the store at once, in the
    /// order of their offices. So every store decides the same commands in the same order, and reads between them
    /// show the same rows.
    pub(super) async fn run_at_once<T>(&self, work: Vec<BoxFuture<'_, T>>) -> Vec<T> {
        let mut ended: Vec<Option<T>> = work.iter().map(|_| None).collect();
        let mut running: FuturesUnordered<_> =
            work.into_iter().enumerate().map(|(at, work)| async move { (at, work.await) }).collect();
        while !running.is_empty() {
            poll_fn(|context| {
                loop {
                    match running.poll_next_unpin(context) {
                        Poll::Ready(Some((at, came_to))) => ended[at] = Some(came_to),
                        Poll::Ready(None) => return Poll::Ready(()),
                        Poll::Pending if self.lock().len() >= running.len() => return Poll::Ready(()),
                        Poll::Pending => return Poll::Pending,
                    }
                }
            })
            .await;
            self.let_in().await;
        }
        ended.into_iter().flatten().collect()
    }

    /// Sends what waits to the store, and gives no answer before all have theirs.
    async fn let_in(&self) {
        let mut waiting = std::mem::take(&mut *self.lock());
        waiting.sort_by_key(|(office, ..)| *office);
        let (calls, callers): (Vec<_>, Vec<_>) =
            waiting.into_iter().map(|(_, command, caller)| (self.store.execute_any(command), caller)).unzip();
        let answers = match self.order {
            // The first poll of each call sends its command, and `join_all` polls them in their order.
            CommandOrder::AsSent => join_all(calls).await,
            CommandOrder::Unknown => {
                let mut answers = Vec::new();
                for call in calls {
                    answers.push(call.await);
                }
                answers
            }
        };
        for (caller, answer) in callers.into_iter().zip(answers) {
            // A caller that is gone needs no answer.
            let _ = caller.send(answer);
        }
    }
}

/// The sales as one office reaches them: commands pass the gate, reads do not wait.
#[derive(Debug)]
pub(super) struct GatedSales {
    pub(super) gate: Arc<Gate>,
    pub(super) office: usize,
}

#[async_trait]
impl SalesStore for GatedSales {
    async fn execute_any(&self, command: Envelope<AnyCommand>) -> Answered {
        let (caller, answer) = oneshot::channel();
        self.gate.lock().push((self.office, command, caller));
        answer.await.expect("the gate answers every command")
    }

    async fn expire_due(&self, now: Timestamp, limit: usize) -> Result<Swept<Reservation>, StoreError> {
        self.gate.store.expire_due(now, limit).await
    }

    async fn forget_commands(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.gate.store.forget_commands(before).await
    }

    async fn reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StoreError> {
        self.gate.store.reservation(id).await
    }

    async fn reservations_of(
        &self,
        buyer: BuyerId,
        event: Option<EventId>,
        page: PageRequest,
    ) -> Result<Page<Reservation>, StoreError> {
        self.gate.store.reservations_of(buyer, event, page).await
    }

    async fn list_reservations(&self, query: ReservationQuery) -> Result<Vec<Reservation>, StoreError> {
        self.gate.store.list_reservations(query).await
    }

    async fn reservation_numbered(
        &self,
        number: ReservationNumber,
    ) -> Result<Option<Reservation>, StoreError> {
        self.gate.store.reservation_numbered(number).await
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        self.gate.store.payment(id).await
    }

    async fn payments_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Payment>, StoreError> {
        self.gate.store.payments_due(now, limit).await
    }

    async fn payments_needing_attention(
        &self,
        slow_before: Timestamp,
        page: PageRequest,
    ) -> Result<Page<Payment>, StoreError> {
        self.gate.store.payments_needing_attention(slow_before, page).await
    }

    async fn payment_by_key(
        &self,
        gateway: &str,
        provider_key: &str,
    ) -> Result<Option<PaymentId>, StoreError> {
        self.gate.store.payment_by_key(gateway, provider_key).await
    }

    async fn to_call_off(&self, limit: usize) -> Result<Vec<ReservationId>, StoreError> {
        self.gate.store.to_call_off(limit).await
    }

    async fn call_off_progress(&self, event: EventId) -> Result<Option<CallOffProgress>, StoreError> {
        self.gate.store.call_off_progress(event).await
    }
}
