//! What finds payments in memory.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::id::{EventId, PaymentId, ReservationId};
use crate::payment::Payment;
use crate::time::Timestamp;

const FIRST: PaymentId = PaymentId::from_uuid(Uuid::nil());
const LAST: PaymentId = PaymentId::from_uuid(Uuid::max());

/// Payments by what is asked for.
#[derive(Debug, Default)]
pub(super) struct PaymentLists {
    event_of: BTreeMap<PaymentId, EventId>,
    of_reservation: BTreeSet<(ReservationId, PaymentId)>,
    /// By the moment at which their provider must be asked.
    asked: BTreeSet<(Timestamp, PaymentId)>,
    /// Those whose outcome is awaited, by the moment since when.
    awaited: BTreeSet<(Timestamp, PaymentId)>,
    needing_attention: BTreeSet<PaymentId>,
    by_key: BTreeSet<(String, String, PaymentId)>,
}

impl PaymentLists {
    /// Adds a payment, or replaces what is known of it.
    pub(super) fn put(&mut self, event: EventId, before: Option<&Payment>, after: &Payment) {
        if let Some(before) = before {
            self.take_out(before);
        } else {
            self.event_of.insert(after.id, event);
            self.of_reservation.insert((after.reservation, after.id));
        }
        let id = after.id;
        self.asked.extend(after.reconciliation.as_ref().map(|reconciliation| (reconciliation.next, id)));
        self.awaited.extend(after.awaited_since().map(|since| (since, id)));
        self.needing_attention.extend(after.needs_attention().then_some(id));
        if before.is_none_or(|before| before.provider_key != after.provider_key) {
            before.and_then(key).map(|key| self.by_key.remove(&key));
            self.by_key.extend(key(after));
        }
    }

    fn take_out(&mut self, before: &Payment) {
        if let Some(reconciliation) = &before.reconciliation {
            self.asked.remove(&(reconciliation.next, before.id));
        }
        if let Some(since) = before.awaited_since() {
            self.awaited.remove(&(since, before.id));
        }
        self.needing_attention.remove(&before.id);
    }

    pub(super) fn event_of(&self, id: PaymentId) -> Option<EventId> {
        self.event_of.get(&id).copied()
    }

    /// Returns the payments of a reservation, by id.
    pub(super) fn of(&self, id: ReservationId) -> impl Iterator<Item = PaymentId> {
        self.of_reservation.range((id, FIRST)..=(id, LAST)).map(|(_, payment)| *payment)
    }

    /// Returns the payments whose provider must be asked at `now`, the most overdue first.
    pub(super) fn due(&self, now: Timestamp) -> impl Iterator<Item = PaymentId> {
        self.asked.range(..=(now, LAST)).map(|(_, id)| *id)
    }

    /// Returns the payments that need attention, and those that are slow for `slow_before`, by id.
    pub(super) fn needing_attention(&self, slow_before: Timestamp) -> BTreeSet<PaymentId> {
        let slow = self.awaited.range(..=(slow_before, LAST)).map(|(_, id)| *id);
        self.needing_attention.iter().copied().chain(slow).collect()
    }

    /// Returns the payment with a key of its provider.
    pub(super) fn with_key(&self, gateway: &str, provider_key: &str) -> Option<PaymentId> {
        let (gateway, provider_key) = (gateway.to_owned(), provider_key.to_owned());
        let first = (gateway.clone(), provider_key.clone(), FIRST);
        let last = (gateway, provider_key, LAST);
        self.by_key.range(first..=last).next().map(|(_, _, id)| *id)
    }
}

fn key(payment: &Payment) -> Option<(String, String, PaymentId)> {
    let provider_key = payment.provider_key.clone()?;
    Some((payment.gateway.clone(), provider_key, payment.id))
}
