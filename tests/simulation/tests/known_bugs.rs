//! The checker is itself tested: it must find each known bug.

use tiketi_simulation::{Planted, replay_with, shrink, sweep};

/// Within how many seeds a known bug must be found.
const SEEDS: u64 = 2_000;

#[test]
fn each_known_bug_is_found_within_two_thousand_seeds() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut unfound = Vec::new();
    for bug in Planted::ALL {
        match sweep(0, SEEDS, threads, Some(*bug), |_| {}).failed {
            Some(found) => {
                let why = found.violation.unwrap_or_default();
                println!("{bug:?}: found within {} seeds: {why}", found.seed + 1);
            }
            None => unfound.push(*bug),
        }
    }
    assert_eq!(unfound, [], "not found within {SEEDS} seeds");
}

#[test]
fn a_failing_run_is_made_smaller_and_still_fails() {
    let bug = Planted::TimeoutIsDeclined;
    let seed = (0..SEEDS).find(|seed| replay_with(*seed, bug).violation.is_some()).expect("it is found");
    let shrunk = shrink(seed, Some(bug)).expect("it fails");
    println!("{}", shrunk.left);
    assert!(shrunk.run.violation.is_some());
    assert!(!shrunk.run.story.is_empty());
    assert!(shrunk.run.simulated <= replay_with(seed, bug).simulated);
}
