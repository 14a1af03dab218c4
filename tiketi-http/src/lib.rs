//! Serves a [`tiketi_core::BoxOffice`] over HTTP: routes to nest in an axum app, and their OpenAPI document.
//!
//! ```
//! use std::sync::Arc;
//! use tiketi_core::{memory::{MemoryStore, TestGateway}, BoxOffice};
//! use tiketi_http::{AppState, SignIn, TokenSecret};
//!
//! let store = Arc::new(MemoryStore::default());
//! let box_office = BoxOffice::builder()
//!     .store(Arc::clone(&store))
//!     .gateway(Arc::new(TestGateway::default()))
//!     .build()?;
//! let secret = TokenSecret::new("at least thirty-two bytes of secret text")?;
//! let sign_in = SignIn::Accounts { store: store.clone(), secret };
//! let state = AppState::builder(box_office, store.clone(), store, sign_in).build()?;
//! let app: axum::Router = tiketi_http::router(state);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Below a path of a host's app
//!
//! The routes are an axum router like any other. The host's own routes stand beside them, and none of the layers
//! around these routes touches the host's.
//!
//! ```
//! use axum::{Router, routing::get};
//! use tiketi_http::AppState;
//!
//! fn app(state: AppState) -> Router {
//!     Router::new()
//!         .route("/", get(async || "The host's own page."))
//!         .nest("/tickets", tiketi_http::router(state)) // events are at /tickets/api/events
//! }
//! ```
//!
//! They set no CORS headers: a host that serves its page from elsewhere adds a layer that names its own origin, as
//! `tiketi-server` does.
//!
//! # Users
//!
//! [`SignIn`] says who the users are:
//!
//! - [`SignIn::Accounts`]: the shop has accounts, which register and sign in at `/api/auth` and get JWTs.
//! - [`SignIn::Host`]: the host has users. It implements [`Authenticator`] over its own sessions or tokens, which returns
//!   the user of a request: an id and a role. No account store and no secret are needed, and the routes below
//!   `/api/auth` are neither served nor in the OpenAPI document. A host that issues JWTs itself uses
//!   [`JwtAuthenticator`].
//!
//! ```
//! # use std::sync::Arc;
//! # use tiketi_core::{memory::MemoryStore, BoxOffice};
//! use tiketi_http::{AppState, Authenticator, SignIn};
//!
//! # fn state(
//! #     box_office: BoxOffice, store: Arc<MemoryStore>, sessions: Arc<dyn Authenticator>,
//! # ) -> Result<AppState, tiketi_http::StateError> {
//! AppState::builder(box_office, store.clone(), store, SignIn::Host(sessions)).build()
//! # }
//! ```
//!
//! Reservations, payments and idempotency keys belong to the id that the authenticator returns. The example
//! `own_sessions` is a host with a session cookie.
//!
//! # Background jobs
//!
//! The routes run nothing between requests. The host calls [`AppState::run_jobs_once`] in a loop, on any number of
//! servers:
//!
//! ```
//! use tiketi_http::AppState;
//!
//! async fn run_jobs(state: AppState) {
//!     loop {
//!         let report = state.run_jobs_once().await;
//!         for (job, error) in report.failures() {
//!             eprintln!("{} will be tried again: {error}", job.name());
//!         }
//!         tokio::time::sleep(report.next).await;
//!     }
//! }
//! ```
//!
//! It ends expired holds, calls the next buyers of waiting rooms, delivers facts, reconciles payments and refunds with an unknown outcome, processes webhooks,
//! refunds the buyers of cancelled events, and deletes old records. Without it, a payment whose answer was lost stays
//! unknown.
//!
//! Work that moves money outlives its request: close [`AppState::tasks`] and wait for it when shutting down.
//!
//! # Where requests come from
//!
//! Requests are counted by user and by network ([`RequestLimits`]), and so are sign-ins and places in waiting rooms ([`SignInLimits`],
//! [`SourceLimits`](tiketi_core::waiting_room::SourceLimits)). For that the routes need the address of the peer: serve them
//! with `into_make_service_with_connect_info::<SocketAddr>()`. Behind a proxy, [`TrustedProxies`] says which peers may
//! name their client in a header; the headers of all others are not read.
//!
//! # Live updates
//!
//! `/ws` is a WebSocket on which clients follow events, and signed-in users their own news; `/api/asyncapi.json` describes
//! the messages. [`AllowedOrigins`] says whose pages may open one, [`SocketLimits`] bounds them. A graceful shutdown of
//! axum does not end them: call [`AppState::close_sockets`]. They are served with HTTP/1.1 connections that may be
//! upgraded, as those of `axum::serve` are.
//!
//! # Figures
//!
//! `/api/stats` shows what was sold, returned and paid, by day in a [`TimeZone`], if the shop keeps figures: build it with
//! [`BoxOfficeBuilder::figures`](tiketi_core::BoxOfficeBuilder::figures) and a [`TimeZone`]. Otherwise these routes answer
//! `FIGURES_NOT_KEPT`.
//!
//! # Images
//!
//! Staff upload images to an [`ImageStore`] of the host ([`AppStateBuilder::images`]), and `/images` serves them. What is stored was
//! encoded again from its pixels.
//!
//! # What holds for every route
//!
//! - Every answer that is not a success has one shape, in English or Korean; `ERRORS.md` and the document
//!   from [`openapi()`] list every code with its status and remedy. Causes go to the log, never to clients.
//! - A write with an `Idempotency-Key` takes effect once and runs to its end even if the client disconnects. A
//!   repetition gets the same answer.
//! - Bodies, times and password hashing are bounded by [`HttpLimits`].

