//! Maps the provider's record of a payment to the gateway trait's answers.

use secrecy::ExposeSecret;
use tiketi_core::{
    Money, Timestamp,
    gateway::{Captured, ConfirmAnswer, DepositAsked, LookupAnswer, ProviderResponse},
    payment::DepositAccount,
    secret_digest::SecretDigest,
};

use crate::wire::{Payment, Status};

impl Payment {
    /// Returns whether money was captured, refunded or not.
    ///
    /// A virtual account that was cancelled before its deposit, or whose deposit was withdrawn, has no capture.
    pub(crate) fn was_captured(&self) -> bool {
        match self.status {
            Status::Done | Status::PartialCanceled => true,
            Status::Canceled => self.approved_at.is_some(),
            Status::Ready
            | Status::InProgress
            | Status::WaitingForDeposit
            | Status::Aborted
            | Status::Expired
            | Status::Unlisted => false,
        }
    }

    /// Returns the capture, if its amounts are consistent.
    fn captured(&self) -> Option<Captured> {
        let currency = self.currency.parse().ok()?;
        // Only amounts in won are certain to be in minor units.
        let possible = currency == tiketi_core::Currency::KRW
            && self.total_amount >= 0
            && (0..=self.total_amount).contains(&self.balance_amount);
        let (amount, balance) =
            (Money::new(self.total_amount, currency), Money::new(self.balance_amount, currency));
        let refunded = amount.minus(balance).ok().filter(|_| possible)?;
        let (order, provider_key) = (self.order_id.clone(), self.key.clone());
        Some(Captured::kept(order, provider_key, amount).refunded(refunded))
    }

    /// Returns the deposit account and its due time, as far as the provider reports them.
    fn deposit(&self) -> DepositAsked {
        let secret = self.secret.as_ref().and_then(|secret| SecretDigest::of(secret.expose_secret()));
        let Some(made) = &self.virtual_account else { return DepositAsked::default().secret(secret) };
        let account = made.bank_code.clone().zip(made.account_number.clone());
        DepositAsked::default()
            .account(account.map(|(bank, number)| DepositAccount { bank, number }))
            .due(made.due_date.as_deref().and_then(moment))
            .secret(secret)
    }

    fn came_to_nothing(&self, status: &str) -> String {
        self.failure.as_ref().map_or(status, |failure| failure.code.as_str()).to_owned()
    }
}

/// Parses a moment; without an offset it is in Seoul's time.
fn moment(text: &str) -> Option<Timestamp> {
    text.parse().or_else(|_| format!("{text}+09:00").parse()).ok()
}

/// Returns an inconclusive answer for a record that was read.
fn unknown(reason: &str) -> LookupAnswer {
    LookupAnswer::Unknown { reason: reason.to_owned(), response: ProviderResponse::Answered }
}

/// Returns the state of a payment, from the provider's own record.
pub(crate) fn looked_up(payment: &Payment) -> LookupAnswer {
    let unreadable = || unknown("amounts that cannot be true");
    if payment.was_captured() {
        return payment.captured().map_or_else(unreadable, LookupAnswer::Paid);
    }
    match payment.status {
        Status::Ready | Status::InProgress => LookupAnswer::Pending,
        Status::WaitingForDeposit => LookupAnswer::Deposit(payment.deposit()),
        Status::Aborted => LookupAnswer::Declined { code: payment.came_to_nothing("ABORTED") },
        Status::Expired => LookupAnswer::Declined { code: payment.came_to_nothing("EXPIRED") },
        Status::Canceled => LookupAnswer::Declined { code: payment.came_to_nothing("CANCELED") },
        Status::Done | Status::PartialCanceled => unreadable(),
        Status::Unlisted => unknown("an unlisted status"),
    }
}

