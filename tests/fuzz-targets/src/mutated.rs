//! Makes new inputs of kept ones, without a look at coverage.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// Longest input.
const MOST: usize = 64 << 10;
/// What parsers look for.
const WORDS: [&[u8]; 20] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b":",
    b",",
    b"null",
    b"true",
    b"-1",
    b"0",
    b"1e999",
    b"9007199254740993",
    b"18446744073709551616",
    b"\\u0000",
    b"\\ud800",
    b"\n",
    b"\0",
    b"\xff\xfe",
    "가".as_bytes(),
];

/// Returns the `number`-th input made of `seeds`; the same each time.
///
/// It is one of the seeds with one to eight changes: a bit, a byte, a word, a part that is left out, said twice, or
/// taken from another seed.
pub fn mutated(seeds: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut chance = SmallRng::seed_from_u64(number);
    let Some(mut input) = pick(seeds, &mut chance).cloned() else { return Vec::new() };
    for _ in 0..chance.random_range(1..=8) {
        change(&mut input, seeds, &mut chance);
    }
    input.truncate(MOST);
    input
}

fn pick<'s, T>(all: &'s [T], chance: &mut SmallRng) -> Option<&'s T> {
    if all.is_empty() { None } else { all.get(chance.random_range(..all.len())) }
}

fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], chance: &mut SmallRng) {
    let at = chance.random_range(0..=input.len());
    let end = (at + chance.random_range(0..32)).min(input.len());
    match chance.random_range(0..7) {
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << chance.random_range(0..8);
            }
        }
        1 => {
            if let Some(byte) = input.get_mut(at) {
                *byte = chance.random();
            }
        }
        2 => {
            input.splice(at..at, pick(&WORDS, chance).into_iter().flat_map(|word| word.iter().copied()));
        }
        3 => {
            input.drain(at..end);
        }
        4 => {
            let part = input[at..end].to_vec();
            input.splice(at..at, part);
        }
        5 => {
            let part = input[at..end].repeat(chance.random_range(1..200));
            input.splice(at..at, part);
        }
        _ => {
            let Some(other) = pick(seeds, chance) else { return };
            let from = chance.random_range(0..=other.len());
            let to = (from + chance.random_range(0..64)).min(other.len());
            input.splice(at..end, other[from..to].iter().copied());
        }
    }
}