// From the top down, each module imports only those below it:
//
//     router       every route and layer put together
//     openapi, middleware
//     routes, auth, health, idempotency, limited, socketio, ws
//     extract, tasks
//     state
//     channels
//     live
//     event_detail, event_layout, event_states, seat_map, serving_cache, credentials, images, proof_of_work, readiness,
//     request_limits
//     authenticator, dto, picture
//     panics, body
//     error
//     allowed_origins, client_address, conditional, gzip, language, layout_file, limits, notice_views, request_context, status_words, time_zone
mod allowed_origins;
mod auth;
mod authenticator;
mod body;
mod channels;
mod client_address;
mod conditional;
mod credentials;
mod csv;
mod dto;
mod error;
mod event_detail;
mod event_layout;
mod event_states;
mod extract;
mod gzip;
mod health;
mod idempotency;
mod images;
mod language;
pub mod layout_file;
mod limited;
mod limits;
mod live;
mod middleware;
mod notice_views;
mod openapi;
mod operation_id;
mod panics;
mod picture;
mod proof_of_work;
mod readiness;
mod reason;
mod request_context;
mod request_limits;
mod router;
mod routes;
mod seat_map;
mod serving_cache;
#[cfg(feature = "socketio")]
mod socketio;
mod staff_log;
mod state;
mod status_words;
mod tasks;
#[cfg(test)]
mod test_support;
mod time_zone;
mod ws;

pub use allowed_origins::{AllowedOrigins, InvalidOrigin};
pub use auth::{EnsureAccountError, NewAccount};
pub use authenticator::{AuthenticatedUser, AuthenticationError, Authenticator, CredentialScheme};
pub use channels::SocketLimits;
pub use client_address::{ForwardedHeader, InvalidNetwork, TrustedProxies};
pub use credentials::{
    FetchedKeys, GoogleSignIn, JwtAuthenticator, KeySource, KeySourceError, SecretTooShort, SignInLimits,
    TokenSecret,
};
pub use error::{Refusal, RefusalAnswer};
pub use images::{ImageFormat, ImageName, ImageStore, InvalidImageName};
pub use limits::HttpLimits;
pub use readiness::DependencyCheck;
pub use request_limits::{ClassLimits, RequestLimits};
pub use router::{openapi, router};
pub use state::{AppState, AppStateBuilder, SignIn, StateError};
pub use time_zone::{TimeZone, UnknownTimeZone};
