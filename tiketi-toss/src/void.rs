//! Giving up a payment before money is taken.

use tiketi_core::gateway::{ProviderResponse, VoidAnswer, VoidRequest};

use crate::alarm::alarm;
use crate::api::{Api, Found};
use crate::wire::{CancelBody, Payment, Status};

/// Gives up a payment for which no money was taken.
///
/// Only a virtual account can be closed. For anything else there is nothing to ask the provider for: what a
/// buyer authenticates takes no money unless the shop confirms it, and ends by itself ten minutes later.
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
/// The provider keeps errors under a key, so that each try has its own; closing twice is closing once.
/// Should the deposit come in meanwhile, the provider refuses: without an account of the buyer's it sends
/// no deposit back.
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
