//! One of several compared ways, with the figures of each turn.

use crate::figures::{Timings, median};

/// The figures of one way, one for each turn.
#[derive(Debug)]
pub(crate) struct Way {
    name: String,
    per_second: Vec<f64>,
    p50_ms: Vec<f64>,
    p99_ms: Vec<f64>,
}

impl Way {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), per_second: Vec::new(), p50_ms: Vec::new(), p99_ms: Vec::new() }
    }

    /// Adds a turn.
    pub(crate) fn record(&mut self, mut timings: Timings) {
        self.per_second.push(timings.per_second());
        self.p50_ms.push(timings.percentile_ms(0.50));
        self.p99_ms.push(timings.percentile_ms(0.99));
    }

    /// Returns whether the way has no figures.
    pub(crate) fn is_empty(&self) -> bool {
        self.per_second.is_empty()
    }

    pub(crate) fn rate(&self) -> f64 {
        median(&self.per_second)
    }

    pub(crate) fn p50_ms(&self) -> f64 {
        median(&self.p50_ms)
    }

    pub(crate) fn p99_ms(&self) -> f64 {
        median(&self.p99_ms)
    }
}

/// Prints the ways as a table.
pub(crate) fn print_table(ways: &[&Way]) {
    println!("{:<36}  {:>10}  {:>9}  {:>9}", "", "per second", "p50 ms", "p99 ms");
    for way in ways {
        println!("{:<36}  {:>10.0}  {:>9.4}  {:>9.4}", way.name, way.rate(), way.p50_ms(), way.p99_ms());
    }
}
