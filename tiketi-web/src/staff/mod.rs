//! The organiser's pages, below `/staff`.
//!
//! A page reads the interface as its member of staff, and shows it; a form sends one write, and leads to a page that says
//! what was done. [`member::Staff`] says who may see a page. What is computed here is pure and has its tests beside it:
//! `charts`, `hall_picture`, `seat_ranges`, `json_lines`, `changes`, `amounts` and `local_time`.

// From the top down, each module imports only those below it:
//
//     dashboard, hall, layouts, mail, notices, payments, people, reservations, rooms
//     events, log
//     refusals, pager, choice
//     member
//     changes, charts, hall_picture
//     amounts, escape, json_lines, local_time, seat_ranges, wire
mod amounts;
mod changes;
mod charts;
mod choice;
mod dashboard;
mod escape;
mod events;
mod hall;
mod hall_picture;
mod json_lines;
mod layouts;
mod local_time;
mod log;
mod mail;
mod member;
mod notices;
mod pager;
mod payments;
mod people;
mod refusals;
mod reservations;
mod rooms;
mod seat_ranges;
mod wire;

use axum::Router;
use axum::routing::get;

/// Collects the pages.
pub(crate) fn routes() -> Router {
    Router::new()
        .route("/staff", get(dashboard::show))
        .merge(events::routes())
        .merge(hall::routes())
        .merge(layouts::routes())
        .merge(rooms::routes())
        .merge(reservations::routes())
        .merge(payments::routes())
        .merge(notices::routes())
        .merge(people::routes())
        .merge(mail::routes())
        .merge(log::routes())
}
