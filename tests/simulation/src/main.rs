//! Runs seeds of the simulation; exits with 1 at the first that fails.

use std::process::ExitCode;

use clap::Parser;
use tiketi_simulation::{Sweep, shrink, sweep, tell};

/// Whole sales with every fault, repeatable from one number.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many seeds are run.
    #[arg(long, default_value_t = 2_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Runs this seed only.
    #[arg(long)]
    seed: Option<u64>,
    /// Prints the story of the one seed.
    #[arg(long, requires = "seed")]
    trace: bool,
    /// The number of threads; each has a world of its own.
    #[arg(long)]
    threads: Option<usize>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.seed {
        Some(seed) => one(seed, arguments.trace),
        None => many(&arguments),
    }
}

/// Runs one seed.
fn one(seed: u64, is_told: bool) -> ExitCode {
    let run = tell(seed);
    if is_told {
        run.story.iter().for_each(|line| println!("{line}"));
    }
    println!(
        "seed {seed}: hash {:016x}, {} simulated s, {} turns",
        run.hash,
        run.simulated.as_secs(),
        run.turns
    );
    match run.violation {
        None => ExitCode::SUCCESS,
        Some(why) => {
            println!("{why}");
            smaller(seed);
            ExitCode::FAILURE
        }
    }
}

/// Runs many seeds, until one fails.
fn many(arguments: &Arguments) -> ExitCode {
    let threads =
        arguments.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let done = sweep(arguments.from, arguments.seeds, threads, None, |so_far| {
        if so_far.runs % 10_000 == 0 {
            eprintln!("{}", summary(so_far));
        }
    });
    println!("{}\n{}", done.tally, summary(&done));
    let Some(failed) = &done.failed else { return ExitCode::SUCCESS };
    println!("seed {} fails: {}", failed.seed, failed.violation.as_deref().unwrap_or_default());
    smaller(failed.seed);
    println!("add the seed to tests/simulation/regressions.txt");
    ExitCode::FAILURE
}

fn summary(done: &Sweep) -> String {
    let hours = done.simulated.as_secs() / 3_600;
    format!("{} seeds, {hours} simulated hours, {} turns", done.runs, done.turns)
}

/// Makes a failing seed smaller, and prints what is left of it.
fn smaller(seed: u64) {
    let Some(shrunk) = shrink(seed, None) else { return };
    println!("\nthe smallest run that was found: {}", shrunk.left);
    shrunk.run.story.iter().for_each(|line| println!("{line}"));
}
