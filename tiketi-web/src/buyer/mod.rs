//! The buyer's pages.

mod banks;
mod basket;
mod checkout;
mod event;
mod events;
mod hall;
mod line;
mod news;
pub(crate) mod pager;
mod poster;
mod reservations;
mod result;
mod seats;
pub(crate) mod wire;

use axum::Router;
use axum::routing::{get, post};

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/", get(events::list))
        .route("/events", get(events::list))
        .route("/events/{id}", get(event::show))
        .route("/events/{id}/line", get(line::show).post(line::join))
        .route("/events/{id}/line/enter", post(line::enter))
        .route("/events/{id}/line/leave", post(line::leave))
        .route("/events/{id}/seats", get(seats::show))
        .route("/events/{id}/hold", get(seats::back).post(seats::hold))
        .route("/events/{id}/release", get(seats::back).post(seats::release))
        .route("/events/{id}/extend", get(seats::back).post(seats::extend))
        .route("/reservations", get(reservations::list))
        .route("/reservations/{id}", get(reservations::show))
        .route("/reservations/{id}/cancel", post(reservations::cancel))
        .route("/reservations/{id}/checkout", get(checkout::show).post(checkout::pay))
        .route("/reservations/{id}/result", get(result::show))
        .route("/payments/return", get(checkout::returned))
        .route("/payments/failed", get(checkout::failed))
        .route("/news", get(news::list))
        .route("/news/{id}", get(news::show))
}
