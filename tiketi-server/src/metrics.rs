//! Metrics for Prometheus, at `/metrics`.
//!
//! No label has the id of a buyer, a seat or an order: each label has a fixed list of values.

mod machine;
mod waiting;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tiketi_core::metrics::{
    AdmissionMeasured, BatchMeasured, CommandMeasured, ConnectionMeasured, GatewayCallMeasured, Metrics,
    RetryMeasured, failure_word,
};
use tiketi_core::{BoxOffice, PageRequest, PaymentState, ReservationState, StoreError, decide::Applied};
use tiketi_http::AppState;
use tiketi_postgres::PostgresStore;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::connections::ConnectionCounts;

use machine::MachineMetrics;
use waiting::WaitingMetrics;

/// Limits of the buckets of durations, in seconds.
const SECONDS: [f64; 14] =
    [0.000_1, 0.000_25, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// Limits of the buckets of batch sizes, in commands; a batch has at most 256.
const COMMANDS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// Longest wait for a figure that is read from the store.
const READ_WITHIN: Duration = Duration::from_secs(2);
/// Media type of the text format (source: `OpenMetrics` 1.0, "Text format").
const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Counters<L> = Family<L, Counter>;
type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    path: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    path: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CommandLabels {
    command: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NameLabels {
    command: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CauseLabels {
    cause: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    gateway: String,
    call: &'static str,
    answer: &'static str,
}

/// The metrics of a server.
pub(crate) struct ServerMetrics {
    registry: Registry,
    requests: Counters<RequestLabels>,
    request_seconds: Histograms<RouteLabels>,
    ws_connections: Gauge,
    ws_most: Gauge,
    commands: Counters<CommandLabels>,
    command_seconds: Histograms<NameLabels>,
    holds_refused: Counters<ReasonLabels>,
    reservations_created: Counter,
    seats_reserved: Counter,
    events_created: Counter,
    payments_processed: Counters<OutcomeLabels>,
    payments_stuck: Gauge,
    batch_size: Histogram,
    batch_seconds: Histogram,
    batch_transactions: Counter,
    retries: Counters<CauseLabels>,
    gateway_calls: Counters<CallLabels>,
    gateway_seconds: Histograms<CallLabels>,
    waiting: WaitingMetrics,
    connections: ConnectionCounts,
    machine: MachineMetrics,
}

impl fmt::Debug for ServerMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerMetrics").finish_non_exhaustive()
    }
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

fn histograms<L: Clone + Eq + std::hash::Hash>() -> Histograms<L> {
    Family::new_with_constructor(seconds)
}

impl Default for ServerMetrics {
    /// Makes metrics that start at zero.
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            requests: Family::default(),
            request_seconds: histograms(),
            ws_connections: Gauge::default(),
            ws_most: Gauge::default(),
            commands: Family::default(),
            command_seconds: histograms(),
            holds_refused: Family::default(),
            reservations_created: Counter::default(),
            seats_reserved: Counter::default(),
            events_created: Counter::default(),
            payments_processed: Family::default(),
            payments_stuck: Gauge::default(),
            batch_size: Histogram::new(COMMANDS),
            batch_seconds: seconds(),
            batch_transactions: Counter::default(),
            retries: Family::default(),
            gateway_calls: Family::default(),
            gateway_seconds: histograms(),
            waiting: WaitingMetrics::default(),
            connections: ConnectionCounts::default(),
            machine: MachineMetrics::default(),
        };
        metrics.register_requests();
        metrics.register_sales();
        metrics.register_store();
        metrics.waiting.register(metrics.registry.sub_registry_with_prefix("tiketi"));
        metrics.machine.register(&mut metrics.registry);
        metrics.connections.register(metrics.registry.sub_registry_with_prefix("tiketi"));
        metrics
    }
}

impl ServerMetrics {
    /// Returns the figures of connections.
    pub(crate) fn connections(&self) -> &ConnectionCounts {
        &self.connections
    }

    fn register_requests(&mut self) {
        let registry = &mut self.registry;
        registry.register("http_requests", "Requests answered", self.requests.clone());
        let took = "Time from a request to its answer, in seconds";
        registry.register("http_request_duration_seconds", took, self.request_seconds.clone());
        let open = "Sockets that are open at this server";
        registry.register("tiketi_ws_connections", open, self.ws_connections.clone());
        let most = "Most sockets that this server takes";
        registry.register("tiketi_ws_connections_most", most, self.ws_most.clone());
    }

