//! One encoding of one map version.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tiketi_core::Timestamp;
use tokio::sync::OnceCell;

use super::packer::{Cuttable, Packer};

/// Tells how often the expensive work was done.
#[derive(Debug, Default)]
pub(super) struct Counters {
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
    /// The first moment at which a hold shown here has lapsed.
    pub(super) lapses_at: Timestamp,
    /// Names these very bytes, the same on every server; without quotes.
    pub(super) tag: String,
    map: Arc<Cuttable>,
    gzip: OnceCell<Option<Bytes>>,
    /// Shared by all encodings of the event.
    packer: Arc<Mutex<Packer>>,
    counters: Arc<Counters>,
}

impl Encoded {
    /// Keeps bytes made for a version.
    pub(super) fn new(
        (version, tag): (u64, String),
        lapses_at: Timestamp,
        map: Cuttable,
        packer: Arc<Mutex<Packer>>,
        counters: Arc<Counters>,
    ) -> Self {
        counters.encodings.fetch_add(1, Ordering::Relaxed);
        Self { version, lapses_at, tag, map: Arc::new(map), gzip: OnceCell::new(), packer, counters }
    }

    /// Returns the JSON.
    pub(super) fn plain(&self) -> Bytes {
        self.map.json.clone()
    }

    /// Returns the gzip form, made at the first call.
    ///
    /// `None` if it could not be made.
    pub(super) async fn gzip(&self) -> Option<Bytes> {
        let made = self.gzip.get_or_init(async || {
            self.counters.compressions.fetch_add(1, Ordering::Relaxed);
            let (map, packer) = (Arc::clone(&self.map), Arc::clone(&self.packer));
            // The first map of an event takes tens of milliseconds: not on a thread that serves others.
            let work = tokio::task::spawn_blocking(move || {
                // Segments are whole whatever became of the map that was packed before.
                packer.lock().unwrap_or_else(PoisonError::into_inner).gzip(&map).ok()
            });
            work.await.ok().flatten()
        });
        made.await.clone()
    }
}