/// Returns the outcome of a confirm, from the provider's own record of the payment.
///
/// A payment that is not confirmed yet was not declined: our request may still arrive. `response` is the answer to
/// the confirm itself: a provider that answers only lookups captures nothing.
pub(crate) fn confirmed(payment: &Payment, why_asked: &str, response: ProviderResponse) -> ConfirmAnswer {
    match looked_up(payment) {
        LookupAnswer::Paid(captured) => ConfirmAnswer::Paid(captured),
        LookupAnswer::Declined { code } => ConfirmAnswer::Declined { code },
        LookupAnswer::Deposit(asked) => ConfirmAnswer::Deposit(asked),
        LookupAnswer::Unknown { reason, response: _ } => {
            ConfirmAnswer::Unknown { reason: format!("{why_asked}; {reason}"), response }
        }
        // The payment is not confirmed yet, or the order is unknown; neither is a decline.
        _ => {
            let reason = format!("{why_asked}; not confirmed yet when asked again");
            ConfirmAnswer::Unknown { reason, response }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payment(status: &str, more: &str) -> Payment {
        let json = format!(
            r#"{{"paymentKey": "key", "orderId": "order-1", "status": "{status}", "totalAmount": 1000,
                "balanceAmount": 1000, "currency": "KRW"{more}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn money_was_taken_where_the_status_says_so() {
        for status in ["DONE", "PARTIAL_CANCELED"] {
            assert!(matches!(looked_up(&payment(status, "")), LookupAnswer::Paid(_)), "{status}");
        }
        for status in ["READY", "IN_PROGRESS"] {
            assert_eq!(looked_up(&payment(status, "")), LookupAnswer::Pending, "{status}");
        }
        for status in ["ABORTED", "EXPIRED", "CANCELED"] {
            let declined = LookupAnswer::Declined { code: status.to_owned() };
            assert_eq!(looked_up(&payment(status, "")), declined);
        }
        assert!(matches!(looked_up(&payment("NEW_ONE", "")), LookupAnswer::Unknown { .. }));
    }

    #[test]
    fn a_cancelled_payment_was_paid_if_it_was_ever_approved() {
        let approved = r#", "approvedAt": "2026-01-05T19:00:00+09:00""#;
        assert!(matches!(looked_up(&payment("CANCELED", approved)), LookupAnswer::Paid(_)));
    }

    #[test]
    fn the_providers_reason_is_the_code_of_a_decline() {
        let failed = payment("ABORTED", r#", "failure": {"code": "REJECT_CARD_COMPANY", "message": "x"}"#);
        assert_eq!(looked_up(&failed), LookupAnswer::Declined { code: "REJECT_CARD_COMPANY".to_owned() });
    }

    #[test]
    fn amounts_that_cannot_be_true_are_not_believed() {
        let mut more_than_all = payment("DONE", "");
        more_than_all.balance_amount = 1001;
        let mut less_than_nothing = payment("DONE", "");
        less_than_nothing.balance_amount = -1;
        let mut dollars = payment("DONE", "");
        dollars.currency = "USD".to_owned();
        for wrong in [more_than_all, less_than_nothing, dollars] {
            assert!(matches!(looked_up(&wrong), LookupAnswer::Unknown { .. }), "{wrong:?}");
        }
    }

    #[test]
    fn what_waits_for_our_confirm_is_not_known_and_what_waits_for_money_is() {
        assert!(matches!(
            confirmed(&payment("IN_PROGRESS", ""), "a test", ProviderResponse::Answered),
            ConfirmAnswer::Unknown { .. }
        ));
        let waits = payment("WAITING_FOR_DEPOSIT", "");
        assert_eq!(
            confirmed(&waits, "a test", ProviderResponse::Answered),
            ConfirmAnswer::Deposit(DepositAsked::default())
        );
    }

    #[test]
    fn a_deposit_has_the_account_and_the_end_that_the_provider_names() {
        let noon: Timestamp = "2026-01-05T12:00:00+09:00".parse().unwrap();
        let asked = |account: &str| match looked_up(&payment(
            "WAITING_FOR_DEPOSIT",
            &format!(r#", "virtualAccount": {account}"#),
        )) {
            LookupAnswer::Deposit(asked) => asked,
            other => panic!("{other:?}"),
        };
        for due in ["2026-01-05T12:00:00+09:00", "2026-01-05T12:00:00", "2026-01-05T03:00:00Z"] {
            let said = asked(&format!(
                r#"{{"bankCode": "20", "accountNumber": "X1", "dueDate": "{due}", "customerName": "x"}}"#
            ));
            let account = DepositAccount { bank: "20".into(), number: "X1".into() };
            assert_eq!(said, DepositAsked::default().account(account).due(noon), "{due}");
        }
        assert_eq!(asked(r#"{"accountNumber": "X1", "dueDate": "soon"}"#), DepositAsked::default());
        assert_eq!(asked("null"), DepositAsked::default());
    }
}
