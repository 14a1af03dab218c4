//! The layout of an event's seats as it is sent: it never changes, and is named by its hash.

use std::str::FromStr;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tiketi_core::live_seats::LayoutSeat;
use tiketi_core::seat_states::LayoutHash;
use tiketi_core::{BoxOffice, EventId};
use tokio::sync::OnceCell;

use crate::conditional::{accepts_gzip, is_known};
use crate::dto::EventLayoutDto;
use crate::error::{ApiError, Code};
use crate::gzip::{gunzip, gzip};

/// For ever, in every cache: 1 year is the longest time that caches know.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Names a layout: the event's id, a dot, and the hash. With the event's id a server that has never seen the hash finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LayoutName {
    pub(crate) event: EventId,
    pub(crate) hash: LayoutHash,
}

/// A text that names no layout.
#[derive(Debug)]
pub(crate) struct InvalidLayoutName;

impl FromStr for LayoutName {
    type Err = InvalidLayoutName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (event, hash) = text.split_once('.').ok_or(InvalidLayoutName)?;
        let event = event.parse().map_err(|_| InvalidLayoutName)?;
        Ok(Self { event, hash: hash.parse().map_err(|_| InvalidLayoutName)? })
    }
}

/// The layout of one event, compressed; read from the store at the first request.
#[derive(Debug, Default)]
pub(crate) struct EventLayout {
    packed: OnceCell<Bytes>,
}

impl EventLayout {
    /// Answers with the layout of an event, whose present layout has this hash; or 304 to a client that has it.
    ///
    /// # Errors
    ///
    /// `LAYOUT_NOT_FOUND` if the event is gone, or the failure of the store.
    pub(crate) async fn answer(
        &self,
        office: &BoxOffice,
        name: LayoutName,
        request: &HeaderMap,
    ) -> Result<Response, ApiError> {
        let tag = name.hash.to_string();
        if is_known(request, &tag) {
            return Ok((StatusCode::NOT_MODIFIED, headers(&tag)).into_response());
        }
        let packed = self.packed.get_or_try_init(|| read(office, name)).await?.clone();
        if accepts_gzip(request) {
            let mut response = (headers(&format!("{tag}-gzip")), Body::from(packed)).into_response();
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            return Ok(response);
        }
        // Few clients ask for it, so only the compressed form is kept.
        let plain = tokio::task::spawn_blocking(move || gunzip(&packed)).await.map_err(ApiError::internal)?;
        Ok((headers(&tag), Body::from(plain.map_err(ApiError::internal)?)).into_response())
    }
}

/// Reads and encodes a layout, if it is the one that is named.
async fn read(office: &BoxOffice, name: LayoutName) -> Result<Bytes, ApiError> {
    let unknown = || ApiError::new(Code::LayoutNotFound);
    let map = office.catalog().seat_map(name.event, 0).await?.ok_or_else(unknown)?;
    let encode = move || {
        let seats: Vec<_> = map.seats.iter().map(LayoutSeat::from).collect();
        if LayoutHash::of(&seats) != name.hash {
            return Ok(None);
        }
        let json = serde_json::to_vec(&EventLayoutDto::of(name.event, name.hash, &seats))?;
        gzip(&json).map(Some).map_err(serde_json::Error::io)
    };
    // A large hall takes a tenth of a second, too long for a thread that serves requests.
    let encoded = tokio::task::spawn_blocking(encode).await.map_err(ApiError::internal)?;
    encoded.map_err(ApiError::internal)?.map(Bytes::from).ok_or_else(unknown)
}

fn headers(tag: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, CACHED);
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{tag}\"")) {
        headers.insert(ETAG, tag);
    }
    headers
}
