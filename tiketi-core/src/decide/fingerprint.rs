//! A digest of what a command asks for, to tell a repetition from a reuse of its key.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};
use uuid::Uuid;

/// Collects a command's content and digests it to 128 bits.
///
/// The digest (SipHash-1-3 with a fixed key) is the same on every machine and release, because
/// stores keep it. What differs between two tries of one intent, the time and the new ids, is left out.
#[derive(Debug)]
pub struct Fingerprint(SipHasher13);

impl Fingerprint {
    /// Starts the digest of a command of this name.
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

    /// Adds a text, with its length, so that two texts never run together.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.number(text.len() as u64);
        self.0.write(text.as_bytes());
        self
    }

    /// Returns the digest.
    pub fn finish(&self) -> u128 {
        self.0.finish128().as_u128()
    }
}

#[cfg(test)]
mod tests;
