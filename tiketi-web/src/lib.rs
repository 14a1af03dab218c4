//! Tiketi's web pages: a whole shop for buyers and organisers, with or without JavaScript.
//!
//! The pages stand before the routes of `tiketi-http` and call them in the process, over the wire contract. So a page has no rule of its
//! own, and its handlers show how the API is used.
//!
//! ```
//! use axum::Router;
//! use tiketi_web::Settings;
//!
//! fn shop(api: Router) -> Result<Router, tiketi_web::UnknownZone> {
//!     let settings = Settings::default().shop("Harbour Tickets").time_zone("Asia/Seoul")?;
//!     Ok(tiketi_web::router(api, settings))
//! }
//! ```
//!
//! They are made for the root of a host name, and for a shop with accounts (`SignIn::Accounts`). Serve them with
//! `into_make_service_with_connect_info::<SocketAddr>()`, as the API.
//!
//! # Sessions
//!
//! Signing in puts the API's tokens into cookies that no script can read. A layer around pages *and* API turns them into the
//! `Authorization` header of requests without one, so the scripts of a page use the JSON API and the socket without a token. A request
//! that changes something, or opens a socket, by such a cookie must come from a page of the same origin.
//!
//! # Writing a page
//!
//! A handler takes a `Visit`, calls `visit.api`, and answers `visit.html(&template)`. A form is sent with `POST` and
//! answered with 303; its once-only key becomes the `Idempotency-Key` of the API's write. What is wrong with it is shown on the form.

// From the top down, each module imports only those below it:
//
//     account, buyer, staff, preferences   the pages
//     headers
//     error_page
//     session
//     page
//     visit
//     api
//     assets, shop
//     amount, claims, cookies, failure, form, language, moment, own_path, settings, texts, theme
mod account;
mod amount;
mod api;
mod assets;
mod buyer;
mod claims;
mod cookies;
mod error_page;
mod failure;
mod form;
mod headers;
mod language;
mod moment;
mod own_path;
mod page;
mod preferences;
mod session;
mod settings;
mod shop;
mod staff;
mod texts;
mod theme;
mod visit;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::ACCEPT;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::failure::Failure;
use crate::headers::Asked;
use crate::session::{origin, session};
use crate::shop::Shop;

pub use settings::{Settings, UnknownZone};

/// Most bytes of a form, unless its page says otherwise.
const MOST_FORM_BYTES: usize = 64 << 10;

/// Puts the pages before the routes of the API, which stay as they are.
pub fn router(api: Router, settings: Settings) -> Router {
    let shop = Arc::new(Shop { api: api.clone(), settings });
    let pages = buyer::routes().merge(account::routes()).merge(staff::routes()).merge(preferences::routes());
    let pages = pages
        .layer(from_fn(own_forms_only))
        .layer(from_fn(headers::of_pages))
        .layer(DefaultBodyLimit::max(MOST_FORM_BYTES));
    let all = pages.fallback_service(api.layer(from_fn(page_of_nothing)));
    let all = all.layer(from_fn_with_state(shop, session));
    Router::new().route("/assets/{hash}/{*name}", get(assets::serve)).merge(all)
}

/// Refuses forms that a page elsewhere sent, also of visitors who are not signed in.
async fn own_forms_only(request: Request, next: Next) -> Response {
    if origin::is_write(request.method(), request.headers()) && !origin::is_same(request.headers()) {
        return Failure::foreign_page().into_response();
    }
    next.run(request).await
}

/// Shows a page, instead of JSON, to people at an address that nothing has.
async fn page_of_nothing(request: Request, next: Next) -> Response {
    let wants_page = request.method() == Method::GET
        && !request.uri().path().starts_with("/api/")
        && request
            .headers()
            .get(ACCEPT)
            .is_some_and(|kinds| kinds.to_str().is_ok_and(|kinds| kinds.contains("text/html")));
    if !wants_page {
        return next.run(request).await;
    }
    let asked = Asked::of(&request);
    match next.run(request).await {
        response if response.status() == StatusCode::NOT_FOUND => {
            headers::finished(asked, Failure::not_found().into_response()).await
        }
        response => response,
    }
}
