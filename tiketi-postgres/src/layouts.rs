//! Seat layouts.

use async_trait::async_trait;
use tiketi_core::{LayoutId, LayoutStore, Page, PageRequest, StoreError, StoredLayout};
use tiketi_rows::{count, stored};

use crate::error::exists_already;
use crate::row::{Row, each, maybe};
use crate::store::PostgresStore;

const INSERT: &str = "INSERT INTO tiketi.layouts (id, venue, name, sections, created_at) VALUES ($1, $2, $3, $4, $5) \
    ON CONFLICT (id) DO NOTHING";
const ONE: &str = "SELECT id, venue, name, sections, created_at FROM tiketi.layouts WHERE id = $1";
const PAGE: &str = "SELECT id, venue, name, sections, created_at FROM tiketi.layouts \
    ORDER BY venue, name, id LIMIT $1 OFFSET $2";
const COUNT: &str = "SELECT count(*) AS total FROM tiketi.layouts";
const DELETE: &str = "DELETE FROM tiketi.layouts WHERE id = $1";

#[async_trait]
impl LayoutStore for PostgresStore {
    async fn create_layout(&self, layout: StoredLayout) -> Result<(), StoreError> {
        let sections = tiketi_rows::sections_text(&layout.layout)?;
        let insert = || {
            sqlx::query(INSERT)
                .bind(layout.id.as_uuid())
                .bind(&*layout.layout.venue)
                .bind(&*layout.layout.name)
                .bind(&*sections)
                .bind(layout.created_at.as_micros())
        };
        match self.write(insert).await? {
            0 => Err(exists_already(layout.id)),
            _ => Ok(()),
        }
    }

    async fn layout(&self, id: LayoutId) -> Result<Option<StoredLayout>, StoreError> {
        let row = self.database().fetch_optional(sqlx::query(ONE).bind(id.as_uuid())).await?;
        maybe(row, |row| tiketi_rows::layout(row))
    }

    async fn layouts(&self, page: PageRequest) -> Result<Page<StoredLayout>, StoreError> {
        let found = sqlx::query(PAGE).bind(i64::from(page.size())).bind(stored(page.offset()));
        let found = self.database().fetch_all(found).await?;
        let total = self.database().fetch_one(sqlx::query(COUNT)).await?;
        let rows = each(&found, |row| tiketi_rows::layout(row))?;
        Ok(Page { rows, total: count(&Row(&total), "total")? })
    }

    async fn delete_layout(&self, id: LayoutId) -> Result<bool, StoreError> {
        Ok(self.write(|| sqlx::query(DELETE).bind(id.as_uuid())).await? > 0)
    }
}
