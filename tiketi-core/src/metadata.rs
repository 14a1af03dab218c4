//! The host's own data about an event, a reservation or a payment.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::limits::{MAX_METADATA_BYTES, MAX_METADATA_DEPTH};

/// The host's own data about an event, a reservation or a payment: a JSON object that no rule reads.
///
/// A host keeps there what it needs to find its own records again, such as the number of an order. Stores keep it,
/// gateways receive it, and the HTTP routes show it to those who may read the row it belongs to: it is no place for
/// secrets.
///
/// The text has at most [`MAX_METADATA_BYTES`] bytes, and objects and arrays are nested at most [`MAX_METADATA_DEPTH`]
/// deep. White space between tokens is dropped; the order of keys is kept. Two objects are equal if their texts are. With
/// the feature `serde` it is serialised as its text.
///
/// ```
/// use tiketi_core::metadata::Metadata;
///
/// let metadata: Metadata = r#"{ "order": "A-7", "tags": [1, 2] }"#.parse()?;
/// assert_eq!(metadata.as_json(), r#"{"order":"A-7","tags":[1,2]}"#);
/// assert_eq!(Metadata::default().as_json(), "{}");
/// # Ok::<(), tiketi_core::metadata::MetadataError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Metadata(Option<Arc<str>>);

impl Metadata {
    /// The object without entries.
    pub const EMPTY: Self = Self(None);

    /// Returns the object as JSON.
    pub fn as_json(&self) -> &str {
        self.0.as_deref().unwrap_or("{}")
    }

    /// Returns whether the object has no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl FromStr for Metadata {
    type Err = MetadataError;

    fn from_str(json: &str) -> Result<Self, MetadataError> {
        if json.len() > MAX_METADATA_BYTES {
            return Err(MetadataError::TooLong { bytes: json.len() });
        }
        let mut scanner = Scanner { json, at: 0, compact: String::with_capacity(json.len()) };
        scanner.skip_space();
        if scanner.peek() != Some(b'{') {
            return Err(MetadataError::NotAnObject);
        }
        scanner.value(0)?;
        scanner.skip_space();
        if scanner.peek().is_some() {
            return Err(scanner.malformed());
        }
        Ok(Self(Some(scanner.compact).filter(|json| json != "{}").map(Arc::from)))
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metadata({self})")
    }
}

impl fmt::Display for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_json())
    }
}

/// Why a text is not [`Metadata`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// The text is not a JSON object.
    #[error("must be a JSON object")]
    NotAnObject,
    /// The text has more than [`MAX_METADATA_BYTES`] bytes.
    #[error("has {bytes} bytes, more than the limit of {MAX_METADATA_BYTES}")]
    TooLong {
        /// The number of bytes.
        bytes: usize,
    },
    /// Objects and arrays are nested more than [`MAX_METADATA_DEPTH`] deep.
    #[error("is nested more than {MAX_METADATA_DEPTH} deep")]
    TooDeep,
    /// The text is not JSON (RFC 8259).
    #[error("is not JSON at byte {at}")]
    Malformed {
        /// The first byte that is wrong, counted from 0.
        at: usize,
    },
}

