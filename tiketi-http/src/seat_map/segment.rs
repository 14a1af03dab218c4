//! Segments of seat maps, each compressed once.
//!
//! Compressing a hall of 20,000 seats takes tens of milliseconds, and during a sale every version lives for less. So a
//! map is cut into segments of seats, and each is compressed separately: a change of one seat costs one segment. The
//! segments are joined as `pigz` does it: raw deflate blocks that end on a byte, concatenated in a single gzip member,
//! with the checksums of the segments combined (sources: RFC 1951, RFC 1952).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// Magic, deflate, no flags, no time, no hints, unknown system (source: RFC 1952, 2.3).
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// An empty last block (source: RFC 1951, 3.2.6).
const LAST_BLOCK: [u8; 2] = [3, 0];

/// Bytes that are sent one after the other.
pub(super) type Chunks = Arc<[Bytes]>;

/// A piece of JSON, and its compressed form from the first request for it on.
#[derive(Debug)]
pub(super) struct Segment {
    /// The JSON.
    pub(super) plain: Bytes,
    packed: OnceLock<Packed>,
}

impl Segment {
    /// Wraps a piece of JSON.
    pub(super) fn new(mut plain: Vec<u8>) -> Self {
        // It may stay in memory for the rest of the sale.
        plain.shrink_to_fit();
        Self { plain: Bytes::from(plain), packed: OnceLock::new() }
    }

    /// Returns the compressed form, made at the first call.
    pub(super) fn packed(&self, packer: &mut SegmentCompressor) -> Result<&Packed, Incompressible> {
        if let Some(known) = self.packed.get() {
            return Ok(known);
        }
        let made = packer.pack(&self.plain)?;
        // Two callers at once compute the same bytes; the first is stored.
        Ok(self.packed.get_or_init(|| made))
    }
}

/// Compresses segments.
#[derive(Debug)]
pub(super) struct SegmentCompressor {
    compress: Compress,
    packed_segments: Arc<AtomicU64>,
}

/// Raw deflate blocks that end on a byte, and the checksum of what they hold.
#[derive(Debug)]
pub(super) struct Packed {
    deflated: Bytes,
    crc: Crc,
}

/// A segment that could not be compressed.
#[derive(Debug)]
pub(super) struct Incompressible;

impl SegmentCompressor {
    /// Builds a compressor that counts the segments it compresses.
    pub(super) fn new(packed_segments: Arc<AtomicU64>) -> Self {
        // Seat ids are random and do not compress: a higher level takes much more time and saves little.
        Self { compress: Compress::new(Compression::new(3), false), packed_segments }
    }

    /// Compresses one segment.
    pub(super) fn pack(&mut self, plain: &[u8]) -> Result<Packed, Incompressible> {
        self.packed_segments.fetch_add(1, Ordering::Relaxed);
        // Incompressible data is stored with five extra bytes for each 64 KiB; a flush takes five more.
        let mut deflated = Vec::with_capacity(plain.len() + plain.len() / 1_000 + 64);
        self.compress.reset();
        // A flush ends the last block on a byte; `reset` prevents references to earlier segments.
        let status = self.compress.compress_vec(plain, &mut deflated, FlushCompress::Sync);
        let taken = usize::try_from(self.compress.total_in()).ok();
        if !matches!(status, Ok(Status::Ok))
            || taken != Some(plain.len())
            || deflated.len() == deflated.capacity()
        {
            return Err(Incompressible);
        }
        deflated.shrink_to_fit();
        let mut crc = Crc::new();
        crc.update(plain);
        Ok(Packed { deflated: Bytes::from(deflated), crc })
    }

    /// Returns the gzip member of the segments; compresses those that are not compressed yet.
    pub(super) fn gzip(&mut self, segments: &[Arc<Segment>]) -> Result<Chunks, Incompressible> {
        let mut crc = Crc::new();
        let mut chunks = vec![Bytes::from_static(&HEADER)];
        for segment in segments {
            let packed = segment.packed(self)?;
            crc.combine(&packed.crc);
            chunks.push(packed.deflated.clone());
        }
        let end = [&LAST_BLOCK[..], &crc.sum().to_le_bytes(), &crc.amount().to_le_bytes()].concat();
        chunks.push(Bytes::from(end));
        Ok(Chunks::from(chunks))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn segments(pieces: &[Vec<u8>]) -> Vec<Arc<Segment>> {
        pieces.iter().cloned().map(Segment::new).map(Arc::new).collect()
    }

    fn unpacked(gzip: &Chunks) -> Vec<u8> {
        let mut plain = Vec::new();
        GzDecoder::new(gzip.concat().as_slice()).read_to_end(&mut plain).unwrap();
        plain
    }

    proptest! {
        #[test]
        fn whatever_is_packed_is_one_gzip_member_of_it(
            noise in vec(vec(any::<u8>(), 0..5_000), 0..6),
            text in vec(vec(0_u8..4, 0..5_000), 0..6),
        ) {
            let mut packer = SegmentCompressor::new(Arc::default());
            for pieces in [&noise, &text] {
                let gzip = packer.gzip(&segments(pieces)).unwrap();
                prop_assert!(unpacked(&gzip) == pieces.concat());
                // Equal maps have equal bytes, whatever was compressed before: the entity tag relies on it.
                prop_assert!(SegmentCompressor::new(Arc::default()).gzip(&segments(pieces)).unwrap() == gzip);
            }
        }
    }

    #[test]
    fn a_segment_is_packed_once_whatever_it_is_sent_with() {
        let counter = Arc::new(AtomicU64::new(0));
        let mut packer = SegmentCompressor::new(Arc::clone(&counter));
        let mut pieces = segments(&[vec![1; 1_000], vec![2; 1_000], vec![3; 1_000]]);
        packer.gzip(&pieces).unwrap();
        pieces[1] = Arc::new(Segment::new(vec![9; 1_000]));
        packer.gzip(&pieces).unwrap();
        assert_eq!(counter.load(Ordering::SeqCst), 4);
    }
}
