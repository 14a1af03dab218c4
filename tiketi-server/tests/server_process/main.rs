//! The server as a separate process: its output, its options and its answers.

// Always true for this target. With it, Clippy treats helper functions as tests as well.
#![cfg(test)]

mod browsers;
mod commands;
mod crash;
mod health;
mod images;
mod limits;
mod logs;
mod maintenance;
mod options;
mod postgres;
mod rehearse;
mod relay;
mod restart;
mod roles;
mod rush;
mod serving;
mod shutdown;
mod slow_clients;
mod toss;
mod waiting_room;
