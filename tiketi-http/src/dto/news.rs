//! News: notices of the organiser.

use serde::{Deserialize, Serialize};
use tiketi_core::Timestamp;
use tiketi_core::id::NoticeId;
use tiketi_core::notice::{LanguageTag, Notice, NoticePosition};
use utoipa::{IntoParams, ToSchema};

use super::field::parsed;
use crate::error::ApiError;
use crate::reason::Reason;

/// Notices of a page unless the client says otherwise.
const DEFAULT_LIMIT: i64 = 20;
/// Most notices of a page.
const MOST_NOTICES: u32 = 100;

/// Which notices.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NewsQuery {
    /// How many notices, from 1 to 100; 20 by default.
    #[param(example = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `next` of the page before.
    after: Option<String>,
    /// Only notices with this language tag.
    #[param(example = "ko")]
    language: Option<String>,
}

impl NewsQuery {
    /// Reads language, position and number.
    pub(crate) fn read(&self) -> Result<(Option<LanguageTag>, Option<NoticePosition>, u32), ApiError> {
        let language = self.language.as_deref().map(str::parse::<LanguageTag>).transpose();
        let language = language.map_err(|error| ApiError::invalid_query("language", error))?;
        let after = self.after.as_deref().map(str::parse::<NoticePosition>).transpose();
        let after = after.map_err(|error| ApiError::invalid_query("after", error))?;
        let limit = u32::try_from(self.limit.unwrap_or(DEFAULT_LIMIT)).unwrap_or(0);
        if limit == 0 || limit > MOST_NOTICES {
            return Err(ApiError::invalid_query("limit", Reason::range(1, MOST_NOTICES)));
        }
        Ok((language, after, limit))
    }
}

/// A notice of the organiser.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Notice)]
pub(crate) struct NoticeDto {
    #[schema(format = Uuid)]
    id: String,
    #[schema(example = "Doors open half an hour early")]
    title: String,
    /// Plain text of several lines.
    body: String,
    /// The language of title and body, as a BCP 47 tag.
    #[schema(example = "ko")]
    language: String,
    /// Whether it is listed before those that are not pinned.
    pinned: bool,
    /// How often it was read: each network counts once an hour, and a crash may lose a minute's.
    views: u64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// Grows with each edit; send it with an edit to detect edits by others.
    #[schema(example = 1)]
    version: u64,
}

impl From<&Notice> for NoticeDto {
    fn from(notice: &Notice) -> Self {
        Self {
            id: notice.id.to_string(),
            title: notice.title.clone(),
            body: notice.body.clone(),
            language: notice.language.to_string(),
            pinned: notice.pinned,
            views: notice.views,
            created_at: notice.created_at.to_string(),
            updated_at: notice.updated_at.to_string(),
            version: notice.version,
        }
    }
}

/// A page of notices.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = News)]
pub(crate) struct NewsList {
    /// Pinned notices first, then the newest.
    news: Vec<NoticeDto>,
    /// Send it as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl NewsList {
    /// Shows a page of which one more was read than is shown.
    pub(crate) fn of(found: &[Notice], limit: u32) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let shown = found.get(..limit).unwrap_or(found);
        let next =
            if found.len() > limit { shown.last().map(|last| last.position().to_string()) } else { None };
        Self { news: shown.iter().map(Into::into).collect(), next }
    }
}

/// One notice.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NoticeAnswer)]
pub(crate) struct NoticeAnswer {
    pub(crate) notice: NoticeDto,
}

impl From<&Notice> for NoticeAnswer {
    fn from(notice: &Notice) -> Self {
        Self { notice: notice.into() }
    }
}

/// A notice to publish.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WriteNotice {
    /// From 1 to 200 characters.
    #[schema(example = "Doors open half an hour early")]
    title: String,
    /// Plain text of several lines, from 1 to 10,000 characters.
    #[schema(example = "The doors open at 18:30.")]
    body: String,
    /// The language of title and body, as a BCP 47 tag; `ko` by default.
    #[schema(example = "ko")]
    language: Option<String>,
    /// Whether it is listed before those that are not pinned; not by default.
    #[serde(default)]
    pinned: bool,
    /// For an edit: the version it was read with; an edit of another version is refused. Without it, the edit replaces
    /// any version.
    version: Option<u64>,
}

impl WriteNotice {
    /// Makes a new notice.
    pub(crate) fn new_notice(&self, id: NoticeId, now: Timestamp) -> Result<Notice, ApiError> {
        Ok(Notice {
            id,
            title: self.title.clone(),
            body: self.body.clone(),
            language: parsed("language", self.language.as_deref().unwrap_or("ko"))?,
            pinned: self.pinned,
            views: 0,
            created_at: now,
            updated_at: now,
            version: 1,
        })
    }

    /// Makes the next version of a notice.
    pub(crate) fn edit(&self, known: &Notice, now: Timestamp) -> Result<Notice, ApiError> {
        let Notice { id, views, created_at, version, .. } = *known;
        let before = self.version.unwrap_or(version);
        let language = match &self.language {
            Some(language) => parsed("language", language)?,
            None => known.language.clone(),
        };
        let edited = self.new_notice(id, now)?;
        Ok(Notice { views, created_at, language, version: before.saturating_add(1), ..edited })
    }
}
