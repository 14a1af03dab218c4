//! The public state of waiting rooms, encoded once a second for each event.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tiketi_core::waiting_room::Serving;
use tiketi_core::{BoxOffice, EventId, Timestamp};

use crate::conditional::known_tags;
use crate::dto::ServingDto;
use crate::error::{ApiError, Code};

/// How long a snapshot is served, or the failure to make one.
const CURRENT: Duration = Duration::from_secs(1);
/// Number of events from which old snapshots are dropped.
const MANY: usize = 1_024;
/// Shared caches may answer for as long as a snapshot is served.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=1");

/// Snapshots of waiting rooms, one for each event.
///
/// Requests for an event that arrive while its snapshot is being made wait for it, so the stores see one request a
/// second, however many clients ask.
#[derive(Debug, Default)]
pub(crate) struct ServingCache {
    slots: Mutex<HashMap<EventId, Slot>>,
}

type Slot = Arc<tokio::sync::Mutex<Option<Attempt>>>;

/// The latest attempt to make a snapshot.
#[derive(Debug)]
struct Attempt {
    at: Timestamp,
    outcome: Result<Snapshot, ApiError>,
}

/// A waiting room as it is sent.
#[derive(Debug)]
struct Snapshot {
    body: Bytes,
    /// The entity tag, without quotes.
    tag: String,
}

impl ServingCache {
    /// Answers with an event's snapshot, or 304 to a client that has it.
    ///
    /// # Errors
    ///
    /// `EVENT_NOT_FOUND`, or the failure of a store.
    pub(crate) async fn answer(
        &self,
        box_office: &BoxOffice,
        event: EventId,
        request: &HeaderMap,
    ) -> Result<Response, ApiError> {
        let slot = self.slot(event, box_office.now());
        let mut latest = slot.lock().await;
        let now = box_office.now();
        let attempt = match latest.take() {
            Some(attempt) if attempt.is_current(now) => attempt,
            _ => Attempt { at: now, outcome: Snapshot::make(box_office, event).await },
        };
        latest
            .insert(attempt)
            .outcome
            .as_ref()
            .map(|snapshot| snapshot.response(request))
            .map_err(Clone::clone)
    }

    fn slot(&self, event: EventId, now: Timestamp) -> Slot {
        let mut slots = self.lock();
        if slots.len() >= MANY && !slots.contains_key(&event) {
            // A locked slot is in use.
            slots.retain(|_, slot| {
                slot.try_lock()
                    .map_or(true, |latest| latest.as_ref().is_some_and(|attempt| attempt.is_current(now)))
            });
        }
        Arc::clone(slots.entry(event).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EventId, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    /// Returns whether it is less than a second old; one of the future shows that the clock was set back.
    fn is_current(&self, now: Timestamp) -> bool {
        self.at <= now && now.since(self.at) < CURRENT
    }
}

impl Snapshot {
    async fn make(box_office: &BoxOffice, event: EventId) -> Result<Self, ApiError> {
        let serving = box_office.waiting_room().serving(event).await?;
        let serving = serving.ok_or_else(|| ApiError::new(Code::EventNotFound))?;
        let body = serde_json::to_vec(&ServingDto::of(&serving)).map_err(ApiError::internal)?;
        // The moment is left out of the tag: a client that has the same state at a later moment need not load it again.
        let timeless = Serving { as_of: Timestamp::EPOCH, ..serving };
        let timeless = serde_json::to_vec(&ServingDto::of(&timeless)).map_err(ApiError::internal)?;
        let mut hasher = DefaultHasher::new();
        timeless.hash(&mut hasher);
        Ok(Self { body: body.into(), tag: format!("{:016x}", hasher.finish()) })
    }

    fn response(&self, request: &HeaderMap) -> Response {
        let is_known = known_tags(request).any(|known| known == "*" || known == self.tag);
        let mut response = if is_known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let mut response = Response::new(Body::from(self.body.clone()));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        };
        response.headers_mut().insert(CACHE_CONTROL, CACHED);
        // Weak, because the same snapshot is also sent compressed.
        if let Ok(tag) = HeaderValue::from_str(&format!("W/\"{}\"", self.tag)) {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}
