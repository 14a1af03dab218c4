//! One encoding of one map version.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tiketi_core::Timestamp;
use tokio::sync::OnceCell;

use super::segment::{Chunks, Segment, SegmentCompressor};

/// Largest compressed map that is sent in one piece: about 3,500 seats.
const JOINED_BYTES: usize = 64 * 1_024;

/// Counts the expensive work.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Maps encoded as JSON.
    pub(super) encodings: AtomicU64,
    /// Maps compressed.
    pub(super) compressions: AtomicU64,
    /// Segments of maps compressed.
    pub(super) packed_segments: Arc<AtomicU64>,
}

/// An event's whole map as it is sent.
#[derive(Debug)]
pub(super) struct Encoded {
    /// The map version.
    pub(super) version: u64,
    /// The latest revision of the event's picture that has these seats.
    revision: AtomicU64,
    /// The first moment at which a hold shown here has expired.
    lapses_at: Timestamp,
    /// The entity tag of these bytes, the same on every server; without quotes.
    pub(super) tag: String,
    segments: Arc<[Arc<Segment>]>,
    plain: Chunks,
    gzip: OnceCell<Option<Chunks>>,
    counters: Arc<Counters>,
}

impl Encoded {
    /// Wraps the encoded segments of a version.
    pub(super) fn new(
        (version, tag): (u64, String),
        (revision, lapses_at): (u64, Timestamp),
        segments: Arc<[Arc<Segment>]>,
        counters: Arc<Counters>,
    ) -> Self {
        counters.encodings.fetch_add(1, Ordering::Relaxed);
        let plain = segments.iter().map(|segment| segment.plain.clone()).collect();
        let revision = AtomicU64::new(revision);
        Self { version, revision, lapses_at, tag, segments, plain, gzip: OnceCell::new(), counters }
    }

    /// Returns whether these are the seats of a picture's revision, or of a later one, as of `now`.
    pub(super) fn is_of(&self, revision: u64, now: Timestamp) -> bool {
        now < self.lapses_at && self.revision.load(Ordering::SeqCst) >= revision
    }

    /// Notes that a later picture has the same seats.
    pub(super) fn confirm(&self, revision: u64) {
        self.revision.fetch_max(revision, Ordering::SeqCst);
    }

    /// Returns the JSON.
    pub(super) fn plain(&self) -> Chunks {
        Arc::clone(&self.plain)
    }

    /// Returns the gzip form, made at the first call.
    ///
    /// Returns `None` if compression failed.
    pub(super) async fn gzip(&self) -> Option<Chunks> {
        let made = self.gzip.get_or_init(async || {
            self.counters.compressions.fetch_add(1, Ordering::Relaxed);
            let (segments, packed) = (Arc::clone(&self.segments), Arc::clone(&self.counters.packed_segments));
            // The first map of an event takes tens of milliseconds, too long for a thread that serves requests.
            let work =
                tokio::task::spawn_blocking(move || SegmentCompressor::new(packed).gzip(&segments).ok());
            work.await.ok().flatten().map(joined)
        });
        made.await.clone()
    }
}

/// Joins the chunks of a small map: one piece is sent with less work, and copying it costs little.
fn joined(chunks: Chunks) -> Chunks {
    if chunks.iter().map(Bytes::len).sum::<usize>() > JOINED_BYTES {
        return chunks;
    }
    Chunks::from([Bytes::from(chunks.concat())])
}
