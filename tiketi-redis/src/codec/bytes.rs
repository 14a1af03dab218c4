//! Numbers and ids as big-endian bytes, so that stored members sort like the numbers.

use tiketi_core::{StoreError, Timestamp};
use uuid::Uuid;

/// Appends values.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.raw(&value.to_be_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.raw(&value.to_be_bytes());
    }

    /// Writes a moment such that earlier ones sort first, also before 1970.
    pub(crate) fn moment(&mut self, value: Timestamp) {
        self.u64(value.as_micros().cast_unsigned() ^ SIGN);
    }

    pub(crate) fn uuid(&mut self, value: Uuid) {
        self.raw(value.as_bytes());
    }

    /// Writes whether there is a value, and the value.
    pub(crate) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.u8(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The bit by which a signed number is turned into an unsigned one of the same order.
const SIGN: u64 = 1 << 63;

/// Reads values in the order in which they were written.
#[derive(Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        let (first, rest) = self.0.split_first_chunk().ok_or_else(too_short)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, StoreError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, StoreError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, StoreError> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn moment(&mut self) -> Result<Timestamp, StoreError> {
        Ok(Timestamp::from_micros((self.u64()? ^ SIGN).cast_signed()))
    }

    pub(crate) fn uuid(&mut self) -> Result<Uuid, StoreError> {
        self.array().map(Uuid::from_bytes)
    }

    pub(crate) fn stamp(&mut self) -> Result<[u8; 8], StoreError> {
        self.array()
    }

    pub(crate) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        if self.u8()? == 0 { Ok(None) } else { read(self).map(Some) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn too_short() -> StoreError {
    StoreError::corrupt("a stored row is shorter than its format")
}