    fn register_sales(&mut self) {
        let registry = self.registry.sub_registry_with_prefix("tiketi");
        registry.register("commands", "Commands executed", self.commands.clone());
        let took = "Time from a command to its answer, in seconds";
        registry.register("command_duration_seconds", took, self.command_seconds.clone());
        registry.register("holds_refused", "Holds refused", self.holds_refused.clone());
        let made = "Reservations created";
        registry.register("reservations_created", made, self.reservations_created.clone());
        registry.register("seats_reserved", "Seats sold", self.seats_reserved.clone());
        registry.register("events_created", "Events created", self.events_created.clone());
        let outcomes = "Outcomes of payments recorded";
        registry.register("payments_processed", outcomes, self.payments_processed.clone());
        let stuck = "Payments that need the attention of staff, in the whole shop";
        registry.register("payments_stuck", stuck, self.payments_stuck.clone());
        registry.register("gateway_calls", "Calls of payment gateways", self.gateway_calls.clone());
        let took = "Time from a call of a gateway to its answer, in seconds";
        registry.register("gateway_call_duration_seconds", took, self.gateway_seconds.clone());
    }

    fn register_store(&mut self) {
        let registry = self.registry.sub_registry_with_prefix("tiketi");
        registry.register("batch_size", "Commands that share a commit", self.batch_size.clone());
        let took = "Time from a batch's first transaction to its answers, in seconds";
        registry.register("batch_duration_seconds", took, self.batch_seconds.clone());
        let transactions = "Transactions of batches, those that were run again included";
        registry.register("batch_transactions", transactions, self.batch_transactions.clone());
        registry.register("store_retries", "Work that the store ran again", self.retries.clone());
    }

    /// Reads how many payments need the attention of staff.
    async fn read_payments(&self, box_office: &BoxOffice) -> Result<(), StoreError> {
        let listed = box_office.support().payments_needing_attention(PageRequest::FIRST).await?;
        self.payments_stuck.set(i64::try_from(listed.total).unwrap_or(i64::MAX));
        Ok(())
    }

    /// Returns the text that Prometheus reads.
    fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    fn count_applied(&self, name: &str, applied: &Applied) {
        let reservation = &applied.reservation;
        match name {
            "hold" if reservation.version == 1 => {
                self.reservations_created.inc();
            }
            "record-outcome" => {
                if let Some(payment) = &applied.payment {
                    let outcome = payment_word(&payment.state);
                    self.payments_processed.get_or_create(&OutcomeLabels { outcome }).inc();
                }
            }
            _ => {}
        }
        let is_sold = matches!(reservation.state, ReservationState::Confirmed { .. });
        if is_sold && matches!(name, "record-outcome" | "confirm-free") {
            self.seats_reserved.inc_by(reservation.seats.len() as u64);
        }
    }
}

fn payment_word(state: &PaymentState) -> &'static str {
    match state {
        PaymentState::Ready => "ready",
        PaymentState::Confirming { .. } => "confirming",
        PaymentState::Paid { .. } => "paid",
        PaymentState::PartlyRefunded { .. } => "partly_refunded",
        PaymentState::Refunded { .. } => "refunded",
        PaymentState::Declined { .. } => "declined",
        PaymentState::Abandoned => "abandoned",
        PaymentState::Stuck { .. } => "stuck",
    }
}

impl Metrics for ServerMetrics {
    fn command(&self, measured: &CommandMeasured<'_>) {
        let (command, outcome) = (measured.name, measured.outcome());
        self.commands.get_or_create(&CommandLabels { command, outcome }).inc();
        let took = measured.took.as_secs_f64();
        self.command_seconds.get_or_create(&NameLabels { command }).observe(took);
        if let (true, Some(reason)) = (command == "hold", measured.refusal()) {
            self.holds_refused.get_or_create(&ReasonLabels { reason }).inc();
        }
        if let Ok(applied) = measured.result
            && !applied.replayed
        {
            self.count_applied(command, applied);
        }
    }

    fn batch(&self, measured: &BatchMeasured) {
        let commands = u32::try_from(measured.commands).unwrap_or(u32::MAX);
        self.batch_size.observe(f64::from(commands));
        self.batch_seconds.observe(measured.took.as_secs_f64());
        self.batch_transactions.inc_by(measured.transactions as u64);
    }

    fn retry(&self, measured: &RetryMeasured) {
        self.retries.get_or_create(&CauseLabels { cause: failure_word(measured.cause) }).inc();
    }

    fn connection(&self, measured: &ConnectionMeasured) {
        self.machine.connection(measured);
    }

    fn gateway_call(&self, measured: &GatewayCallMeasured<'_>) {
        let GatewayCallMeasured { gateway, call, answer, took, .. } = *measured;
        let labels = CallLabels { gateway: gateway.to_owned(), call, answer };
        self.gateway_calls.get_or_create(&labels).inc();
        self.gateway_seconds.get_or_create(&labels).observe(took.as_secs_f64());
    }

