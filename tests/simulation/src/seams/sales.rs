//! Sales behind the fault layer; every commit is shown to the checker.

use std::sync::Arc;

use async_trait::async_trait;
use tiketi_core::decide::{AnyCommand, AnyRefused, Applied, Command, Envelope, HoldRefused};
use tiketi_core::payment::Payment;
use tiketi_core::reservation::ReservationNumber;
use tiketi_core::store::{CallOffProgress, Page, PageRequest, ReservationQuery, SalesStore, Swept};
use tiketi_core::{
    BuyerId, CommandError, CommandKey, EventId, PaymentId, Reservation, ReservationId, StoreError,
    StoreErrorKind, Timestamp,
};

use crate::history::Cause;
use crate::planted::Planted;
use crate::seams::bent::{bent, decline_what_is_past};
use crate::seams::{NodeStores, at_once, check_lead};
use crate::sometimes::Sometimes;
use crate::world::World;

type Answer = Result<Applied, CommandError<AnyRefused>>;

/// Executes a command on the rows that all servers share.
fn execute(world: &Arc<World>, command: &Envelope<AnyCommand>) -> Answer {
    check_lead(world, command.now)?;
    let answer = at_once(world.store.execute_any(bent(world, command.clone())));
    match &answer {
        Ok(applied) if applied.replayed => world.reach(Sometimes::Replayed),
        Ok(_) => world.history().note_applied(command.key),
        Err(CommandError::Refused(AnyRefused::Hold(HoldRefused::SeatsTaken { .. }))) => {
            world.reach(Sometimes::SeatsTaken);
        }
        Err(CommandError::Refused(AnyRefused::Hold(HoldRefused::LimitReached { .. }))) => {
            world.reach(Sometimes::LimitReached);
        }
        Err(_) => {}
    }
    let outcome = match &answer {
        Ok(applied) if applied.replayed => "is known".to_owned(),
        Ok(_) => "is done".to_owned(),
        Err(error) => format!("fails: {error}"),
    };
    world.tell(format_args!("  {} {outcome}", command.command.name()));
    // What was refused or repeated changes nothing; the holds that are due end in the same commit.
    let is_applied = matches!(&answer, Ok(applied) if !applied.replayed);
    world.observe(&if is_applied { Cause::Command(command) } else { Cause::Sweep(command.now) });
    answer
}

#[async_trait]
impl SalesStore for NodeStores {
    async fn execute_any(&self, command: Envelope<AnyCommand>) -> Answer {
        let first = command.clone();
        if self.0.world.has(Planted::RowsKeptAfterFailedCommit) {
            let rows = command.clone();
            return self.change(move |world| kept_rows(world, &rows)).await;
        }
        let answer = self.change(move |world| execute(world, &first)).await;
        if self.0.world.has(Planted::RetryWithNewKey)
            && matches!(&answer, Err(CommandError::Store(error)) if error.may_have_applied())
        {
            let key = CommandKey::from_uuid(tiketi_core::IdSource::next(&self.0));
            let again = Envelope { key, ..command };
            return self.change(move |world| execute(world, &again)).await;
        }
        answer
    }

    async fn expire_due(&self, now: Timestamp, limit: usize) -> Result<Swept<Reservation>, StoreError> {
        self.change(move |world| {
            check_lead(world, now)?;
            if world.has(Planted::SweeperFreesConfirming) {
                decline_what_is_past(world, now);
            }
            let swept = at_once(world.store.expire_due(now, limit))?;
            if !swept.done.is_empty() {
                world.tell(format_args!("  {} holds are swept", swept.done.len()));
                world.reach(Sometimes::Swept);
                world.observe(&Cause::Sweep(now));
            }
            Ok(swept)
        })
        .await
    }

    async fn forget_commands(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.change(move |world| at_once(world.store.forget_commands(before))).await
    }

    async fn reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StoreError> {
        self.read(|world| at_once(world.store.reservation(id))).await
    }

    async fn reservations_of(
        &self,
        buyer: BuyerId,
        event: Option<EventId>,
        page: PageRequest,
    ) -> Result<Page<Reservation>, StoreError> {
        self.read(|world| at_once(world.store.reservations_of(buyer, event, page))).await
    }

    async fn list_reservations(&self, query: ReservationQuery) -> Result<Vec<Reservation>, StoreError> {
        self.read(|world| at_once(world.store.list_reservations(query))).await
    }

    async fn reservation_numbered(
        &self,
        number: ReservationNumber,
    ) -> Result<Option<Reservation>, StoreError> {
        self.read(|world| at_once(world.store.reservation_numbered(number))).await
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        self.read(|world| at_once(world.store.payment(id))).await
    }

    async fn payments_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Payment>, StoreError> {
        self.read(|world| at_once(world.store.payments_due(now, limit))).await
    }

    async fn payments_needing_attention(
        &self,
        slow_before: Timestamp,
        page: PageRequest,
    ) -> Result<Page<Payment>, StoreError> {
        self.read(|world| at_once(world.store.payments_needing_attention(slow_before, page))).await
    }

    async fn payment_by_key(
        &self,
        gateway: &str,
        provider_key: &str,
    ) -> Result<Option<PaymentId>, StoreError> {
        self.read(|world| at_once(world.store.payment_by_key(gateway, provider_key))).await
    }

    async fn to_call_off(&self, limit: usize) -> Result<Vec<ReservationId>, StoreError> {
        self.read(|world| at_once(world.store.to_call_off(limit))).await
    }

    async fn call_off_progress(&self, event: EventId) -> Result<Option<CallOffProgress>, StoreError> {
        self.read(|world| at_once(world.store.call_off_progress(event))).await
    }
}

/// Plants a store that keeps the rows of a commit that failed.
fn kept_rows(world: &Arc<World>, command: &Envelope<AnyCommand>) -> Answer {
    let answer = execute(world, command);
    let fails = matches!(&answer, Ok(applied) if !applied.replayed) && world.delay(0, 9).as_millis() == 0;
    if fails { Err(StoreError::new(StoreErrorKind::Unavailable, "the commit failed").into()) } else { answer }
}
