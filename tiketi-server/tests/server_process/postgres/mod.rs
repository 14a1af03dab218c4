//! A server on a Postgres database.

mod clock;
mod commands;
mod demo;
mod outage;
mod pooler;
mod rehearse;
mod tls;
mod waiting_room;
