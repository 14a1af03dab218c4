//! Fingerprints: hashes of commands' contents, which distinguish a repetition from another command with the same key.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};
use uuid::Uuid;

/// Collects the content of a command and hashes it to 128 bits.
///
/// The hash (SipHash-1-3 with a fixed key) is the same on every machine and in every release, because stores save it.
/// Moments and new ids differ between repetitions of a command, so they are left out.
#[derive(Debug)]
pub struct Fingerprint(SipHasher13);

impl Fingerprint {
    /// Starts the fingerprint of a command with this name.
    pub fn of(command: &str) -> Self {
        let mut fingerprint = Self(SipHasher13::new());
        fingerprint.text(command);
        fingerprint
    }

    /// Adds an id.
    pub fn id(&mut self, id: Uuid) -> &mut Self {
        self.0.write(id.as_bytes());
        self
    }

    /// Adds a number.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.0.write(&number.to_le_bytes());
        self
    }

    /// Adds a text with its length, so that two adjacent texts are never confused with others.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.number(text.len() as u64);
        self.0.write(text.as_bytes());
        self
    }

    /// Returns the hash.
    pub fn finish(&self) -> u128 {
        self.0.finish128().as_u128()
    }
}

#[cfg(test)]
mod tests;
