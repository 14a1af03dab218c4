//! Numbers and ids as big-endian bytes, so that they sort like the numbers: for adapters that store rows or send news
//! as bytes.

use uuid::Uuid;

use crate::error::StoreError;
use crate::time::Timestamp;

/// Appends values.
#[derive(Debug, Default)]
pub struct ByteWriter(Vec<u8>);

impl ByteWriter {
    /// Starts with room for a number of bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Writes bytes as they are; their number is not written.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Writes one byte.
    pub fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    /// Writes a number of 4 bytes.
    pub fn u32(&mut self, value: u32) {
        self.raw(&value.to_be_bytes());
    }

    /// Writes a number of 8 bytes.
    pub fn u64(&mut self, value: u64) {
        self.raw(&value.to_be_bytes());
    }

    /// Writes a moment such that earlier ones sort first, also before 1970.
    pub fn moment(&mut self, value: Timestamp) {
        self.u64(value.as_micros().cast_unsigned() ^ SIGN);
    }

    /// Writes an id, which has 16 bytes.
    pub fn uuid(&mut self, value: Uuid) {
        self.raw(value.as_bytes());
    }

    /// Writes whether there is a value, and the value.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.u8(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// Returns what was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The bit by which a signed number is turned into an unsigned one of the same order.
const SIGN: u64 = 1 << 63;

/// Reads values in the order in which they were written.
///
/// Every read fails with [`StoreErrorKind::Corrupt`](crate::StoreErrorKind) if there are fewer bytes than it needs.
#[derive(Debug)]
pub struct ByteReader<'a>(&'a [u8]);

impl<'a> ByteReader<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Reads bytes as they are.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        let (first, rest) = self.0.split_first_chunk().ok_or_else(too_short)?;
        self.0 = rest;
        Ok(*first)
    }

    /// Reads one byte.
    pub fn u8(&mut self) -> Result<u8, StoreError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Reads a number of 4 bytes.
    pub fn u32(&mut self) -> Result<u32, StoreError> {
        self.array().map(u32::from_be_bytes)
    }

    /// Reads a number of 8 bytes.
    pub fn u64(&mut self) -> Result<u64, StoreError> {
        self.array().map(u64::from_be_bytes)
    }

    /// Reads a moment.
    pub fn moment(&mut self) -> Result<Timestamp, StoreError> {
        Ok(Timestamp::from_micros((self.u64()? ^ SIGN).cast_signed()))
    }

    /// Reads an id.
    pub fn uuid(&mut self) -> Result<Uuid, StoreError> {
        self.array().map(Uuid::from_bytes)
    }

    /// Reads as many bytes as it is told.
    pub fn slice(&mut self, count: usize) -> Result<&'a [u8], StoreError> {
        let (first, rest) = self.0.split_at_checked(count).ok_or_else(too_short)?;
        self.0 = rest;
        Ok(first)
    }

    /// Reads whether there is a value, and the value.
    pub fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        if self.u8()? == 0 { Ok(None) } else { read(self).map(Some) }
    }

    /// Returns whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn too_short() -> StoreError {
    StoreError::corrupt("bytes are fewer than their format needs")
}
