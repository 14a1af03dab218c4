//! Styles, scripts and pictures: in the binary, compressed once, and kept by browsers for ever.
//!
//! Their address has a hash of all of them, so that a new release has new addresses, and modules find each other by relative paths.

use std::collections::HashMap;
use std::io::Write;
use std::sync::LazyLock;

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// A year, the longest that a cache should keep anything (source: RFC 9111, 5.2.2.1).
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Digits of the hash in addresses: 64 bits.
const HASH_DIGITS: usize = 16;

#[derive(RustEmbed)]
#[folder = "assets"]
struct Files;

/// The files, read and compressed at the first use.
struct Packed {
    hash: String,
    files: HashMap<String, File>,
}

struct File {
    content_type: &'static str,
    plain: Bytes,
    /// Absent if it would be no smaller.
    gzip: Option<Bytes>,
}

static PACKED: LazyLock<Packed> = LazyLock::new(|| {
    let mut names: Vec<_> = Files::iter().collect();
    names.sort();
    let mut digest = Sha256::new();
    let mut files = HashMap::new();
    for name in names {
        let Some(file) = Files::get(&name) else { continue };
        digest.update(name.as_bytes());
        digest.update([0]);
        let plain = if name.ends_with(".js") { without_comments(&file.data) } else { file.data.into_owned() };
        digest.update(&plain);
        let plain = Bytes::from(plain);
        let gzip = compressed(&plain).filter(|gzip| gzip.len() < plain.len());
        files.insert(name.to_string(), File { content_type: content_type(&name), plain, gzip });
    }
    let mut hash = hex::encode(digest.finalize());
    hash.truncate(HASH_DIGITS);
    Packed { hash, files }
});

/// Drops the indentation and the lines that are comments: scripts have no text that spans lines, and no line of code that begins as a
/// comment does.
fn without_comments(script: &[u8]) -> Vec<u8> {
    let lines = script.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let code = lines.filter(|line| {
        !line.is_empty() && !["//", "/*", "*"].iter().any(|begin| line.starts_with(begin.as_bytes()))
    });
    code.flat_map(|line| [line, b"\n"]).flatten().copied().collect()
}

/// Returns the address of a file.
pub(crate) fn address(name: &str) -> String {
    format!("/assets/{}/{name}", PACKED.hash)
}

/// Serves a file. Another hash than the present one is that of another release, whose files are not here.
pub(crate) async fn serve(
    Path((hash, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let file = PACKED.files.get(&name).filter(|_| hash == PACKED.hash).ok_or_else(Failure::not_found)?;
    let always: [(HeaderName, &str); 4] = [
        (CONTENT_TYPE, file.content_type),
        (CACHE_CONTROL, FOR_EVER),
        (VARY, "accept-encoding"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok(match &file.gzip {
        Some(gzip) if accepts_gzip(&headers) => {
            (always, [(CONTENT_ENCODING, "gzip")], gzip.clone()).into_response()
        }
        _ => (always, file.plain.clone()).into_response(),
    })
}

/// Returns whether a client accepts gzip; a weight of zero says that it does not.
pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_some_and(|weight| weight > 0.0)
    })
}

/// Compresses bytes; `None` if that fails, and they are sent as they are.
pub(crate) fn compressed(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json" | "webmanifest") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_sent_without_their_comments() {
        let script = b"// Begins.\n/** Says\n * what. */\n  const a = 'x // y';\n\n  a * 2; // stays\n";
        assert_eq!(without_comments(script), b"const a = 'x // y';\na * 2; // stays\n");
    }

    /// The limit of the whole shop's scripts, before compression.
    #[test]
    fn all_scripts_together_have_less_than_60_kibibytes() {
        let scripts =
            PACKED.files.iter().filter(|(_, file)| file.content_type.starts_with("text/javascript"));
        let bytes: usize = scripts.map(|(_, file)| file.plain.len()).sum();
        assert!((1_000..60 << 10).contains(&bytes), "{bytes} bytes");
    }

    #[test]
    fn a_weight_of_zero_is_no_consent() {
        for (said, accepts) in
            [("gzip", true), ("br, GZIP;q=0.5", true), ("gzip;q=0", false), ("br", false), ("", false)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, said.parse().unwrap());
            assert_eq!(accepts_gzip(&headers), accepts, "{said}");
        }
    }
}
