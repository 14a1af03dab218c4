//! Storage of seat layouts.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::decide::{CreateLayout, CreateRefused, Created};
use crate::error::{CommandError, StoreError};
use crate::id::LayoutId;
use crate::seat_layout::{LayoutOutline, StoredLayout};
use crate::store::{Page, PageRequest};

/// Saves seat layouts. An event copies its seats from a layout and does not depend on it later.
#[async_trait]
pub trait LayoutStore: Debug + Send + Sync + 'static {
    /// Saves a new layout, by [`crate::decide::create`].
    ///
    /// # Contract
    ///
    /// The caller has validated the layout. Sections, rows, gaps and accessible places MUST come back as they were
    /// saved, in their order. The command's [`crate::decide::CreationRecord`] MUST be saved in the same commit, for at
    /// least 24 hours: a repetition under its key, from any server and however close, MUST create nothing and return
    /// the id of the first. An id that exists MUST be refused.
    async fn create_layout(&self, command: CreateLayout) -> Result<Created, CommandError<CreateRefused>>;

    /// Returns a layout.
    async fn layout(&self, id: LayoutId) -> Result<Option<StoredLayout>, StoreError>;

    /// Returns the layouts without their seats, by venue, then name, then id.
    ///
    /// # Contract
    ///
    /// MUST return [`StoredLayout::outline`] of each. A durable adapter MUST save it beside the layout: a layout has up to a
    /// million seats, and a list MUST NOT read them. Texts MUST be compared by code points, not by the rules of a language. [`Page::total`] MUST count the whole
    /// listing.
    async fn layouts(&self, page: PageRequest) -> Result<Page<LayoutOutline>, StoreError>;

    /// Deletes a layout, and returns whether it existed.
    async fn delete_layout(&self, id: LayoutId) -> Result<bool, StoreError>;
}
