//! Routes for staff.

mod events;
mod layouts;
mod log;
mod mail;
mod payments;
mod reservations;
mod seats;
mod tickets;
mod waiting_room;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(layouts::routes())
        .merge(events::routes())
        .merge(seats::routes())
        .merge(tickets::routes())
        .merge(payments::routes())
        .merge(waiting_room::routes())
        .merge(log::routes())
        .merge(mail::routes())
        .merge(reservations::routes())
}
