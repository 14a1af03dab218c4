//! The routes of the shop: one file per resource.
//!
//! A handler reads the request, makes one call on the box office, and shows the result.

mod admin;
mod events;
mod images;
mod news;
mod payments;
mod proof_of_work;
mod queue;
mod reservations;
mod responses;
mod seats;
mod stats;
#[cfg(test)]
pub(crate) mod tests;
mod tickets;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// Collects the routes for buyers and for administrators.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(events::routes())
        .merge(tickets::routes())
        .merge(queue::routes())
        .merge(proof_of_work::routes())
        .merge(seats::routes())
        .merge(reservations::routes())
        .merge(payments::routes())
        .merge(images::routes())
        .merge(news::routes())
        .merge(stats::routes())
        .merge(admin::routes())
}
