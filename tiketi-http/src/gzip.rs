//! Compressing what is compressed once and sent often, and opening it for a client that accepts no compression.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// Compresses bytes.
///
/// # Errors
///
/// None are known: it writes to memory.
pub(crate) fn gzip(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::default());
    encoder.write_all(plain)?;
    encoder.finish()
}

/// Opens what [`gzip`] compressed.
///
/// # Errors
///
/// None, for its own output.
pub(crate) fn gunzip(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut plain)?;
    Ok(plain)
}
