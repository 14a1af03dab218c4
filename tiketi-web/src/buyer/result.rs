//! What came of paying.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use crate::buyer::banks;
use crate::buyer::checkout::path_of;
use crate::buyer::wire::{
    Payment, PaymentAnswer, PaymentStatus, Reservation, ReservationAnswer, ReservationStatus,
};
use crate::failure::Failure;
use crate::page::Page;
use crate::visit::Visit;

/// Seconds after which a page without scripts asks again whether it is paid.
const ASK_AGAIN: u32 = 3;
/// The same while a deposit is awaited.
const ASK_AGAIN_FOR_DEPOSIT: u32 = 60;

#[derive(Template)]
#[template(path = "buyer/result.html")]
struct ResultPage {
    page: Page,
    reservation: Reservation,
    payment: Option<Payment>,
    result: Outcome,
}

/// What came of paying, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The tickets are the buyer's.
    Confirmed,
    /// It is not known yet whether it is paid.
    Pending,
    /// A deposit into a virtual account is awaited.
    Deposit,
    /// Declined; the tickets are held, so another attempt can be made.
    Declined,
    /// Nothing was paid yet.
    Unpaid,
    /// The time to pay is over, or the reservation was cancelled.
    Ended,
}

impl Outcome {
    fn of(reservation: &Reservation, payment: Option<&Payment>) -> Self {
        match reservation.status {
            ReservationStatus::Confirmed => Self::Confirmed,
            ReservationStatus::Cancelled | ReservationStatus::Expired => Self::Ended,
            ReservationStatus::Pending => match payment {
                Some(payment) if payment.deposit.is_some() => Self::Deposit,
                Some(payment) if payment.status == PaymentStatus::Failed => Self::Declined,
                _ if reservation.is_held() => Self::Unpaid,
                _ => Self::Pending,
            },
        }
    }
}

impl ResultPage {
    /// Returns the name of the bank of a virtual account.
    fn bank(&self) -> String {
        let deposit = self.payment.as_ref().and_then(|payment| payment.deposit.as_ref());
        deposit
            .and_then(|deposit| deposit.bank_code.as_deref())
            .map(banks::name)
            .unwrap_or_default()
            .to_owned()
    }
}

/// Shows what came of paying for a reservation.
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    visit.signed_in()?;
    let ReservationAnswer { reservation } = visit.api.get(&path_of(&id)).await?;
    let payment = payment_of(&visit, &reservation).await?;
    let result = Outcome::of(&reservation, payment.as_ref());
    let title = match result {
        Outcome::Confirmed => "result-confirmed",
        Outcome::Pending => "result-pending",
        Outcome::Deposit => "result-deposit",
        Outcome::Declined => "result-declined",
        Outcome::Unpaid => "result-unpaid",
        Outcome::Ended => "result-ended",
    };
    let page = visit.page(visit.t(title)).styled(&["buyer.css"]);
    let page = match result {
        Outcome::Pending => page.refreshed_after(ASK_AGAIN),
        Outcome::Deposit => page.refreshed_after(ASK_AGAIN_FOR_DEPOSIT),
        _ => page,
    };
    Ok(visit.html(&ResultPage { page, reservation, payment, result }))
}

/// Reads the latest attempt to pay for a reservation.
pub(super) async fn payment_of(visit: &Visit, reservation: &Reservation) -> Result<Option<Payment>, Failure> {
    let Some(id) = &reservation.payment_id else { return Ok(None) };
    let found = visit.api.find::<PaymentAnswer>(&format!("/api/payments/{id}")).await?;
    Ok(found.map(|found| found.payment))
}
