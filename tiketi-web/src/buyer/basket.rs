//! What a buyer holds of an event.

use crate::buyer::wire::{Reservation, ReservationList};
use crate::failure::Failure;
use crate::visit::Visit;

/// Newest reservations among which a held one is looked for: a buyer has at most one of an event, and few at a time.
const AMONG: u32 = 100;

/// Returns the reservation of an event that the visitor can still change or pay for.
pub(super) async fn held_of(visit: &Visit, event: &str) -> Result<Option<Reservation>, Failure> {
    if visit.user.is_none() {
        return Ok(None);
    }
    match visit.api.get::<ReservationList>(&format!("/api/reservations/my?limit={AMONG}")).await {
        Ok(list) => {
            Ok(list.reservations.into_iter().find(|found| found.event_id == event && found.is_held()))
        }
        // A page that everyone may see is shown also to those whose sign-in has ended.
        Err(failure) if failure.status == axum::http::StatusCode::UNAUTHORIZED => Ok(None),
        Err(failure) => Err(failure),
    }
}
