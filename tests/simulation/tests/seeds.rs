//! Runs the kept seeds, and many more; each condition must be reached in some of them.

use tiketi_simulation::{replay, shrink, sweep};

/// Seeds that found a bug once.
const REGRESSIONS: &str = include_str!("../regressions.txt");
/// How many other seeds are run.
const SEEDS: u64 = 2_000;
/// Names the first of the other seeds, for runs of seeds that were never run; 0 by default.
const FROM: &str = "TIKETI_SIMULATION_FROM";

/// Tells the smallest run that still fails, as a story.
fn told(seed: u64, why: &str) -> String {
    let story =
        shrink(seed, None).map(|shrunk| (shrunk.left, shrunk.run.story.join("\n"))).unwrap_or_default();
    format!("seed {seed}: {why}\nthe smallest run that was found: {}\n{}", story.0, story.1)
}

#[test]
fn kept_seeds_pass() {
    let kept = REGRESSIONS.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in kept {
        let seed = line
            .split_whitespace()
            .next()
            .and_then(|seed| seed.parse().ok())
            .expect("a line begins with a seed");
        if let Some(why) = replay(seed).violation {
            panic!("{}", told(seed, &why));
        }
    }
}

#[test]
fn thousands_of_seeds_pass_and_reach_every_condition() {
    let from = std::env::var(FROM).map_or(0, |from| from.parse().expect("the first seed is a number"));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let done = sweep(from, SEEDS, threads, None, |_| {});
    println!("{}", done.tally);
    println!("seeds from {from}: {}, {} simulated hours", done.runs, done.simulated.as_secs() / 3_600);
    if let Some(failed) = done.failed {
        panic!("{}", told(failed.seed, failed.violation.as_deref().unwrap_or_default()));
    }
    assert_eq!(done.tally.never(), [""; 0], "never in {SEEDS} seeds");
}

#[test]
fn the_same_seed_makes_the_same_run() {
    for seed in 0..40 {
        let (one, other) = (replay(seed), replay(seed));
        assert_eq!((one.hash, one.turns, &one.tally), (other.hash, other.turns, &other.tally), "seed {seed}");
    }
}
