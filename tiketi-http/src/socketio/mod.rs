//! Live updates over Socket.IO, at `/socket.io`, for clients that were written against the first Tiketi.
//!
//! A request is counted and admitted by `routes`, and then served by the engine of `socketioxide`. `clients` reads what clients
//! send: a handshake with a token, and wishes to join rooms. A [`feed`] tells the rooms of an event what changes, encoded
//! once for all; `users` tells each user alone what is private.

mod clients;
mod feed;
mod hub;
mod members;
mod message;
mod peer;
mod recent;
mod room_request;
mod routes;
mod session;
mod users;
mod write_deadline;

pub(crate) use routes::routes;
