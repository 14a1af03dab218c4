//! JSON bodies.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::body::read_body;
use crate::error::{ApiError, Code};
use crate::extract::objects_only::ObjectsOnly;
use crate::reason::shape_reason;

/// Extracts the body as JSON.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ApiJson<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        check_type(request.headers())?;
        parse(&read_body(request.into_body()).await?).map(Self)
    }
}

fn check_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json =
        essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    if is_json { Ok(()) } else { Err(ApiError::new(Code::UnsupportedMediaType)) }
}

fn parse<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, ApiError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(ObjectsOnly(&mut reader)).map_err(|error| {
        let path = error.path().to_string();
        explain(&path, &error.into_inner())
    })?;
    reader.end().map_err(|error| explain(".", &error))?;
    Ok(value)
}

fn explain(path: &str, error: &serde_json::Error) -> ApiError {
    match error.classify() {
        Category::Syntax | Category::Eof | Category::Io => {
            ApiError::new(Code::MalformedJson).detail("line", error.line()).detail("column", error.column())
        }
        Category::Data => {
            let text = error.to_string();
            let message = text.rsplit_once(" at line ").map_or(&*text, |(message, _)| message);
            ApiError::new(Code::InvalidBody)
                .detail("field", field(path, message))
                .because(shape_reason(message))
        }
    }
}

/// Names the wrong field; serde names a missing one only in its message.
fn field(path: &str, reason: &str) -> String {
    let within = if path == "." { "" } else { path };
    let named = ["missing field `", "unknown field `", "duplicate field `"]
        .iter()
        .find_map(|start| reason.strip_prefix(start)?.split('`').next());
    match named {
        Some(name) if within.is_empty() => name.to_owned(),
        Some(name) if within == name || within.ends_with(&format!(".{name}")) => within.to_owned(),
        Some(name) => format!("{within}.{name}"),
        None => within.to_owned(),
    }
}
