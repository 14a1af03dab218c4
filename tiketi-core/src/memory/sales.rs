//! Sales, in memory.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::decide::{AnyCommand, AnyRefused, Applied, Envelope, Scope, Snapshot, execute};
use crate::error::{CommandError, StoreError};
use crate::event::EventState;
use crate::id::{BuyerId, EventId, PaymentId, ReservationId};
use crate::memory::MemoryStore;
use crate::memory::state::State;
use crate::payment::Payment;
use crate::reservation::{CancelReason, Reservation, ReservationNumber, ReservationState};
use crate::store::{CallOffProgress, Page, PageRequest, ReservationKey, ReservationQuery, SalesStore, Swept};
use crate::time::Timestamp;

#[async_trait]
impl SalesStore for MemoryStore {
    async fn execute_any(&self, command: Envelope<AnyCommand>) -> Result<Applied, CommandError<AnyRefused>> {
        execute(&mut *self.lock(), &command)
    }

    async fn expire_due(&self, now: Timestamp, limit: usize) -> Result<Swept<Reservation>, StoreError> {
        let mut state = self.lock();
        let next = |(event, snapshot): (&EventId, &Snapshot)| Some((snapshot.next_end()?, *event));
        let mut due: BTreeSet<(Timestamp, EventId)> = state.events.iter().filter_map(next).collect();
        let mut ended = Vec::new();
        while ended.len() < limit {
            let Some((_, event)) = due.pop_first().filter(|(end, _)| *end <= now) else { break };
            let due_now = state.expire_in(event, now, 1)?;
            if due_now.is_empty() {
                continue;
            }
            ended.extend(due_now);
            due.extend(state.snapshot(event)?.next_end().map(|end| (end, event)));
        }
        Ok(Swept::all(ended))
    }

    async fn forget_commands(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut state = self.lock();
        state.creations.retain(|_, record| record.at >= before);
        Ok(state.commands.forget(before))
    }

    async fn reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StoreError> {
        Ok(self.lock().reservation(id).cloned())
    }

    async fn reservations_of(
        &self,
        buyer: BuyerId,
        event: Option<EventId>,
        page: PageRequest,
    ) -> Result<Page<Reservation>, StoreError> {
        let state = self.lock();
        let rows = state.reservations_of(buyer).into_iter();
        let rows = rows.filter(|row| event.is_none_or(|event| event == row.event)).cloned().collect();
        Ok(Page::cut(rows, page).up_to_max_total())
    }

    async fn list_reservations(&self, query: ReservationQuery) -> Result<Vec<Reservation>, StoreError> {
        let state = self.lock();
        let all = state.events.values().flat_map(Snapshot::reservations);
        let mut found: Vec<_> = all.filter(|reservation| query.selects(reservation)).collect();
        found.sort_by_key(|reservation| Reverse(ReservationKey::of(reservation)));
        Ok(found.into_iter().take(query.limit as usize).cloned().collect())
    }

    async fn reservation_numbered(
        &self,
        number: ReservationNumber,
    ) -> Result<Option<Reservation>, StoreError> {
        let state = self.lock();
        let mut all = state.events.values().flat_map(Snapshot::reservations);
        Ok(all.find(|reservation| reservation.number == number).cloned())
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        Ok(self.lock().payment(id).cloned())
    }

    async fn payments_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Payment>, StoreError> {
        let state = self.lock();
        let due = state.asked.range(..=(now, PaymentId::from_uuid(uuid::Uuid::max()))).take(limit);
        Ok(due.filter_map(|(_, id)| state.payment(*id)).cloned().collect())
    }

    async fn payments_needing_attention(
        &self,
        slow_before: Timestamp,
        page: PageRequest,
    ) -> Result<Page<Payment>, StoreError> {
        let state = self.lock();
        let payments = state.events.values().flat_map(Snapshot::payments);
        let mut found: Vec<Payment> =
            payments.filter(|row| row.needs_attention() || row.is_slow(slow_before)).cloned().collect();
        found.sort_by_key(|payment| payment.id);
        Ok(Page::cut(found, page))
    }

    async fn payment_by_key(
        &self,
        gateway: &str,
        provider_key: &str,
    ) -> Result<Option<PaymentId>, StoreError> {
        let state = self.lock();
        let mut payments = state.events.values().flat_map(Snapshot::payments);
        let found =
            payments.find(|row| row.gateway == gateway && row.provider_key.as_deref() == Some(provider_key));
        Ok(found.map(|payment| payment.id))
    }

    async fn to_call_off(&self, limit: usize) -> Result<Vec<ReservationId>, StoreError> {
        let state = self.lock();
        let mut found: Vec<ReservationId> = cancelled(&state)
            .flat_map(|rows| rows.reservations().filter(|row| is_to_call_off(rows, row)))
            .map(|row| row.id)
            .collect();
        found.sort_unstable();
        found.truncate(limit);
        Ok(found)
    }

    async fn call_off_progress(&self, event: EventId) -> Result<Option<CallOffProgress>, StoreError> {
        Ok(self.lock().events.get(&event).map(progress))
    }
}

fn cancelled(state: &State) -> impl Iterator<Item = &Snapshot> {
    state.events.values().filter(|rows| {
        matches!(rows.event().state, EventState::Cancelled { .. }) && !rows.event().is_archived()
    })
}

pub(super) fn is_to_call_off(rows: &Snapshot, reservation: &Reservation) -> bool {
    let payment = reservation.payment.and_then(|id| rows.payment(id));
    match reservation.state {
        ReservationState::Held { .. } => true,
        ReservationState::Confirmed { .. } => {
            payment.is_none_or(|payment| payment.reconciliation.is_none() && !payment.is_call_off_refused())
        }
        ReservationState::Paying { .. }
        | ReservationState::Expired { .. }
        | ReservationState::Cancelled { .. } => false,
    }
}

fn progress(rows: &Snapshot) -> CallOffProgress {
    let mut progress = CallOffProgress::default();
    for row in rows.reservations() {
        let payment = row.payment.and_then(|id| rows.payment(id));
        let refused = payment.is_some_and(Payment::is_call_off_refused);
        let reasons = [CancelReason::ByOrganiser, CancelReason::Refunded];
        let done =
            matches!(row.state, ReservationState::Cancelled { reason, .. } if reasons.contains(&reason));
        progress.to_do += u64::from(row.is_live());
        progress.done += u64::from(done);
        progress.refused += u64::from(row.is_live() && refused);
    }
    progress
}
