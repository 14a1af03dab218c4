//! Seat layouts.

use async_trait::async_trait;
use tiketi_core::decide::{CreateLayout, CreateRefused, Created};
use tiketi_core::{
    CommandError, LayoutId, Page, PageRequest, StoreError, seat_layout::StoredLayout, store::LayoutStore,
};

use crate::catalog::make;
use crate::load::{all, exists, one};
use crate::reads::total;
use crate::store::SqliteStore;
use crate::working_set::WorkingSet;
use crate::write;
use tiketi_sql::{self as rows, stored};

#[async_trait]
impl LayoutStore for SqliteStore {
    async fn create_layout(&self, command: CreateLayout) -> Result<Created, CommandError<CreateRefused>> {
        let create = move |set: &mut WorkingSet<'_>| {
            let (connection, stored) = (set.connection(), &command.layout);
            let id = stored.id.as_uuid();
            let is_taken = exists(connection, "SELECT 1 FROM layouts WHERE id = ?1", [id])?;
            let created = make(connection, &command, is_taken)?;
            if !created.replayed {
                let sql =
                    "INSERT INTO layouts (id, venue, name, sections, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
                let sections = rows::sections_text(&stored.layout)?;
                let (venue, name) = (&stored.layout.venue, &stored.layout.name);
                write::run(connection, sql, (id, venue, name, sections, stored.created_at.as_micros()))?;
            }
            Ok(created)
        };
        self.writer().run(create).await
    }

    async fn layout(&self, id: LayoutId) -> Result<Option<StoredLayout>, StoreError> {
        self.read(move |connection| {
            one(connection, "SELECT * FROM layouts WHERE id = ?1", [id.as_uuid()], |row| rows::layout(row))
        })
        .await
    }

    async fn layouts(&self, page: PageRequest) -> Result<Page<StoredLayout>, StoreError> {
        self.read(move |connection| {
            let sql = "SELECT * FROM layouts ORDER BY venue, name, id LIMIT ?1 OFFSET ?2";
            let found = all(connection, sql, (page.size(), stored(page.offset())), |row| rows::layout(row))?;
            Ok(Page { rows: found, total: total(connection, "SELECT count(*) FROM layouts", ())? })
        })
        .await
    }

    async fn delete_layout(&self, id: LayoutId) -> Result<bool, StoreError> {
        self.write(move |set| {
            Ok(write::run(set.connection(), "DELETE FROM layouts WHERE id = ?1", [id.as_uuid()])? > 0)
        })
        .await
    }
}
