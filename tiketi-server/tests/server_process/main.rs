//! The real server in a process of its own: what it prints, obeys, and answers.

// Always true here; it tells the lints that the functions beside the tests are tests, too.
#![cfg(test)]

mod commands;
mod crash;
mod keeping;
mod logs;
mod many;
mod operating;
mod options;
mod running;
mod stopping;
mod toss;
