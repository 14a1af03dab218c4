//! Refunds: sent once, and compared with the provider's own list.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tiketi_core::{
    Currency, RefundId,
    gateway::{ProviderResponse, RefundAnswer, RefundRequest},
};

use crate::alarm::alarm;
use crate::api::{Api, Failure, Found};
use crate::error_code::CodeClass;
use crate::wire::{CancelBody, Payment, Status};

/// Longest reason (source: TossPayments core API, cancel).
const MAX_REASON_CHARS: usize = 200;

/// Most refunds whose keys are kept. Beyond it, a refund is sent under its first key and refused again.
const MAX_REMEMBERED: usize = 1024;

/// The idempotency key of each refund's next request.
///
/// It is the refund's id. The provider stores errors under a key as well: a refund that was refused because it came
/// too soon after another would be refused for fifteen days. Such a refund uses its next key. The keys are kept in
/// memory only: after a restart, the refund is refused under its first key once more, and then uses the next.
#[derive(Debug, Default)]
pub(crate) struct RefundKeys(Mutex<HashMap<RefundId, u32>>);

impl RefundKeys {
    fn key(&self, refund: RefundId) -> String {
        match self.lock().get(&refund) {
            None => refund.to_string(),
            Some(refused) => format!("{refund}-{refused}"),
        }
    }

    fn refused(&self, refund: RefundId) {
        let mut keys = self.lock();
        if keys.len() < MAX_REMEMBERED || keys.contains_key(&refund) {
            *keys.entry(refund).or_default() += 1;
        }
    }

    fn finished(&self, refund: RefundId) {
        self.lock().remove(&refund);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RefundId, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state of one refund in the provider's list of cancels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listed {
    Done,
    /// It is in the list, but not finished or different from the request.
    Unclear,
    Absent,
}

/// Refunds an amount, at most once for each refund.
///
/// Two guards are independent of the idempotency key: the provider refuses if the balance differs from ours, and
/// each cancel carries the refund's id, by which it is found in the provider's list.
pub(crate) async fn refund(api: &Api, keys: &RefundKeys, request: RefundRequest) -> RefundAnswer {
    if request.amount.currency() != Currency::KRW {
        let reason = "only amounts in won can be given back".to_owned();
        return RefundAnswer::Unknown { reason, response: ProviderResponse::NotAsked };
    }
    let body = CancelBody {
        cancel_reason: &tagged(&request),
        cancel_amount: (request.amount != request.refundable).then(|| request.amount.minor()),
        refundable_amount: Some(request.refundable.minor()),
        refund_receive_account: request.account.as_ref().map(Into::into),
    };
    let answer = match api.cancel(&request.provider_key, &keys.key(request.refund), &body).await {
        Ok(payment) if listed(&payment, &request) == Listed::Done => RefundAnswer::Done,
        Ok(_) => compare(api, keys, &request, None).await,
        Err(failure) => {
            alarm(&failure, request.payment);
            compare(api, keys, &request, Some(failure)).await
        }
    };
    if !matches!(answer, RefundAnswer::Unknown { .. }) {
        keys.finished(request.refund);
    }
    answer
}

/// Returns the outcome of a refund from the provider's list, or else from its error.
async fn compare(
    api: &Api,
    keys: &RefundKeys,
    request: &RefundRequest,
    failure: Option<Failure>,
) -> RefundAnswer {
    let why = failure.as_ref().map_or_else(|| "an answer without the refund".to_owned(), Failure::reason);
    let response = failure.as_ref().map_or(ProviderResponse::Answered, Failure::response);
    let unknown = |then: &str| RefundAnswer::Unknown { reason: format!("{why}; {then}"), response };
    let payment = match api.find(&request.payment.to_string(), Some(&request.provider_key)).await {
        Found::Payment(payment) if payment.key == request.provider_key => payment,
        Found::Payment(_) | Found::Nothing => return unknown("no such payment when asked"),
        Found::Unsaid(then) => return unknown(&format!("then, asked again: {}", then.reason())),
    };
    match listed(&payment, request) {
        Listed::Done => return RefundAnswer::Done,
        Listed::Unclear => return unknown("it is listed, but not as done"),
        Listed::Absent => {}
    }
    let Some((class, code)) = failure.as_ref().and_then(|failure| Some((failure.class(), failure.code()?)))
    else {
        return unknown("not listed");
    };
    if code == "FORBIDDEN_CONSECUTIVE_REQUEST" {
        keys.refused(request.refund);
    }
    let nothing_left = payment.status == Status::Canceled && is_about_all_gone(code);
    if class == CodeClass::RefundFinal || nothing_left {
        return RefundAnswer::Refused { code: code.to_owned() };
    }
    unknown("not listed")
}

/// Returns whether a code means that all money was refunded before; staff have to find out by whom.
fn is_about_all_gone(code: &str) -> bool {
    matches!(code, "ALREADY_CANCELED_PAYMENT" | "ALREADY_REFUND_PAYMENT")
}

fn listed(payment: &Payment, request: &RefundRequest) -> Listed {
    let tag = tag(request.refund);
    let cancels = payment.cancels.iter().flatten();
    let ours = cancels.filter(|cancel| cancel.reason.as_ref().is_some_and(|told| told.ends_with(&tag)));
    let found: Vec<_> = ours.collect();
    match found.as_slice() {
        [] => Listed::Absent,
        [one]
            if payment.order_id == request.payment.to_string()
                && one.amount == request.amount.minor()
                && one.status.as_deref().is_none_or(|status| status == "DONE") =>
        {
            Listed::Done
        }
        _ => Listed::Unclear,
    }
}

fn tag(refund: RefundId) -> String {
    format!("({refund})")
}

/// Returns the reason, with the refund's id at its end.
fn tagged(request: &RefundRequest) -> String {
    let tag = tag(request.refund);
    let room = MAX_REASON_CHARS.saturating_sub(tag.len() + 1);
    let reason: String = request.reason.trim().chars().take(room).collect();
    format!("{reason} {tag}").trim_start().to_owned()
}
