//! The ledger of the test provider.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use crate::gateway::{Captured, ConfirmAnswer, LookupAnswer, RefundAnswer, RefundRequest};
use crate::id::{PaymentId, RefundId};
use crate::memory::gateway::{ConfirmFault, RefundFault};
use crate::money::Money;

/// What the provider captured and refunded for a payment, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Balance {
    /// The payment.
    pub payment: PaymentId,
    /// The captured amount.
    pub taken: i64,
    /// The refunded amount.
    pub returned: i64,
}

/// Captures and refunds, and the next failures that a test asked for.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) captured: BTreeMap<PaymentId, Money>,
    refunded: HashMap<RefundId, (PaymentId, i64)>,
    by_hand: HashMap<PaymentId, i64>,
    declined: HashMap<PaymentId, String>,
    pub(super) voided: HashSet<PaymentId>,
    pub(super) confirms: VecDeque<ConfirmFault>,
    pub(super) lookups: VecDeque<LookupAnswer>,
    pub(super) refund_faults: VecDeque<RefundFault>,
    pub(super) unavailable: Option<Duration>,
    pub(super) is_unanswering: bool,
}

pub(super) fn provider_key(payment: PaymentId) -> String {
    format!("test_{payment}")
}

impl Ledger {
    /// Captures money once; never for a payment that was voided.
    pub(super) fn take(&mut self, payment: PaymentId, amount: Money) -> Option<Captured> {
        if self.voided.contains(&payment) {
            return None;
        }
        self.captured.entry(payment).or_insert(amount);
        self.captured(payment)
    }

    pub(super) fn captured(&self, payment: PaymentId) -> Option<Captured> {
        let amount = *self.captured.get(&payment)?;
        let refunded = Money::new(self.returned(payment), amount.currency());
        Some(Captured { refunded, ..Captured::kept(payment.to_string(), provider_key(payment), amount) })
    }

    pub(super) fn remember_declined(&mut self, payment: PaymentId, answer: &ConfirmAnswer) {
        if let ConfirmAnswer::Declined { code } = answer {
            self.declined.insert(payment, code.clone());
        }
    }

    pub(super) fn what_of(&self, payment: PaymentId) -> LookupAnswer {
        match (self.captured(payment), self.declined.get(&payment)) {
            (Some(captured), _) => LookupAnswer::Paid(captured),
            (None, Some(code)) => LookupAnswer::Declined { code: code.clone() },
            (None, None) => LookupAnswer::NotFound,
        }
    }

    pub(super) fn was_refunded(&self, refund: RefundId) -> bool {
        self.refunded.contains_key(&refund)
    }

    pub(super) fn give_back(&mut self, request: &RefundRequest) -> RefundAnswer {
        let from_before = !self.captured.contains_key(&request.payment)
            && request.provider_key == provider_key(request.payment);
        if !from_before && request.amount.minor() > self.balance(request.payment) {
            return RefundAnswer::Refused { code: "NOT_CANCELABLE_AMOUNT".into() };
        }
        self.refunded.insert(request.refund, (request.payment, request.amount.minor()));
        RefundAnswer::Done
    }

    pub(super) fn give_back_by_hand(&mut self, payment: PaymentId, amount: Money) {
        *self.by_hand.entry(payment).or_default() += amount.minor();
    }

    pub(super) fn balance(&self, payment: PaymentId) -> i64 {
        self.captured.get(&payment).map_or(0, |amount| amount.minor()) - self.returned(payment)
    }

    pub(super) fn balances(&self) -> Vec<Balance> {
        let of = |(payment, amount): (&PaymentId, &Money)| Balance {
            payment: *payment,
            taken: amount.minor(),
            returned: self.returned(*payment),
        };
        self.captured.iter().map(of).collect()
    }

    fn returned(&self, payment: PaymentId) -> i64 {
        let refunds = self.refunded.values().filter(|(of, _)| *of == payment);
        let by_hand = self.by_hand.get(&payment).copied().unwrap_or_default();
        refunds.map(|(_, minor)| minor).sum::<i64>() + by_hand
    }
}