/// Reads JSON and copies it without white space.
///
/// This crate depends on no serialiser, and reads no value of the object: that it is JSON is all that matters.
struct Scanner<'j> {
    json: &'j str,
    at: usize,
    compact: String,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    fn malformed(&self) -> MetadataError {
        MetadataError::Malformed { at: self.at }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Copies what was read since a byte.
    fn copy_from(&mut self, start: usize) {
        self.compact.push_str(self.json.get(start..self.at).unwrap_or_default());
    }

    /// Reads and copies one byte of those that are expected.
    fn one_of(&mut self, expected: &[u8]) -> Result<u8, MetadataError> {
        let found = self.peek().filter(|byte| expected.contains(byte)).ok_or_else(|| self.malformed())?;
        self.at += 1;
        self.compact.push(char::from(found));
        Ok(found)
    }

    fn value(&mut self, depth: usize) -> Result<(), MetadataError> {
        match self.peek() {
            Some(b'{') => self.list(depth + 1, b'}', true),
            Some(b'[') => self.list(depth + 1, b']', false),
            Some(b'"') => self.string(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => self.number(),
        }
    }

    /// Reads an object or an array, from its opening bracket on.
    fn list(&mut self, depth: usize, end: u8, has_keys: bool) -> Result<(), MetadataError> {
        if depth > MAX_METADATA_DEPTH {
            return Err(MetadataError::TooDeep);
        }
        self.one_of(b"{[")?;
        self.skip_space();
        if self.peek() == Some(end) {
            return self.one_of(&[end]).map(drop);
        }
        loop {
            self.skip_space();
            if has_keys {
                self.string()?;
                self.skip_space();
                self.one_of(b":")?;
                self.skip_space();
            }
            self.value(depth)?;
            self.skip_space();
            if self.one_of(&[b',', end])? == end {
                return Ok(());
            }
        }
    }

    fn word(&mut self, word: &str) -> Result<(), MetadataError> {
        let start = self.at;
        if !self.json.get(start..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(self.malformed());
        }
        self.at += word.len();
        self.copy_from(start);
        Ok(())
    }

    /// Reads a number; one beyond the range of a double is refused, because readers would read infinity.
    fn number(&mut self) -> Result<(), MetadataError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let number = self.json.get(start..self.at).and_then(|text| text.parse::<f64>().ok());
        if !number.is_some_and(f64::is_finite) {
            return Err(MetadataError::Malformed { at: start });
        }
        self.copy_from(start);
        Ok(())
    }

    /// Reads at least one digit.
    fn digits(&mut self) -> Result<(), MetadataError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(self.malformed()) } else { Ok(()) }
    }

    fn string(&mut self) -> Result<(), MetadataError> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.malformed());
        }
        loop {
            self.at += 1;
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                // Bytes of a character beyond ASCII are above 0x7f, so a quote is never one of them.
                Some(byte) if byte >= 0x20 => {}
                _ => return Err(self.malformed()),
            }
        }
        self.at += 1;
        self.copy_from(start);
        Ok(())
    }

    /// Reads an escape up to its last byte; a surrogate has to be one of a pair (RFC 8259, section 7).
    fn escape(&mut self) -> Result<(), MetadataError> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(()),
            Some(b'u') => match self.unit()? {
                0xd800..=0xdbff => {
                    for expected in [b'\\', b'u'] {
                        self.at += 1;
                        if self.peek() != Some(expected) {
                            return Err(self.malformed());
                        }
                    }
                    match self.unit()? {
                        0xdc00..=0xdfff => Ok(()),
                        _ => Err(self.malformed()),
                    }
                }
                0xdc00..=0xdfff => Err(self.malformed()),
                _ => Ok(()),
            },
            _ => Err(self.malformed()),
        }
    }

    /// Reads the four digits after a `u`, up to the last.
    fn unit(&mut self) -> Result<u32, MetadataError> {
        let mut unit = 0;
        for _ in 0..4 {
            self.at += 1;
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            unit = unit * 16 + digit.ok_or_else(|| self.malformed())?;
        }
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Metadata, MetadataError> {
        json.parse()
    }

    #[test]
    fn an_object_is_kept_without_its_white_space() {
        let json = " {\"a\" : [ 1 , -2.5e+3, true , null ] ,\n\"b c\": { \"d\":\"\\\"\\u0041 밤\" } }\t";
        let metadata = read(json).unwrap();
        assert_eq!(metadata.as_json(), "{\"a\":[1,-2.5e+3,true,null],\"b c\":{\"d\":\"\\\"\\u0041 밤\"}}");
        assert_eq!(read(metadata.as_json()), Ok(metadata));
    }

    #[test]
    fn an_object_without_entries_is_the_default() {
        for empty in ["{}", " { } "] {
            assert_eq!(read(empty), Ok(Metadata::default()));
        }
        assert!(Metadata::default().is_empty());
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for json in ["", " ", "[]", "1", "\"a\"", "null"] {
            assert_eq!(read(json), Err(MetadataError::NotAnObject), "{json}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused_where_it_is_wrong() {
        for (json, at) in [
            ("{", 1),
            ("{\"a\"}", 4),
            ("{\"a\":}", 5),
            ("{\"a\":1,}", 7),
            ("{\"a\":1}}", 7),
            ("{\"a\":[1 2]}", 8),
            ("{\"a\":01}", 6),
            ("{\"a\":.5}", 5),
            ("{\"a\":1e999}", 5),
            ("{\"a\":tru}", 5),
            ("{\"a\":\"\n\"}", 6),
            ("{\"a\":\"\\x\"}", 7),
            ("{\"a\":\"\\ud800\"}", 12),
            ("{\"a\":\"\\ud800\\u0041\"}", 17),
            ("{\"a\":\"\\udc00\"}", 11),
            ("{a:1}", 1),
        ] {
            assert_eq!(read(json), Err(MetadataError::Malformed { at }), "{json}");
        }
        assert!(read("{\"a\":\"\\ud83c\\udfb5\"}").is_ok());
    }

    #[test]
    fn length_and_depth_are_bounded() {
        let filled = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
        assert!(read(&filled(MAX_METADATA_BYTES)).is_ok());
        let bytes = MAX_METADATA_BYTES + 1;
        assert_eq!(read(&filled(bytes)), Err(MetadataError::TooLong { bytes }));
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(read(&nested(MAX_METADATA_DEPTH)).is_ok());
        assert_eq!(read(&nested(MAX_METADATA_DEPTH + 1)), Err(MetadataError::TooDeep));
    }
}
