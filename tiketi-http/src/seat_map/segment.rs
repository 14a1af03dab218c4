//! Pieces of a map as it is sent, shared by all versions in which they are the same.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::segment_compressor::{Incompressible, Packed, SegmentCompressor};

/// Bytes that are sent one after the other.
pub(super) type Chunks = Arc<[Bytes]>;

/// Some JSON, and the same compressed once somebody asked for that.
#[derive(Debug)]
pub(super) struct Segment {
    /// The JSON.
    pub(super) plain: Bytes,
    packed: OnceLock<Packed>,
}

impl Segment {
    /// Takes over some JSON.
    pub(super) fn new(mut plain: Vec<u8>) -> Self {
        // It may be kept for the rest of the sale.
        plain.shrink_to_fit();
        Self { plain: Bytes::from(plain), packed: OnceLock::new() }
    }

    /// Returns the compressed form, made at the first call.
    pub(super) fn packed(&self, packer: &mut SegmentCompressor) -> Result<&Packed, Incompressible> {
        if let Some(known) = self.packed.get() {
            return Ok(known);
        }
        let made = packer.pack(&self.plain)?;
        // Of two that come at once, both made the same.
        Ok(self.packed.get_or_init(|| made))
    }
}
