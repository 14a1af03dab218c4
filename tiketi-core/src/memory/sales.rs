//! Sales, in memory.

use async_trait::async_trait;

use crate::decide::{AnyCommand, AnyRefused, Applied, Envelope, execute};
use crate::error::{CommandError, StoreError};
use crate::id::{BuyerId, EventId, PaymentId, ReservationId};
use crate::memory::MemoryStore;
use crate::memory::call_off::progress;
use crate::payment::Payment;
use crate::reservation::{Reservation, ReservationNumber};
use crate::store::{CallOffProgress, Page, PageRequest, ReservationQuery, SalesStore, Swept};
use crate::time::Timestamp;

#[async_trait]
impl SalesStore for MemoryStore {
    async fn execute_any(&self, command: Envelope<AnyCommand>) -> Result<Applied, CommandError<AnyRefused>> {
        execute(&mut *self.lock(), &command)
    }

    async fn expire_due(&self, now: Timestamp, limit: usize) -> Result<Swept<Reservation>, StoreError> {
        let mut state = self.lock();
        let mut due = state.events.due(now);
        let mut ended = Vec::new();
        while ended.len() < limit {
            let Some((_, event)) = due.pop_first() else { break };
            let due_now = state.expire_in(event, now, 1)?;
            if due_now.is_empty() {
                continue;
            }
            ended.extend(due_now);
            let next = state.snapshot(event)?.next_end().filter(|end| *end <= now);
            due.extend(next.map(|end| (end, event)));
        }
        Ok(Swept::all(ended))
    }

    async fn forget_commands(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut state = self.lock();
        state.creations.forget(before);
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
        let page = Page::cut(state.reservations_of(buyer, event), page).up_to_max_total();
        let rows = page.rows.iter().map(|reservation| (*reservation).clone()).collect();
        Ok(page.with_rows(rows))
    }

    async fn list_reservations(&self, query: ReservationQuery) -> Result<Vec<Reservation>, StoreError> {
        let state = self.lock();
        if let Some(buyer) = query.buyer {
            let rows = state.reservations_of(buyer, query.event).into_iter();
            let selected = rows.filter(|reservation| query.selects(reservation));
            return Ok(selected.take(query.limit as usize).cloned().collect());
        }
        let ids = state.reservations.newest(&query);
        Ok(ids.into_iter().filter_map(|id| state.reservation(id)).cloned().collect())
    }

    async fn reservation_numbered(
        &self,
        number: ReservationNumber,
    ) -> Result<Option<Reservation>, StoreError> {
        let state = self.lock();
        let found = state.reservations.with_serial(number.serial()).and_then(|id| state.reservation(id));
        Ok(found.filter(|reservation| reservation.number == number).cloned())
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        Ok(self.lock().payment(id).cloned())
    }

    async fn payments_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Payment>, StoreError> {
        let state = self.lock();
        Ok(state.payments.due(now).take(limit).filter_map(|id| state.payment(id)).cloned().collect())
    }

    async fn payments_needing_attention(
        &self,
        slow_before: Timestamp,
        page: PageRequest,
    ) -> Result<Page<Payment>, StoreError> {
        let state = self.lock();
        let ids = state.payments.needing_attention(slow_before).into_iter().collect();
        let page = Page::cut(ids, page);
        let rows = page.rows.iter().filter_map(|id| state.payment(*id)).cloned().collect();
        Ok(page.with_rows(rows))
    }

    async fn payment_by_key(
        &self,
        gateway: &str,
        provider_key: &str,
    ) -> Result<Option<PaymentId>, StoreError> {
        Ok(self.lock().payments.with_key(gateway, provider_key))
    }

    async fn to_call_off(&self, limit: usize) -> Result<Vec<ReservationId>, StoreError> {
        Ok(self.lock().call_offs.ids().take(limit).collect())
    }

    async fn call_off_progress(&self, event: EventId) -> Result<Option<CallOffProgress>, StoreError> {
        Ok(self.lock().events.get(&event).map(progress))
    }
}
