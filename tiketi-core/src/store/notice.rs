//! Storage of notices.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::error::{CommandError, StoreError};
use crate::id::NoticeId;
use crate::notice::{LanguageTag, Notice, NoticePosition};

/// Saves the notices of the organiser.
///
/// # Contract
///
/// What is read MUST equal what was written. Notices whose texts [`Notice::check_texts`] refuses MUST be answered with
/// [`CommandError::Text`], and MUST NOT be stored. What a method answered MUST be visible to every later call on every
/// server.
#[async_trait]
pub trait NoticeStore: Debug + Send + Sync + 'static {
    /// Stores a new notice.
    ///
    /// # Contract
    ///
    /// An id that exists MUST be refused with [`CreateNoticeRefused::IdTaken`]; the notice it names MUST stay.
    async fn create_notice(&self, notice: Notice) -> Result<(), CommandError<CreateNoticeRefused>>;

    /// Replaces a notice by its next version.
    ///
    /// # Contract
    ///
    /// It MUST be stored only if the stored notice has the version before, and otherwise be refused with
    /// [`UpdateNoticeRefused::Changed`]; one that does not exist, with [`UpdateNoticeRefused::NotFound`].
    /// [`Notice::created_at`] and [`Notice::views`] MUST stay as they are.
    async fn update_notice(&self, notice: Notice) -> Result<(), CommandError<UpdateNoticeRefused>>;

    /// Deletes a notice, and returns whether it existed.
    async fn delete_notice(&self, id: NoticeId) -> Result<bool, StoreError>;

    /// Returns a notice; `None` if there is none.
    async fn notice(&self, id: NoticeId) -> Result<Option<Notice>, StoreError>;

    /// Returns at most `limit` notices after a position, in the order of [`NoticePosition`], the greatest first.
    ///
    /// # Contract
    ///
    /// With a language, MUST return only those with exactly this tag. It MUST read by index: as many notices as it
    /// returns, or, with a language, as are listed between them.
    async fn notices(
        &self,
        language: Option<&LanguageTag>,
        after: Option<NoticePosition>,
        limit: u32,
    ) -> Result<Vec<Notice>, StoreError>;

    /// Adds views to notices.
    ///
    /// # Contract
    ///
    /// All of a call MUST be added or none. Concurrent calls MUST NOT lose each other's. Notices that do not exist MUST
    /// NOT be an error. The version of a notice MUST stay.
    async fn add_views(&self, views: &[(NoticeId, u64)]) -> Result<(), StoreError>;
}

/// Why a notice is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CreateNoticeRefused {
    /// Another notice has the id.
    #[error("a notice with this id exists")]
    IdTaken,
}

/// Why a notice is not replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateNoticeRefused {
    /// There is no such notice.
    #[error("there is no such notice")]
    NotFound,
    /// The notice was changed since it was read.
    #[error("the notice was changed since it was read")]
    Changed,
}
