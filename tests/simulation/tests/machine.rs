//! A simulated run cannot ask the machine for time or chance.

use std::panic::catch_unwind;

use tiketi_core::clock::{Clock, IdSource, SystemClock, TimeOrderedIds};
use tiketi_core::random::{Random, SystemRandom};
use tiketi_core::simulated::Simulated;
use tiketi_simulation::{Planted, replay_with};

/// Returns whether the machine's clock, ids and random bytes panic.
fn sources_panic() -> [bool; 3] {
    [
        catch_unwind(|| SystemClock.now()).is_err(),
        catch_unwind(|| TimeOrderedIds.next()).is_err(),
        catch_unwind(|| SystemRandom.bytes()).is_err(),
    ]
}

#[test]
fn the_machines_sources_panic_on_the_thread_of_a_simulated_run_only() {
    let guard = Simulated::begin();
    assert_eq!(sources_panic(), [true; 3]);
    let elsewhere = std::thread::spawn(sources_panic).join().unwrap();
    assert_eq!(elsewhere, [false; 3]);
    drop(guard);
    assert_eq!(sources_panic(), [false; 3]);
}

#[test]
fn a_planted_call_of_the_machines_clock_fails_its_seed() {
    let run = replay_with(1, Planted::MachineClock);
    let why = run.violation.expect("the call is found");
    assert!(why.contains("asks the machine for the time") || why.contains("panicked"), "{why}");
}
