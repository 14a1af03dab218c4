//! What the readers tell at the end of a measurement.

use std::collections::HashMap;

use serde_json::{Value, json};

/// What the readers tell.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Messages that reached any reader.
    pub(super) messages: u64,
    /// Their length in bytes, all together.
    pub(super) bytes: u64,
    pub(super) seconds: f64,
    /// Readers whose map is not the server's.
    pub(super) wrong: u64,
    /// When the last reader had a map version, in microseconds.
    pub(super) reached: HashMap<u64, u64>,
    /// The map version with which each seat was told.
    pub(super) told_with: HashMap<String, u64>,
}

impl Report {
    /// Writes the report on one line.
    pub(super) fn line(&self) -> String {
        let reached: HashMap<_, _> =
            self.reached.iter().map(|(version, at)| (version.to_string(), at)).collect();
        json!({
            "messages": self.messages, "bytes": self.bytes, "seconds": self.seconds, "wrong": self.wrong,
            "reached": reached, "told_with": self.told_with,
        })
        .to_string()
    }

    /// Reads a report.
    pub(super) fn of(line: &str) -> Result<Self, serde_json::Error> {
        let value: Value = serde_json::from_str(line)?;
        let number = |name: &str| value.get(name).and_then(Value::as_u64).unwrap_or_default();
        let numbers = |name: &str| -> Vec<(String, u64)> {
            let fields = value.get(name).and_then(Value::as_object).into_iter().flatten();
            fields.filter_map(|(name, number)| Some((name.clone(), number.as_u64()?))).collect()
        };
        let reached =
            numbers("reached").into_iter().filter_map(|(version, at)| Some((version.parse().ok()?, at)));
        Ok(Self {
            messages: number("messages"),
            bytes: number("bytes"),
            seconds: value.get("seconds").and_then(Value::as_f64).unwrap_or_default(),
            wrong: number("wrong"),
            reached: reached.collect(),
            told_with: numbers("told_with").into_iter().collect(),
        })
    }

    /// Returns when the last reader had the change of a seat, in microseconds.
    pub(super) fn last_reader_of(&self, seat: &str) -> Option<u64> {
        self.reached.get(self.told_with.get(seat)?).copied()
    }

    pub(super) const fn wrong_readers(&self) -> u64 {
        self.wrong
    }

    #[expect(clippy::cast_precision_loss, reason = "no run has 2^52 messages")]
    pub(super) fn messages_per_second(&self) -> f64 {
        self.messages as f64 / self.seconds.max(f64::MIN_POSITIVE)
    }

    /// Returns the mean length of a message.
    pub(super) fn message_bytes(&self) -> usize {
        usize::try_from(self.bytes / self.messages.max(1)).unwrap_or(usize::MAX)
    }
}

/// Reads a time of RFC 3339 in UTC, of this or a later month, in microseconds since 1970.
pub(super) fn micros_of(text: &str) -> Option<u64> {
    let at: tiketi_core::Timestamp = text.parse().ok()?;
    u64::try_from(at.as_micros()).ok()
}
