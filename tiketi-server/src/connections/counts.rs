//! Figures of connections, for `/metrics`.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tiketi_http::Refusal;

/// Why the server ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The headers of a request did not arrive in time.
    Headers,
    /// A body did not arrive in time.
    Body,
    /// There was no further request.
    Idle,
    /// The client did not take its answer.
    Write,
    /// The server stopped.
    Stop,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CauseLabels {
    cause: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabels {
    limit: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: u16,
}

/// Counts connections; clones share the figures.
#[derive(Debug, Default, Clone)]
pub(crate) struct ConnectionCounts {
    open: Gauge,
    most: Gauge,
    ended: Family<CauseLabels, Counter>,
    beyond: Family<LimitLabels, Counter>,
    refused: Family<StatusLabels, Counter>,
}

impl ConnectionCounts {
    /// Registers the figures, below the prefix of the registry.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("connections", "Connections that are open", self.open.clone());
        registry.register("connections_most", "Most connections that the server takes", self.most.clone());
        let ended = "Connections that the server ended, by cause";
        registry.register("connections_ended", ended, self.ended.clone());
        let beyond = "Connections beyond a limit, which get one answer";
        registry.register("connections_beyond", beyond, self.beyond.clone());
        let refused = "Requests that were answered before a route, by status";
        registry.register("requests_refused", refused, self.refused.clone());
        // Shown from the start: the first one is an increase, too.
        for limit in ["all", "network"] {
            drop(self.beyond.get_or_create(&LimitLabels { limit }));
        }
        for cause in ["headers", "body", "idle", "write", "stop"] {
            drop(self.ended.get_or_create(&CauseLabels { cause }));
        }
    }

    pub(super) fn opened(&self) {
        self.open.inc();
    }

    pub(super) fn closed(&self) {
        self.open.dec();
    }

    pub(super) fn set_most(&self, connections: usize) {
        self.most.set(i64::try_from(connections).unwrap_or(i64::MAX));
    }

    pub(super) fn ended(&self, ending: Ending) {
        let cause = match ending {
            Ending::Headers => "headers",
            Ending::Body => "body",
            Ending::Idle => "idle",
            Ending::Write => "write",
            Ending::Stop => "stop",
        };
        self.ended.get_or_create(&CauseLabels { cause }).inc();
    }

    pub(super) fn beyond(&self, limit: &'static str) {
        self.beyond.get_or_create(&LimitLabels { limit }).inc();
    }

    pub(super) fn refused(&self, refusal: Refusal) {
        let status = refusal.status().as_u16();
        self.refused.get_or_create(&StatusLabels { status }).inc();
    }
}
