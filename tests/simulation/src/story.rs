//! What happened in a run: a hash of every line, and the lines if someone reads them.

use std::fmt::{self, Write as _};

use tiketi_core::Timestamp;
use uuid::Uuid;

/// The lines of a run, and their hash.
#[derive(Debug)]
pub(crate) struct Story {
    began: Timestamp,
    hash: u64,
    line: String,
    lines: Option<Vec<String>>,
}

impl Story {
    /// Begins a story; its lines are kept only if `is_told`.
    pub(crate) fn new(began: Timestamp, is_told: bool) -> Self {
        Self { began, hash: 0xCBF2_9CE4_8422_2325, line: String::new(), lines: is_told.then(Vec::new) }
    }

    /// Adds a line.
    pub(crate) fn tell(&mut self, now: Timestamp, what: fmt::Arguments<'_>) {
        self.line.clear();
        let passed = now.since(self.began);
        // Writing to a string cannot fail.
        let _ = write!(self.line, "{:>6}.{:03} s  {what}", passed.as_secs(), passed.subsec_millis());
        for byte in self.line.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        if let Some(lines) = &mut self.lines {
            lines.push(self.line.clone());
        }
    }

    /// Returns the hash of all lines so far.
    pub(crate) const fn hash(&self) -> u64 {
        self.hash
    }

    /// Takes the lines.
    pub(crate) fn take_lines(&mut self) -> Vec<String> {
        self.lines.take().unwrap_or_default()
    }
}

/// Shows an id by the number that the simulation gave it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Short(pub(crate) Uuid);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, low) = self.0.as_u64_pair();
        write!(f, "{}.{}", low >> 32, low & u64::from(u32::MAX))
    }
}
