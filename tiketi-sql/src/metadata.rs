//! The host's metadata: JSON, or `NULL` for an empty object, which most rows have.

use std::borrow::Cow;

use tiketi_core::{StoreError, metadata::Metadata};

use crate::row::unreadable;

/// Writes metadata as its column.
pub(crate) fn metadata_text(metadata: &Metadata) -> Option<Cow<'_, str>> {
    Some(metadata).filter(|metadata| !metadata.is_empty()).map(|metadata| metadata.as_json().into())
}

/// Reads metadata from its column.
pub(crate) fn metadata(text: Option<&str>) -> Result<Metadata, StoreError> {
    let read = |text: &str| text.parse().map_err(|error| unreadable("metadata").caused_by(error));
    text.map_or_else(|| Ok(Metadata::default()), read)
}
