//! Seat layouts, in memory.

use async_trait::async_trait;

use crate::decide::{CheckedCreation, CreateLayout, CreateRefused, Created};
use crate::error::{CommandError, StoreError};
use crate::id::LayoutId;
use crate::memory::MemoryStore;
use crate::seat_layout::StoredLayout;
use crate::store::{LayoutStore, Page, PageRequest};

#[async_trait]
impl LayoutStore for MemoryStore {
    async fn create_layout(&self, command: CreateLayout) -> Result<Created, CommandError<CreateRefused>> {
        let mut state = self.lock();
        let is_taken = state.layouts.contains_key(&command.layout.id);
        let created = state.create(&CheckedCreation::of(&command)?, is_taken)?;
        if !created.replayed {
            state.layouts.insert(command.layout.id, command.layout);
        }
        Ok(created)
    }

    async fn layout(&self, id: LayoutId) -> Result<Option<StoredLayout>, StoreError> {
        Ok(self.lock().layouts.get(&id).cloned())
    }

    async fn layouts(&self, page: PageRequest) -> Result<Page<StoredLayout>, StoreError> {
        let state = self.lock();
        let mut rows: Vec<_> = state.layouts.values().collect();
        rows.sort_by(|a, b| {
            (&a.layout.venue, &a.layout.name, a.id).cmp(&(&b.layout.venue, &b.layout.name, b.id))
        });
        let page = Page::cut(rows, page);
        let rows = page.rows.iter().map(|layout| (*layout).clone()).collect();
        Ok(page.with_rows(rows))
    }

    async fn delete_layout(&self, id: LayoutId) -> Result<bool, StoreError> {
        Ok(self.lock().layouts.remove(&id).is_some())
    }
}
