//! Notices in memory.

use async_trait::async_trait;

use crate::error::{CommandError, StoreError};
use crate::id::NoticeId;
use crate::memory::MemoryStore;
use crate::notice::{LanguageTag, Notice, NoticePosition};
use crate::store::{CreateNoticeRefused, NoticeStore, UpdateNoticeRefused};

#[async_trait]
impl NoticeStore for MemoryStore {
    async fn create_notice(&self, notice: Notice) -> Result<(), CommandError<CreateNoticeRefused>> {
        notice.check_texts()?;
        let mut state = self.lock();
        if state.notices.contains_key(&notice.id) {
            return Err(CommandError::Refused(CreateNoticeRefused::IdTaken));
        }
        state.notices.insert(notice.id, notice);
        Ok(())
    }

    async fn update_notice(&self, notice: Notice) -> Result<(), CommandError<UpdateNoticeRefused>> {
        notice.check_texts()?;
        let mut state = self.lock();
        let known = state.notices.get_mut(&notice.id);
        let known = known.ok_or(CommandError::Refused(UpdateNoticeRefused::NotFound))?;
        if known.version.checked_add(1) != Some(notice.version) {
            return Err(CommandError::Refused(UpdateNoticeRefused::Changed));
        }
        let (views, created_at) = (known.views, known.created_at);
        *known = Notice { views, created_at, ..notice };
        Ok(())
    }

    async fn delete_notice(&self, id: NoticeId) -> Result<bool, StoreError> {
        Ok(self.lock().notices.remove(&id).is_some())
    }

    async fn notice(&self, id: NoticeId) -> Result<Option<Notice>, StoreError> {
        Ok(self.lock().notices.get(&id).cloned())
    }

    /// Sorts all notices: a shop in memory has few.
    async fn notices(
        &self,
        language: Option<&LanguageTag>,
        after: Option<NoticePosition>,
        limit: u32,
    ) -> Result<Vec<Notice>, StoreError> {
        let state = self.lock();
        let wanted = |notice: &&Notice| {
            language.is_none_or(|language| notice.language == *language)
                && after.is_none_or(|after| notice.position() < after)
        };
        let mut found: Vec<&Notice> = state.notices.values().filter(wanted).collect();
        found.sort_by_key(|notice| std::cmp::Reverse(notice.position()));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found.into_iter().cloned().collect())
    }

    async fn add_views(&self, views: &[(NoticeId, u64)]) -> Result<(), StoreError> {
        let mut state = self.lock();
        for (id, more) in views {
            if let Some(notice) = state.notices.get_mut(id) {
                notice.views = notice.views.saturating_add(*more);
            }
        }
        Ok(())
    }
}
