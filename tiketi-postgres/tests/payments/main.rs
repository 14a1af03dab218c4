//! Money from several servers of one database: whatever meets whatever, each buyer is served or refunded, once.
//!
//! Every server is a box office over a store and a pool of its own; they share the database, the provider and
//! the clock. Each test ends with [`TestCluster::settled`]: the audit is clean, and the provider's books are ours.

#![cfg(test)]

mod books;
mod calling_off;
mod cluster;
mod confirming;
mod faults;
mod hanging;
mod locked;
mod provider;
mod reconciling;
mod refunding;
mod telling;
mod webhooks;

use cluster::TestCluster;
