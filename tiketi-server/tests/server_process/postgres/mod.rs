//! A server whose store is a database that others share.

mod clock;
mod commands;
mod demo;
mod outage;
mod pooler;
mod tls;
mod waiting_room;
