//! The invariants: the audit finds nothing, and the provider's amounts equal those of the store.

use std::collections::BTreeMap;

use tiketi_conformance::EventRows;
use tiketi_core::decide::Scope;
use tiketi_core::{EventId, Money, Payment, PaymentId, Reservation, ReservationState};

use crate::TestCluster;

/// The outcomes of the seats' buyers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Reservations that are confirmed.
    pub(crate) served: usize,
    /// Payments that were refunded in full.
    pub(crate) refunded: usize,
}

impl TestCluster {
    /// Audits the shop, compares its payments with the provider's, and returns the outcomes of the buyers.
    ///
    /// No payment may be open: each has bought its tickets, or is refunded.
    pub(crate) async fn settled(&self) -> Ending {
        self.settled_with(&[]).await
    }

    /// Does the same for a shop that sells further events.
    pub(crate) async fn settled_with(&self, others: &[EventId]) -> Ending {
        let mut theirs: BTreeMap<PaymentId, (i64, i64)> = BTreeMap::new();
        for balance in self.provider.gateway.balances() {
            theirs.insert(balance.payment, (balance.taken, balance.returned));
        }
        let mut ending = Ending::default();
        for event in others.iter().chain([&self.event]) {
            self.check_event(*event, &mut theirs, &mut ending).await;
        }
        assert_eq!(theirs, BTreeMap::new(), "money was taken that nobody knows of");
        ending
    }

    /// Compares the payments of one event, and removes them from the provider's ledger.
    async fn check_event(
        &self,
        event: EventId,
        theirs: &mut BTreeMap<PaymentId, (i64, i64)>,
        ending: &mut Ending,
    ) {
        let rows = EventRows::read(&self.servers[1].store, event, 100).await.unwrap().snapshot();
        assert_eq!(tiketi_core::audit::audit(&rows), []);
        for payment in rows.payments() {
            let (taken, returned) = theirs.remove(&payment.id).unwrap_or_default();
            let ours = (payment.captured.map_or(0, Money::minor), payment.refunded.minor());
            assert_eq!(ours, (taken, returned), "the amounts differ: {payment:?}");
            assert_eq!(payment.reconciliation, None, "something is under way: {payment:?}");
            let bought = rows.reservation(payment.reservation).is_some_and(|it| is_bought_by(it, payment));
            assert_eq!(bought, taken > returned, "money without a ticket, or a ticket without: {payment:?}");
            ending.refunded += usize::from(taken > 0 && taken == returned);
        }
        ending.served += rows.reservations().filter(|row| is_confirmed(row)).count();
    }
}

fn is_confirmed(reservation: &Reservation) -> bool {
    matches!(reservation.state, ReservationState::Confirmed { .. })
}

fn is_bought_by(reservation: &Reservation, payment: &Payment) -> bool {
    is_confirmed(reservation) && reservation.payment == Some(payment.id)
}
