//! The `Idempotency-Key` of a write.

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method};
use tiketi_core::{BuyerId, CommandKey};

use crate::error::{ApiError, Code};
use crate::extract::CurrentUser;
use crate::state::AppState;

/// The header with the client's key for a write.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Longest key, in bytes.
const MAX_KEY_BYTES: usize = 255;

/// Extracts the key under which a command takes effect at most once, if the client gave one.
///
/// Keys of different users or routes are independent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IdemKey(pub(crate) Option<CommandKey>);

impl FromRequestParts<AppState> for IdemKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        if key_text(&parts.headers)?.is_none() {
            return Ok(Self(None));
        }
        let user = CurrentUser::from_request_parts(parts, state).await?;
        let route = parts.extensions.get::<MatchedPath>();
        command_key(&parts.headers, user.buyer(), &parts.method, route).map(Self)
    }
}

/// Returns whether a request has the header, valid or not.
pub(crate) fn has_key(headers: &HeaderMap) -> bool {
    headers.contains_key(IDEMPOTENCY_KEY)
}

/// Derives the key of a command from the header, the user and the route.
pub(crate) fn command_key(
    headers: &HeaderMap,
    buyer: BuyerId,
    method: &Method,
    route: Option<&MatchedPath>,
) -> Result<Option<CommandKey>, ApiError> {
    let Some(text) = key_text(headers)? else { return Ok(None) };
    let route = route.map_or("", MatchedPath::as_str);
    Ok(Some(CommandKey::from_text(&format!("{buyer}:{method} {route}"), text)))
}

fn key_text(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| {
        !text.is_empty() && text.len() <= MAX_KEY_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic())
    });
    match (text, values.next()) {
        (Some(text), None) => Ok(Some(text)),
        _ => Err(ApiError::new(Code::InvalidIdempotencyKey)),
    }
}
