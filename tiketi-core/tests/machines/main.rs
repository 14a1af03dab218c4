//! The five state machines, tested cell by cell against the tables in their documentation, and by property tests.
//!
//! Each table below has the rows and columns of the one in the documentation. A cell with several cases has one
//! line for each. `-` is an illegal transition.

#![cfg(test)]

mod event;
mod payment;
mod place;
mod reservation;
mod seat;

use std::fmt::Debug;

use proptest::test_runner::{Config, RngSeed};
use tiketi_core::{Timestamp, transition::IllegalTransition};

/// The same random cases in every run; `PROPTEST_CASES` sets how many.
fn config() -> Config {
    Config { failure_persistence: None, rng_seed: RngSeed::Fixed(0x7E0A), ..Config::default() }
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// Checks one cell: the variant's name, or `-` with an error that names the machine.
fn check_cell<S: Debug>(machine: &str, cell: &str, expected: &str, after: Result<S, IllegalTransition>) {
    match after {
        Ok(state) => {
            let name = format!("{state:?}");
            let name = name.split([' ', '{']).next().unwrap_or_default();
            assert_eq!(name, expected, "{cell}");
        }
        Err(illegal) => {
            assert_eq!(expected, "-", "{cell}: {illegal}");
            assert_eq!(illegal.machine(), machine, "{cell}");
        }
    }
}
