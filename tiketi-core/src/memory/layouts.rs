//! Seat layouts, in memory.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use crate::decide::{CheckedCreation, CreateLayout, CreateRefused, Created};
use crate::error::{CommandError, StoreError};
use crate::id::LayoutId;
use crate::memory::MemoryStore;
use crate::seat_layout::{LayoutOutline, StoredLayout};
use crate::store::{LayoutStore, Page, PageRequest};

/// Layouts by id, and their order in lists: by venue, name and id.
#[derive(Debug, Default)]
pub(super) struct Layouts {
    by_id: BTreeMap<LayoutId, StoredLayout>,
    in_order: BTreeSet<(String, String, LayoutId)>,
}

impl Layouts {
    fn insert(&mut self, stored: StoredLayout) {
        self.in_order.insert((stored.layout.venue.clone(), stored.layout.name.clone(), stored.id));
        self.by_id.insert(stored.id, stored);
    }

    fn remove(&mut self, id: LayoutId) -> bool {
        let Some(stored) = self.by_id.remove(&id) else { return false };
        self.in_order.remove(&(stored.layout.venue, stored.layout.name, id));
        true
    }
}

#[async_trait]
impl LayoutStore for MemoryStore {
    async fn create_layout(&self, command: CreateLayout) -> Result<Created, CommandError<CreateRefused>> {
        let mut state = self.lock();
        let is_taken = state.layouts.by_id.contains_key(&command.layout.id);
        let created = state.create(&CheckedCreation::of(&command)?, is_taken)?;
        if !created.replayed {
            state.layouts.insert(command.layout);
        }
        Ok(created)
    }

    async fn layout(&self, id: LayoutId) -> Result<Option<StoredLayout>, StoreError> {
        Ok(self.lock().layouts.by_id.get(&id).cloned())
    }

    async fn layouts(&self, page: PageRequest) -> Result<Page<LayoutOutline>, StoreError> {
        let state = self.lock();
        let offset = usize::try_from(page.offset()).unwrap_or(usize::MAX);
        let places = state.layouts.in_order.iter().skip(offset).take(page.size() as usize);
        let rows = places.filter_map(|(_, _, id)| state.layouts.by_id.get(id)).map(StoredLayout::outline);
        Ok(Page::counted(rows.collect(), state.layouts.by_id.len() as u64, page))
    }

    async fn delete_layout(&self, id: LayoutId) -> Result<bool, StoreError> {
        Ok(self.lock().layouts.remove(id))
    }
}
