//! The host's metadata: a JSON object.

use serde_json::{Map, Value};
use tiketi_core::metadata::{Metadata, MetadataError};

use crate::error::ApiError;

/// An object as it is on the wire.
pub(super) type MetadataDto = Map<String, Value>;

/// Reads metadata; an error names the field.
pub(super) fn read_metadata(object: Option<&MetadataDto>) -> Result<Metadata, ApiError> {
    let Some(object) = object else { return Ok(Metadata::EMPTY) };
    let json = Value::Object(object.clone()).to_string();
    json.parse().map_err(|reason: MetadataError| ApiError::invalid("metadata", reason))
}

/// Shows metadata, or nothing if it has no entry.
pub(super) fn shown_metadata(metadata: &Metadata) -> Option<MetadataDto> {
    // What core accepts is JSON.
    if metadata.is_empty() { None } else { serde_json::from_str(metadata.as_json()).ok() }
}
