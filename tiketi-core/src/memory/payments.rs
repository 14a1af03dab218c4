//! Unfinished payments, in memory.

use async_trait::async_trait;

use crate::decide::{Scope, Snapshot};
use crate::error::StoreError;
use crate::event::EventState;
use crate::id::{EventId, PaymentId, ReservationId};
use crate::memory::MemoryStore;
use crate::memory::state::State;
use crate::payment::Payment;
use crate::reservation::{CancelReason, Reservation, ReservationState};
use crate::store::{CallOffProgress, Page, PageRequest, PaymentStore};
use crate::time::Timestamp;

#[async_trait]
impl PaymentStore for MemoryStore {
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
    state.events.values().filter(|rows| matches!(rows.event().state, EventState::Cancelled { .. }))
}

fn is_to_call_off(rows: &Snapshot, reservation: &Reservation) -> bool {
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
