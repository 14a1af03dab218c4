//! Notices of the organiser.

use std::sync::LazyLock;

use async_trait::async_trait;
use tiketi_core::id::NoticeId;
use tiketi_core::notice::{LanguageTag, Notice, NoticePosition};
use tiketi_core::store::{CreateNoticeRefused, NoticeStore, UpdateNoticeRefused};
use tiketi_core::{CommandError, StoreError};
use tiketi_sql::{NoticeRow, Part, columns, stored};

use crate::load::{all, exists, one};
use crate::statement::{Guard, Statement};
use crate::store::SqliteStore;
use crate::write;

static INSERT: LazyLock<Statement> = LazyLock::new(|| Statement::insert::<NoticeRow<'_>>(""));
static UPDATE: LazyLock<Statement> =
    LazyLock::new(|| Statement::update::<NoticeRow<'_>>(&[Part::Changing], Guard::PreviousVersion));
const BY_ID: &str = concat!("SELECT ", columns!(notice), " FROM notices WHERE id = ?1");
const EXISTS: &str = "SELECT 1 FROM notices WHERE id = ?1";
const PAGE: &str = concat!(
    "SELECT ",
    columns!(notice),
    " FROM notices WHERE (pinned, created_at, id) < (?1, ?2, ?3) AND (?4 IS NULL OR language = ?4) \
    ORDER BY pinned DESC, created_at DESC, id DESC LIMIT ?5"
);
const ADD_VIEWS: &str = "UPDATE notices SET views = views + ?2 WHERE id = ?1";

#[async_trait]
impl NoticeStore for SqliteStore {
    async fn create_notice(&self, notice: Notice) -> Result<(), CommandError<CreateNoticeRefused>> {
        notice.check_texts()?;
        self.writer()
            .run_work(move |set| {
                if exists(set.connection(), EXISTS, [notice.id.as_uuid()])? {
                    return Err(CommandError::Refused(CreateNoticeRefused::IdTaken));
                }
                Ok(INSERT.run_one(set.connection(), &NoticeRow::of(&notice))?)
            })
            .await
    }

    async fn update_notice(&self, notice: Notice) -> Result<(), CommandError<UpdateNoticeRefused>> {
        notice.check_texts()?;
        self.writer()
            .run_work(move |set| {
                if UPDATE.run(set.connection(), &NoticeRow::of(&notice))? == 1 {
                    return Ok(());
                }
                let is_known = exists(set.connection(), EXISTS, [notice.id.as_uuid()])?;
                let refused =
                    if is_known { UpdateNoticeRefused::Changed } else { UpdateNoticeRefused::NotFound };
                Err(CommandError::Refused(refused))
            })
            .await
    }

    async fn delete_notice(&self, id: NoticeId) -> Result<bool, StoreError> {
        self.write(move |set| {
            Ok(write::run(set.connection(), "DELETE FROM notices WHERE id = ?1", [id.as_uuid()])? > 0)
        })
        .await
    }

    async fn notice(&self, id: NoticeId) -> Result<Option<Notice>, StoreError> {
        self.read(move |connection| {
            one(connection, BY_ID, [id.as_uuid()], |row| NoticeRow::read(row)?.notice())
        })
        .await
    }

    async fn notices(
        &self,
        language: Option<&LanguageTag>,
        after: Option<NoticePosition>,
        limit: u32,
    ) -> Result<Vec<Notice>, StoreError> {
        let language = language.map(ToString::to_string);
        // Before the first one is a value that no row has.
        let (pinned, created_at, id) = after.map_or((2, i64::MAX, uuid::Uuid::max()), |after| {
            (i64::from(after.pinned), after.created_at.as_micros(), after.id.as_uuid())
        });
        self.read(move |connection| {
            let values = (pinned, created_at, id, language, limit);
            all(connection, PAGE, values, |row| NoticeRow::read(row)?.notice())
        })
        .await
    }

    async fn add_views(&self, views: &[(NoticeId, u64)]) -> Result<(), StoreError> {
        let views = views.to_vec();
        self.write(move |set| {
            for (id, more) in &views {
                write::run(set.connection(), ADD_VIEWS, (id.as_uuid(), stored(*more)))?;
            }
            Ok(())
        })
        .await
    }
}
