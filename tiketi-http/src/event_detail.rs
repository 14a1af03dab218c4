//! An event's details as they are sent, encoded once for each content.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use tiketi_core::BoxOffice;
use tiketi_core::event::EventStatus;

use crate::dto::{EventAnswer, WaitingRoomDto};
use crate::error::ApiError;
use crate::picture::Picture;

/// The details of one event.
#[derive(Debug, Default)]
pub(crate) struct EventDetail {
    current: Mutex<Option<(Content, Bytes)>>,
}

/// What the encoded details depend on: the picture, and what follows from the clock.
#[derive(Debug, Clone, PartialEq)]
struct Content {
    revision: u64,
    status: EventStatus,
    waiting_room: WaitingRoomDto,
}

impl EventDetail {
    /// Returns the JSON of a picture's event as it is now.
    ///
    /// # Errors
    ///
    /// `INTERNAL` if it cannot be encoded.
    pub(crate) fn json(&self, picture: &Picture, office: &BoxOffice) -> Result<Bytes, ApiError> {
        let (view, now) = (&picture.view, office.now());
        let waiting_room = WaitingRoomDto::of(view, now);
        let content = Content { revision: picture.revision, status: picture.status_at(now), waiting_room };
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, json)) = current.as_ref().filter(|(of, _)| *of == content) {
            return Ok(json.clone());
        }
        let json = serde_json::to_vec(&EventAnswer::of(view, office)).map_err(ApiError::internal)?;
        let json = Bytes::from(json);
        *current = Some((content, json.clone()));
        Ok(json)
    }
}
