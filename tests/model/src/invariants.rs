//! What holds in each state, judged from the rows and the provider's books alone.

use tiketi_core::decide::Scope;
use tiketi_core::payment::{PaymentState, RefundState};
use tiketi_core::reservation::ReservationState;
use tiketi_core::{Money, Payment, Reservation, audit};

use crate::provider::{Account, Order};
use crate::sale::Sale;

impl Sale {
    /// Returns whether the audit of the shop finds nothing.
    pub(crate) fn passes_the_audit(&self) -> bool {
        audit::audit(&self.rows).is_empty()
    }

    /// Returns whether each seat has at most one owner, and knows it.
    pub(crate) fn has_one_owner_a_seat(&self) -> bool {
        self.rows.seats().iter().all(|seat| {
            let mut owners = self.rows.reservations().filter(|reservation| {
                self.owns_at_present(reservation) && reservation.seats.iter().any(|line| line.seat == seat.id)
            });
            match (owners.next(), owners.next()) {
                (None, None) => seat.is_available_at(self.now()),
                (Some(owner), None) => seat.state.owner() == Some(owner.id),
                (_, Some(_)) => false,
            }
        })
    }

    fn owns_at_present(&self, reservation: &Reservation) -> bool {
        match reservation.state {
            ReservationState::Held { until } => until > self.now(),
            ReservationState::Paying { .. } | ReservationState::Confirmed { .. } => true,
            ReservationState::Expired { .. } | ReservationState::Cancelled { .. } => false,
        }
    }

    /// Returns whether the provider has captured what each sold ticket costs.
    pub(crate) fn sells_for_captured_money(&self) -> bool {
        let sold =
            |reservation: &&Reservation| matches!(reservation.state, ReservationState::Confirmed { .. });
        self.rows.reservations().filter(sold).all(|reservation| {
            let account = reservation.payment.and_then(|id| self.accounts.get(&id));
            account.is_some_and(|account| {
                account.order == Order::Captured && account.captured >= reservation.total.minor()
            })
        })
    }

    /// Returns whether no payment is refunded, or promised, more than was captured.
    pub(crate) fn refunds_at_most_the_capture(&self) -> bool {
        let promised = |payment: &Payment| -> i64 {
            let stands = payment.refunds.iter().filter(|it| !matches!(it.state, RefundState::Refused { .. }));
            stands.map(|refund| refund.amount.minor()).sum()
        };
        let captured = |payment: &Payment| payment.captured.map_or(0, Money::minor);
        self.rows.payments().all(|payment| promised(payment) <= captured(payment))
            && self.accounts.values().all(|account| account.left() >= 0)
    }

    /// Returns whether the shop will ask about every answer that it lacks.
    pub(crate) fn asks_for_what_it_lacks(&self) -> bool {
        self.rows.payments().all(|payment| {
            let confirming = matches!(payment.state, PaymentState::Confirming { .. });
            payment.reconciliation.is_some() || !confirming && payment.queued_refund().is_none()
        })
    }

    /// Returns whether nothing is under way: nothing is held, being paid or refunded, or unknown to the shop.
    pub(crate) fn is_settled(&self) -> bool {
        let over = |reservation: &Reservation| match reservation.state {
            ReservationState::Held { .. } | ReservationState::Paying { .. } => false,
            ReservationState::Confirmed { .. }
            | ReservationState::Expired { .. }
            | ReservationState::Cancelled { .. } => true,
        };
        self.rows.reservations().all(over) && self.rows.payments().all(|payment| self.is_known(payment))
    }

    fn is_known(&self, payment: &Payment) -> bool {
        let ready = matches!(payment.state, PaymentState::Ready | PaymentState::Confirming { .. });
        let Some(account) = self.accounts.get(&payment.id) else { return !ready };
        !ready
            && account.order != Order::Open
            && payment.queued_refund().is_none()
            && payment.captured.is_some() == (account.order == Order::Captured)
            && payment.refunded.minor() == account.returned()
    }

    /// Returns whether the provider kept for each payment what its tickets cost, once nothing is under way.
    ///
    /// Otherwise staff must have been told.
    pub(crate) fn keeps_money_for_tickets_only(&self) -> bool {
        let justified = |payment: &Payment, account: &Account| {
            account.left() == self.price_of_bought(payment) || payment.needs_attention()
        };
        !self.is_settled() || self.accounts.iter().all(|(id, account)| justified(self.payment(*id), account))
    }

    /// Returns the price of the tickets that a payment bought and that the buyer still has.
    fn price_of_bought(&self, payment: &Payment) -> i64 {
        let bought = self.rows.reservation(payment.reservation).filter(|reservation| {
            matches!(reservation.state, ReservationState::Confirmed { .. })
                && reservation.payment == Some(payment.id)
        });
        bought.map_or(0, |reservation| reservation.seats.iter().map(|line| line.price.minor()).sum())
    }

    /// Names what went backwards on the way from `self` to `next`, if anything did.
    pub(crate) fn regress(&self, next: &Self) -> Option<&'static str> {
        if next.wrong.is_some() {
            return next.wrong;
        }
        for before in self.rows.payments() {
            let after = next.payment(before.id);
            let uncaptured = before.captured.is_some() && after.captured != before.captured;
            if uncaptured || after.refunded.minor() < before.refunded.minor() {
                return Some("the shop forgot money");
            }
            let over = before.refunds.iter().filter(|it| !matches!(it.state, RefundState::Queued { .. }));
            if !over.clone().all(|refund| after.refunds.contains(refund)) {
                return Some("a refund that was over changed");
            }
        }
        let changed = |before: &Reservation| {
            let after = next.rows.reservation(before.id).map(|after| after.state);
            match before.state {
                ReservationState::Cancelled { .. } => after != Some(before.state),
                ReservationState::Confirmed { .. } => !matches!(
                    after,
                    Some(ReservationState::Confirmed { .. } | ReservationState::Cancelled { .. })
                ),
                ReservationState::Expired { .. } => !matches!(
                    after,
                    Some(ReservationState::Expired { .. } | ReservationState::Confirmed { .. })
                ),
                ReservationState::Held { .. } | ReservationState::Paying { .. } => after.is_none(),
            }
        };
        self.rows.reservations().any(changed).then_some("a reservation that was over changed")
    }
}
