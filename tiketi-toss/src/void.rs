//! Voids: closing a payment before money is captured.

use tiketi_core::gateway::{ProviderResponse, VoidAnswer, VoidRequest};

use crate::alarm::alarm;
use crate::api::{Api, Found};
use crate::wire::{CancelBody, Payment, Status};

/// Voids a payment that has no capture.
///
/// Only a virtual account can be closed. Other payments need no request: a buyer's authentication captures nothing
/// unless the shop confirms it, and it expires ten minutes later.
pub(crate) async fn void(api: &Api, request: VoidRequest) -> VoidAnswer {
    let order = request.payment.to_string();
    let payment = match api.find(&order, request.provider_key.as_deref()).await {
        Found::Payment(payment) => payment,
        Found::Nothing => return VoidAnswer::Unsupported,
        Found::Unsaid(failure) => return unknown(&failure.reason(), failure.response()),
    };
    if payment.was_captured() {
        return VoidAnswer::TooLate;
    }
    match payment.status {
        Status::Canceled | Status::Aborted | Status::Expired => VoidAnswer::Done,
        Status::WaitingForDeposit => close(api, &request, &payment).await,
        Status::Ready | Status::InProgress => VoidAnswer::Unsupported,
        Status::Done | Status::PartialCanceled | Status::Unlisted => {
            unknown("a status that says nothing", ProviderResponse::Answered)
        }
    }
}

/// Closes a virtual account.
///
/// The provider stores errors under a key, so each try has another key; closing twice has one effect. If the
/// deposit arrives meanwhile, the provider refuses: it refunds no deposit without an account of the buyer.
async fn close(api: &Api, request: &VoidRequest, payment: &Payment) -> VoidAnswer {
    let order = request.payment.to_string();
    let body = CancelBody {
        cancel_reason: "given up",
        cancel_amount: None,
        refundable_amount: None,
        refund_receive_account: None,
    };
    match api.cancel(&payment.key, &format!("{order}-void-{}", request.tries), &body).await {
        Ok(closed) if closed.order_id != order => {
            unknown("an answer for another order", ProviderResponse::Answered)
        }
        Ok(closed) if closed.was_captured() => VoidAnswer::TooLate,
        Ok(closed) if closed.status == Status::Canceled => VoidAnswer::Done,
        Ok(_) => unknown("an answer without the cancel", ProviderResponse::Answered),
        Err(failure) => {
            alarm(&failure, request.payment);
            unknown(&failure.reason(), failure.response())
        }
    }
}

fn unknown(reason: &str, response: ProviderResponse) -> VoidAnswer {
    VoidAnswer::Unknown { reason: reason.to_owned(), response }
}
