//! Runs each target over its kept inputs, and over inputs made of them.
//!
//! `FUZZ_SECONDS=300 cargo test --release -p tiketi-fuzz-targets` goes on for so long a target, and `FUZZ_FROM` says with which number
//! it begins. A failure names the input's number; what it shows belongs into `corpus/`, as a file.

#![cfg(test)]

use std::path::Path;
use std::time::Duration;

use tiketi_fuzz_targets::{TARGETS, Target, mutated};
use tokio::time::Instant;

/// Inputs made for a target in an ordinary run.
const FEW: u64 = 400;

fn kept(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{target} has no kept input");
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Says which input was tried if it panics.
struct Tried<'t>(&'t str, u64);

impl Drop for Tried<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("target {}, made input {}", self.0, self.1);
        }
    }
}

fn try_all(name: &str, target: Target) -> u64 {
    let seeds = kept(name);
    for input in &seeds {
        target(input);
    }
    let end = number("FUZZ_SECONDS").map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let from = number("FUZZ_FROM").unwrap_or(0);
    let mut at = from;
    while end.map_or(at < from + FEW, |end| Instant::now() < end) {
        let tried = Tried(name, at);
        target(&mutated(&seeds, at));
        drop(tried);
        at += 1;
    }
    at - from
}

#[test]
fn no_input_breaks_a_promise() {
    for (name, target) in TARGETS {
        let tried = try_all(name, target);
        println!("{name}: {tried} made inputs");
    }
}
