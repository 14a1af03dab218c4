//! Compresses an event's maps, each anew only where it differs from the one before.
//!
//! Compressing a hall of 20,000 seats takes tens of milliseconds, and in a sale every version lives for less.
//! So a map is cut into segments of seats, and each is compressed on its own: a change of one seat costs one
//! segment. The pieces are put together as `pigz` does it: raw deflate blocks that end on a byte, one after the
//! other in a single gzip member, with the checksums of the pieces combined (sources: RFC 1951, RFC 1952).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use siphasher::sip128::SipHasher13;

/// Magic, deflate, no flags, no time, no hints, unknown system (source: RFC 1952, 2.3).
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// An empty last block (source: RFC 1951, 3.2.6).
const LAST_BLOCK: [u8; 2] = [3, 0];
/// Bytes of checksum and length that end a gzip member.
const TRAILER_BYTES: usize = 8;

/// JSON, and where it may be cut.
#[derive(Debug)]
pub(super) struct Cuttable {
    /// All of it.
    pub(super) json: Bytes,
    /// Ends of the segments, the last one being the end of the JSON.
    pub(super) cuts: Vec<usize>,
}

/// Keeps the compressed segments of the map compressed last.
#[derive(Debug)]
pub(super) struct Packer {
    compress: Compress,
    segments: Vec<Segment>,
    packed_segments: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Segment {
    /// Names what was compressed, which is not kept: it would keep a whole old map alive.
    digest: u128,
    deflated: Vec<u8>,
    crc: Crc,
}

/// A segment that could not be compressed.
#[derive(Debug)]
pub(super) struct Incompressible;

impl Packer {
    /// Keeps nothing yet; counts the segments it compresses.
    pub(super) fn new(packed_segments: Arc<AtomicU64>) -> Self {
        // Seat ids are chance and do not compress; a higher level costs much more time and saves little.
        let compress = Compress::new(Compression::new(3), false);
        Self { compress, segments: Vec::new(), packed_segments }
    }

    /// Compresses a map.
    pub(super) fn gzip(&mut self, map: &Cuttable) -> Result<Bytes, Incompressible> {
        let mut known = std::mem::take(&mut self.segments).into_iter();
        let mut start = 0;
        for cut in &map.cuts {
            let plain = map.json.get(start..*cut).unwrap_or_default();
            let digest = SipHasher13::new().hash(plain).as_u128();
            let segment = match known.next() {
                Some(same) if same.digest == digest => same,
                _ => self.packed(plain, digest)?,
            };
            self.segments.push(segment);
            start = *cut;
        }
        Ok(joined(&self.segments))
    }

    fn packed(&mut self, plain: &[u8], digest: u128) -> Result<Segment, Incompressible> {
        self.packed_segments.fetch_add(1, Ordering::Relaxed);
        // What does not compress is stored with five bytes for each 64 KiB, and a flush takes as many.
        let mut deflated = Vec::with_capacity(plain.len() + plain.len() / 1_000 + 64);
        self.compress.reset();
        // A flush ends the last block on a byte; `reset` lets the segment refer to nothing before it.
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
        Ok(Segment { digest, deflated, crc })
    }
}

fn joined(segments: &[Segment]) -> Bytes {
    let length: usize = segments.iter().map(|segment| segment.deflated.len()).sum();
    let mut gzip = Vec::with_capacity(HEADER.len() + length + LAST_BLOCK.len() + TRAILER_BYTES);
    let mut crc = Crc::new();
    gzip.extend_from_slice(&HEADER);
    for segment in segments {
        gzip.extend_from_slice(&segment.deflated);
        crc.combine(&segment.crc);
    }
    gzip.extend_from_slice(&LAST_BLOCK);
    gzip.extend_from_slice(&crc.sum().to_le_bytes());
    gzip.extend_from_slice(&crc.amount().to_le_bytes());
    Bytes::from(gzip)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn cuttable(pieces: &[Vec<u8>]) -> Cuttable {
        let mut cuts = Vec::new();
        let mut all = Vec::new();
        for piece in pieces {
            all.extend_from_slice(piece);
            cuts.push(all.len());
        }
        Cuttable { json: Bytes::from(all), cuts }
    }

    fn unpacked(gzip: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        GzDecoder::new(gzip).read_to_end(&mut plain).unwrap();
        plain
    }

    proptest! {
        #[test]
        fn whatever_is_packed_and_packed_again_is_one_gzip_member_of_it(
            first in vec(vec(any::<u8>(), 0..5_000), 0..6),
            second in vec(vec(0_u8..4, 0..5_000), 0..6),
        ) {
            let mut packer = Packer::new(Arc::default());
            for pieces in [&first, &second, &second] {
                let map = cuttable(pieces);
                let gzip = packer.gzip(&map).unwrap();
                prop_assert!(unpacked(&gzip) == map.json);
                // The same bytes whatever was packed before: the entity tag promises it.
                prop_assert!(Packer::new(Arc::default()).gzip(&map).unwrap() == gzip);
            }
        }
    }

    #[test]
    fn only_segments_that_differ_are_packed_again() {
        let counter = Arc::new(AtomicU64::new(0));
        let mut packer = Packer::new(Arc::clone(&counter));
        let mut pieces = vec![vec![1; 1_000], vec![2; 1_000], vec![3; 1_000]];
        packer.gzip(&cuttable(&pieces)).unwrap();
        pieces[1][500] = 9;
        packer.gzip(&cuttable(&pieces)).unwrap();
        assert_eq!(counter.load(Ordering::SeqCst), 4);
    }
}
