//! Payments at several servers of one database: after every race, each buyer is served or refunded, once.
//!
//! Every server is a box office over its own store and pool; the servers share the database, the provider and the
//! clock. Each test ends with [`TestCluster::settled`]: the audit finds nothing, and the provider's amounts equal
//! those of the store.

#![cfg(test)]

mod call_off;
mod cluster;
mod confirms;
mod facts;
mod faults;
mod locked;
mod outcomes;
mod provider;
mod provider_timeouts;
mod reconciliation;
mod refunds;
mod webhooks;

use cluster::TestCluster;
