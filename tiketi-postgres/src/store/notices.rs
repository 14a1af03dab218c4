//! Notices of the organiser.

use std::sync::LazyLock;

use async_trait::async_trait;
use tiketi_core::id::NoticeId;
use tiketi_core::notice::{LanguageTag, Notice, NoticePosition};
use tiketi_core::store::{CreateNoticeRefused, NoticeStore, UpdateNoticeRefused};
use tiketi_core::{CommandError, StoreError};
use tiketi_sql::{NoticeRow, columns, stored};
use uuid::Uuid;

use crate::sql::row::{each, maybe};
use crate::sql::statement::RowStatement;
use crate::store::PostgresStore;

static INSERT: LazyLock<RowStatement> =
    LazyLock::new(|| RowStatement::insert::<NoticeRow<'_>>("ON CONFLICT (id) DO NOTHING"));
const UPDATE: &str = "UPDATE tiketi.notices SET title = $2, body = $3, language = $4, pinned = $5, updated_at = $6, \
    version = $7 WHERE id = $1 AND version = $7 - 1";
const DELETE: &str = "DELETE FROM tiketi.notices WHERE id = $1";
const BY_ID: &str = concat!("SELECT ", columns!(notice), " FROM tiketi.notices WHERE id = $1");
const PAGE: &str = concat!(
    "SELECT ",
    columns!(notice),
    " FROM tiketi.notices WHERE (pinned, created_at, id) < ($1, $2, $3) AND ($4::text IS NULL OR language = $4) \
    ORDER BY pinned DESC, created_at DESC, id DESC LIMIT $5"
);
/// Rows are locked in the order of their ids.
const ADD_VIEWS: &str = "WITH more AS MATERIALIZED (SELECT notice.id, more.views FROM tiketi.notices AS notice \
        JOIN unnest($1::uuid[], $2::bigint[]) AS more (id, views) ON more.id = notice.id \
        ORDER BY notice.id FOR UPDATE OF notice) \
    UPDATE tiketi.notices AS kept SET views = kept.views + more.views FROM more WHERE kept.id = more.id";

#[async_trait]
impl NoticeStore for PostgresStore {
    async fn create_notice(&self, notice: Notice) -> Result<(), CommandError<CreateNoticeRefused>> {
        notice.check_texts()?;
        let row = NoticeRow::of(&notice);
        match self.write(|| INSERT.bind(self.query(INSERT.sql()), &row)).await? {
            0 => Err(CommandError::Refused(CreateNoticeRefused::IdTaken)),
            _ => Ok(()),
        }
    }

    async fn update_notice(&self, notice: Notice) -> Result<(), CommandError<UpdateNoticeRefused>> {
        notice.check_texts()?;
        let update = || {
            let query = self.query(UPDATE).bind(notice.id.as_uuid()).bind(&notice.title).bind(&notice.body);
            let query = query.bind(notice.language.as_str()).bind(notice.pinned);
            query.bind(notice.updated_at.as_micros()).bind(stored(notice.version))
        };
        if self.write(update).await? == 1 {
            return Ok(());
        }
        Err(CommandError::Refused(match self.notice(notice.id).await? {
            Some(_) => UpdateNoticeRefused::Changed,
            None => UpdateNoticeRefused::NotFound,
        }))
    }

    async fn delete_notice(&self, id: NoticeId) -> Result<bool, StoreError> {
        Ok(self.write(|| self.query(DELETE).bind(id.as_uuid())).await? == 1)
    }

    async fn notice(&self, id: NoticeId) -> Result<Option<Notice>, StoreError> {
        let row = self.database().fetch_optional(self.query(BY_ID).bind(id.as_uuid())).await?;
        maybe(row, |row| NoticeRow::read(row)?.notice())
    }

    async fn notices(
        &self,
        language: Option<&LanguageTag>,
        after: Option<NoticePosition>,
        limit: u32,
    ) -> Result<Vec<Notice>, StoreError> {
        // Without a position, one that is after every row.
        let (pinned, created_at, id) = after.map_or((true, i64::MAX, Uuid::max()), |after| {
            (after.pinned, after.created_at.as_micros(), after.id.as_uuid())
        });
        let query = self.query(PAGE).bind(pinned).bind(created_at).bind(id);
        let query = query.bind(language.map(|language| language.as_str().to_owned())).bind(i64::from(limit));
        each(&self.database().fetch_all(query).await?, |row| NoticeRow::read(row)?.notice())
    }

    async fn add_views(&self, views: &[(NoticeId, u64)]) -> Result<(), StoreError> {
        let (ids, more): (Vec<Uuid>, Vec<i64>) =
            views.iter().map(|(id, more)| (id.as_uuid(), stored(*more))).unzip();
        self.write(|| self.query(ADD_VIEWS).bind(&ids).bind(&more)).await.map(drop)
    }
}
