//! Notices.

use std::borrow::Cow;

use tiketi_core::{StoreError, Timestamp, id::NoticeId, notice::Notice};
use uuid::Uuid;

use crate::row::{stored, unreadable, unsigned};
use crate::table::table;

table! {
    /// A row of `notices`.
    NoticeRow<'r> = "notices", listed by notice_columns {
        key { id: Uuid }
        fixed { created_at: i64 }
        changing {
            title: Cow<'r, str>,
            body: Cow<'r, str>,
            language: Cow<'r, str>,
            pinned: bool,
            updated_at: i64,
            version: i64,
        }
        counted { views: i64 }
    }
}

impl<'r> NoticeRow<'r> {
    /// Writes a notice as its columns.
    pub fn of(notice: &'r Notice) -> Self {
        let Notice { id, title, body, language, pinned, views, created_at, updated_at, version } = notice;
        Self {
            id: id.as_uuid(),
            created_at: created_at.as_micros(),
            title: title.into(),
            body: body.into(),
            language: language.as_str().into(),
            pinned: *pinned,
            updated_at: updated_at.as_micros(),
            version: stored(*version),
            views: stored(*views),
        }
    }

    /// Reads the notice from its columns.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
    pub fn notice(self) -> Result<Notice, StoreError> {
        Ok(Notice {
            id: NoticeId::from_uuid(self.id),
            title: self.title.into_owned(),
            body: self.body.into_owned(),
            language: self.language.parse().map_err(|_| unreadable("language"))?,
            pinned: self.pinned,
            views: unsigned(self.views, "views")?,
            created_at: Timestamp::from_micros(self.created_at),
            updated_at: Timestamp::from_micros(self.updated_at),
            version: unsigned(self.version, "version")?,
        })
    }
}
