//! A file that is compressed once, and sent only to clients that do not have it.

use std::io;

use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::conditional::{accepts_gzip, is_known};
use crate::error::ApiError;
use crate::gzip::{gunzip, gzip};

/// A file, compressed.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    content_type: String,
    /// How long clients use it without asking.
    cache_control: &'static str,
    bytes: Bytes,
    tag: String,
}

impl Packed {
    /// Compresses a file.
    pub(super) fn of(plain: &[u8], content_type: &str, cache_control: &'static str) -> io::Result<Self> {
        let digest: [u8; 32] = Sha256::digest(plain).into();
        let tag = hex::encode(digest.first_chunk::<16>().unwrap_or(&[0; 16]));
        let bytes = gzip(plain)?.into();
        Ok(Self { content_type: content_type.to_owned(), cache_control, bytes, tag })
    }

    /// Answers a request: with the file, or that the client has it.
    pub(super) fn answer(&self, request: &HeaderMap) -> Response {
        let is_packed = accepts_gzip(request);
        let suffix = if is_packed { "-gzip" } else { "" };
        let cached = [
            (ETAG, format!("\"{}{suffix}\"", self.tag)),
            (CACHE_CONTROL, self.cache_control.to_owned()),
            (VARY, "accept-encoding".to_owned()),
        ];
        if is_known(request, &self.tag) {
            return (StatusCode::NOT_MODIFIED, cached).into_response();
        }
        let content_type = [(CONTENT_TYPE, self.content_type.clone())];
        if is_packed {
            let encoding = [(CONTENT_ENCODING, "gzip")];
            return (cached, content_type, encoding, self.bytes.clone()).into_response();
        }
        match gunzip(&self.bytes) {
            Ok(plain) => (cached, content_type, plain).into_response(),
            Err(error) => ApiError::internal(error).into_response(),
        }
    }
}