    fn event_created(&self) {
        self.events_created.inc();
    }

    fn admission(&self, measured: &AdmissionMeasured<'_>) {
        self.waiting.admission(measured);
    }
}

/// Adds the route `/metrics`, and measures the requests of all routes.
pub(crate) fn add(
    routes: Router,
    metrics: Arc<ServerMetrics>,
    (box_office, database, state): (BoxOffice, Option<PostgresStore>, AppState),
) -> Router {
    let reading = Arc::default();
    let page = MetricsPage { metrics: Arc::clone(&metrics), box_office, database, state, reading };
    let page = Router::new().route("/metrics", get(show)).with_state(page);
    routes.merge(page).layer(from_fn_with_state(metrics, measure))
}

/// What `/metrics` reads.
#[derive(Debug, Clone)]
struct MetricsPage {
    metrics: Arc<ServerMetrics>,
    box_office: BoxOffice,
    database: Option<PostgresStore>,
    state: AppState,
    /// One request at a time replaces the figures of the stores.
    reading: Arc<Mutex<()>>,
}

/// Shows the metrics.
async fn show(State(page): State<MetricsPage>) -> Response {
    let _reading = page.reading.lock().await;
    let MetricsPage { metrics, box_office, database, state, .. } = &page;
    metrics.machine.read(database.as_ref());
    metrics.ws_connections.set(i64::try_from(state.socket_count()).unwrap_or(i64::MAX));
    metrics.ws_most.set(i64::try_from(state.socket_limits().total).unwrap_or(i64::MAX));
    // A store that does not answer must not keep the other figures from being read; its own stay as they were.
    let _unread = tokio::join!(
        timeout(READ_WITHIN, metrics.read_payments(box_office)),
        timeout(READ_WITHIN, metrics.waiting.read_rooms(box_office)),
        timeout(READ_WITHIN, metrics.waiting.read_outbox(box_office)),
    );
    match metrics.text() {
        Ok(text) => ([(CONTENT_TYPE, TEXT)], text).into_response(),
        Err(_) => axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Measures every request by its route.
async fn measure(State(metrics): State<Arc<ServerMetrics>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = method_word(request.method());
    // An unknown path is one label: clients choose paths, and each label costs memory.
    let path = request.extensions().get::<MatchedPath>();
    let path = path.map_or("unknown", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let route = RouteLabels { method, path: path.clone() };
    metrics.request_seconds.get_or_create(&route).observe(began.elapsed().as_secs_f64());
    let status = response.status().as_u16();
    metrics.requests.get_or_create(&RequestLabels { method, path, status }).inc();
    response
}

fn method_word(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use tiketi_core::decide::HoldRefused;
    use tiketi_core::{CommandError, StoreErrorKind};

    use super::*;

    #[test]
    fn measurements_are_figures_of_their_labels() {
        let metrics = ServerMetrics::default();
        let refused = Err(CommandError::Refused(HoldRefused::NothingAsked.into()));
        metrics.command(&CommandMeasured::new("hold", Duration::from_millis(3), &refused));
        metrics.batch(&BatchMeasured::new(7, 2, Duration::from_millis(4)));
        metrics.retry(&RetryMeasured::new(StoreErrorKind::Contention, None));
        metrics.gateway_call(&GatewayCallMeasured::new("toss", "confirm", "unknown", Duration::from_secs(5)));
        metrics.event_created();
        metrics.connection(&ConnectionMeasured::new("write", Duration::ZERO, Duration::from_millis(2)));
        metrics.machine.set_pool("read", [3, 5, 16]);
        let text = metrics.text().unwrap();
        for line in [
            "tiketi_commands_total{command=\"hold\",outcome=\"refused\"} 1",
            "tiketi_command_duration_seconds_bucket{le=\"0.005\",command=\"hold\"} 1",
            "tiketi_holds_refused_total{reason=\"nothing_asked\"} 1",
            "tiketi_batch_size_bucket{le=\"8.0\"} 1",
            "tiketi_batch_transactions_total 2",
            "tiketi_store_retries_total{cause=\"contention\"} 1",
            "tiketi_gateway_calls_total{gateway=\"toss\",call=\"confirm\",answer=\"unknown\"} 1",
            "tiketi_events_created_total 1",
            "tiketi_payments_stuck 0",
            "tiketi_store_connection_wait_seconds_bucket{le=\"0.0001\",pool=\"write\"} 1",
            "tiketi_store_connection_hold_seconds_bucket{le=\"0.0025\",pool=\"write\"} 1",
            "tiketi_store_connections{pool=\"read\",state=\"used\"} 3",
            "tiketi_connections 0",
            "tiketi_connections_beyond_total{limit=\"network\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in:\n{text}");
        }
    }
}
