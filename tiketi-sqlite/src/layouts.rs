//! Seat layouts.

use std::sync::LazyLock;

use async_trait::async_trait;
use tiketi_core::decide::{CheckedCreation, CreateLayout, CreateRefused, Created};
use tiketi_core::{
    CommandError, LayoutId, Page, PageRequest, StoreError,
    seat_layout::{LayoutOutline, StoredLayout},
    store::LayoutStore,
};

use crate::create::make;
use crate::load::{all, exists, one};
use crate::reads::total;
use crate::statement::Statement;
use crate::store::SqliteStore;
use crate::working_set::WorkingSet;
use crate::write;
use tiketi_sql::{LayoutRow, columns, layout_outline, stored};

static INSERT: LazyLock<Statement> = LazyLock::new(|| Statement::insert::<LayoutRow<'_>>(""));
const ONE: &str = concat!("SELECT ", columns!(layout), " FROM layouts WHERE id = ?1");
const PAGE: &str =
    "SELECT id, venue, name, outline, created_at FROM layouts ORDER BY venue, name, id LIMIT ?1 OFFSET ?2";

#[async_trait]
impl LayoutStore for SqliteStore {
    async fn create_layout(&self, command: CreateLayout) -> Result<Created, CommandError<CreateRefused>> {
        let checked = CheckedCreation::of(&command)?;
        // A large layout has megabytes of text, which is written before the writer's turn.
        let sections = LayoutRow::of(&command.layout)?.sections.into_owned();
        let create = move |set: &mut WorkingSet<'_>| {
            let (connection, layout) = (set.connection(), &command.layout);
            let id = layout.id.as_uuid();
            let is_taken = exists(connection, "SELECT 1 FROM layouts WHERE id = ?1", [id])?;
            let created = make(connection, &checked, is_taken)?;
            if !created.replayed {
                INSERT.run_one(connection, &LayoutRow::with(layout, &sections)?)?;
            }
            Ok(created)
        };
        self.writer().run_work(create).await
    }

    async fn layout(&self, id: LayoutId) -> Result<Option<StoredLayout>, StoreError> {
        self.read(move |connection| {
            one(connection, ONE, [id.as_uuid()], |row| LayoutRow::read(row)?.layout())
        })
        .await
    }

    async fn layouts(&self, page: PageRequest) -> Result<Page<LayoutOutline>, StoreError> {
        self.read(move |connection| {
            let values = (page.size(), stored(page.offset()));
            let found = all(connection, PAGE, values, |row| layout_outline(row))?;
            Ok(Page::counted(found, total(connection, "SELECT count(*) FROM layouts", ())?, page))
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
