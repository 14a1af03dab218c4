//! Metrics of the process, and of its connections to a database.

use std::fs;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use tiketi_core::metrics::ConnectionMeasured;
use tiketi_postgres::PostgresStore;

use super::{Histograms, histograms};

/// Ticks of a second in `/proc/self/stat` (source: proc(5); Linux shows 100 to every program).
const TICKS: f64 = 100.0;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolLabels {
    pool: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    pool: &'static str,
    state: &'static str,
}

/// The metrics of the process and of its pools. The names of the process's are those of Prometheus's own clients.
#[derive(Debug)]
pub(super) struct MachineMetrics {
    memory: Gauge,
    files: Gauge,
    most_files: Gauge,
    cpu: Counter<f64, AtomicU64>,
    pool_connections: Family<StateLabels, Gauge>,
    pool_most: Family<PoolLabels, Gauge>,
    waited: Histograms<PoolLabels>,
    held: Histograms<PoolLabels>,
}

impl Default for MachineMetrics {
    fn default() -> Self {
        Self {
            memory: Gauge::default(),
            files: Gauge::default(),
            most_files: Gauge::default(),
            cpu: Counter::default(),
            pool_connections: Family::default(),
            pool_most: Family::default(),
            waited: histograms(),
            held: histograms(),
        }
    }
}

impl MachineMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        let process = registry.sub_registry_with_prefix("process");
        process.register("resident_memory_bytes", "Memory in use, in bytes", self.memory.clone());
        process.register("open_fds", "Open files and connections", self.files.clone());
        process.register("max_fds", "Most open files and connections", self.most_files.clone());
        process.register_with_unit("cpu", "Time of processors used", Unit::Seconds, self.cpu.clone());
        let store = registry.sub_registry_with_prefix("tiketi_store");
        let open = "Connections to the database";
        store.register("connections", open, self.pool_connections.clone());
        store.register("connections_most", "Most connections to the database", self.pool_most.clone());
        let waited = "Time until there was a connection to the database, in seconds";
        store.register("connection_wait_seconds", waited, self.waited.clone());
        let held = "Time that a statement or transaction held a connection, in seconds";
        store.register("connection_hold_seconds", held, self.held.clone());
    }

    pub(super) fn connection(&self, measured: &ConnectionMeasured) {
        let labels = PoolLabels { pool: measured.pool };
        self.waited.get_or_create(&labels).observe(measured.waited.as_secs_f64());
        self.held.get_or_create(&labels).observe(measured.held.as_secs_f64());
    }

    /// Shows how many connections of a pool are used and idle, and how many it may have.
    pub(super) fn set_pool(&self, pool: &'static str, [used, idle, most]: [usize; 3]) {
        for (state, number) in [("used", used), ("idle", idle)] {
            self.pool_connections.get_or_create(&StateLabels { pool, state }).set(gauge(number));
        }
        self.pool_most.get_or_create(&PoolLabels { pool }).set(gauge(most));
    }

    /// Reads the figures of this moment.
    pub(super) fn read(&self, database: Option<&PostgresStore>) {
        for pool in database.into_iter().flat_map(PostgresStore::connections) {
            self.set_pool(pool.name, [pool.used, pool.idle, pool.most]);
        }
        // Only Linux has these files; elsewhere the figures stay 0.
        if let Some(bytes) = status("VmRSS:").and_then(|kib| kib.checked_mul(1 << 10)) {
            self.memory.set(bytes);
        }
        if let Some(files) = open_files() {
            self.files.set(files);
        }
        if let Some(most) = most_files() {
            self.most_files.set(most);
        }
        if let Some(seconds) = cpu_seconds() {
            let before = self.cpu.get();
            if seconds > before {
                self.cpu.inc_by(seconds - before);
            }
        }
    }
}

fn gauge(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Reads a figure of `/proc/self/status`.
fn status(name: &str) -> Option<i64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Counts open files. Recent kernels show the number as the size of the folder, which spares reading it.
fn open_files() -> Option<i64> {
    let shown = i64::try_from(fs::metadata("/proc/self/fd").ok()?.len()).ok()?;
    if shown > 0 { Some(shown) } else { Some(gauge(fs::read_dir("/proc/self/fd").ok()?.count())) }
}

fn most_files() -> Option<i64> {
    let text = fs::read_to_string("/proc/self/limits").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Reads the time of processors that the process used: fields 14 and 15 of its status (source: proc(5)).
fn cpu_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in brackets, may contain spaces.
    let (_, after) = text.rsplit_once(')')?;
    let mut fields = after.split_whitespace().skip(11).map(|field| field.parse::<u32>().ok());
    let (user, system) = (fields.next()??, fields.next()??);
    Some((f64::from(user) + f64::from(system)) / TICKS)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_the_process_are_those_of_the_system() {
        let metrics = MachineMetrics::default();
        metrics.read(None);
        assert!(metrics.memory.get() > 1 << 20, "{:?}", metrics.memory);
        assert!((3..=metrics.most_files.get()).contains(&metrics.files.get()), "{metrics:?}");
        let busy = std::time::Duration::from_millis(200);
        let began = tokio::time::Instant::now();
        while began.elapsed() < busy {
            std::hint::black_box(0);
        }
        metrics.read(None);
        assert!(metrics.cpu.get() > 0.0, "{:?}", metrics.cpu);
    }
}
