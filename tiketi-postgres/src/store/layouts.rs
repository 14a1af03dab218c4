//! Seat layouts.

use async_trait::async_trait;
use tiketi_core::decide::{CreateLayout, CreateRefused, Created};
use tiketi_core::{
    CommandError, LayoutId, Page, PageRequest, StoreError,
    seat_layout::{LayoutOutline, StoredLayout},
    store::LayoutStore,
};
use tiketi_sql::{LayoutRow, columns, count, layout_outline, stored};

use crate::sql::row::{Row, each, maybe};
use crate::store::PostgresStore;
use crate::store::create::create_layout;

const ONE: &str = concat!("SELECT ", columns!(layout), " FROM tiketi.layouts WHERE id = $1");
const PAGE: &str = "SELECT id, venue, name, outline, created_at FROM tiketi.layouts ORDER BY venue, name, id LIMIT $1 OFFSET $2";
const COUNT: &str = "SELECT count(*) AS total FROM tiketi.layouts";
const DELETE: &str = "DELETE FROM tiketi.layouts WHERE id = $1";

#[async_trait]
impl LayoutStore for PostgresStore {
    async fn create_layout(&self, command: CreateLayout) -> Result<Created, CommandError<CreateRefused>> {
        create_layout(self, command).await
    }

    async fn layout(&self, id: LayoutId) -> Result<Option<StoredLayout>, StoreError> {
        let row = self.database().fetch_optional(self.query(ONE).bind(id.as_uuid())).await?;
        maybe(row, |row| LayoutRow::read(row)?.layout())
    }

    async fn layouts(&self, page: PageRequest) -> Result<Page<LayoutOutline>, StoreError> {
        let found = self.query(PAGE).bind(i64::from(page.size())).bind(stored(page.offset()));
        let found = self.database().fetch_all(found).await?;
        let total = self.database().fetch_one(self.query(COUNT)).await?;
        let rows = each(&found, |row| layout_outline(row))?;
        Ok(Page::counted(rows, count(&Row::of(&total), "total")?, page))
    }

    async fn delete_layout(&self, id: LayoutId) -> Result<bool, StoreError> {
        Ok(self.write(|| self.query(DELETE).bind(id.as_uuid())).await? > 0)
    }
}
