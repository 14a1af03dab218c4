//! Lists of events: filtered, searched, sorted and paged in the database.

use std::sync::LazyLock;

use sqlx::postgres::PgRow;
use tiketi_core::limits::MAX_TOTAL;
use tiketi_core::search::{grams, searched_text, words};
use tiketi_core::store::{EventKeyValue, EventQuery, EventView};
use tiketi_core::{Event, EventId, Page, StoreError, Timestamp};
use tiketi_sql::{
    Dialect, EventListing, EventListings, Row as _, SEARCH_STEPS, SearchStep, count, index_grams,
    page_of_first, search_limit, start, stored, unannounced,
};
use uuid::Uuid;

use crate::sql::reads::views;
use crate::sql::row::{Row, each};
use crate::sql::session::{Pool, Session};
use crate::sql::statement::Statement;

static LISTINGS: LazyLock<EventListings> = LazyLock::new(|| EventListings::of(Dialect::Postgres));
static UNANNOUNCED: LazyLock<String> = LazyLock::new(|| unannounced(Dialect::Postgres));
const WRITE_SEARCH: &str = "INSERT INTO tiketi.event_searches (event, starts_at, folded, grams) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (event) DO UPDATE SET starts_at = excluded.starts_at, folded = excluded.folded, grams = excluded.grams";

/// Returns a page of events.
pub(crate) async fn events(pool: &Pool, query: &EventQuery) -> Result<Page<EventView>, StoreError> {
    let page = ids(pool, query).await?;
    let views = views(pool, &page.rows).await?;
    Ok(page.with_rows(views))
}

/// Returns the ids of the public events whose status at `now` is not announced.
pub(crate) async fn to_announce(pool: &Pool, now: Timestamp) -> Result<Vec<EventId>, StoreError> {
    let found = pool.fetch_all(pool.query(&UNANNOUNCED).bind(now.as_micros())).await?;
    each(&found, id)
}

/// One listing, from its start on.
struct Listing<'p> {
    pool: &'p Pool,
    sql: &'static EventListing,
    now: i64,
    value: EventKeyValue,
    id: Uuid,
}

impl Listing<'_> {
    /// Starts one of the listing's statements.
    fn query<'q>(&self, sql: &'static str, limit: u64) -> Statement<'q> {
        let query = self.pool.query(sql).bind(self.now);
        let query = match &self.value {
            EventKeyValue::Moment(at) => query.bind(at.as_micros()),
            EventKeyValue::Title(title) => query.bind(title.clone()),
        };
        query.bind(self.id).bind(stored(limit))
    }

    async fn read(&self, sql: &'static str, limit: u64) -> Result<Vec<PgRow>, StoreError> {
        self.pool.fetch_all(self.query(sql, limit)).await
    }
}

async fn ids(pool: &Pool, query: &EventQuery) -> Result<Page<EventId>, StoreError> {
    let (Some(sql), Some((value, key))) = (LISTINGS.find(query), start(query)) else {
        return Ok(Page::cut(Vec::new(), query.page));
    };
    let listing = Listing { pool, sql, now: query.now.as_micros(), value, id: key };
    let words = query.search.as_deref().map(words).unwrap_or_default();
    if !words.is_empty() {
        return searched(&listing, query, &words).await;
    }
    let until = query.page.offset() + u64::from(query.page.size()) + 1;
    let mut found = each(&listing.read(&sql.page, until).await?, id)?;
    let most = MAX_TOTAL + 1;
    let counted = match query.after {
        Some(_) => listing.query(&sql.count_after, most),
        None => pool.query(&sql.count).bind(listing.now).bind(stored(most)),
    };
    let counted = pool.fetch_one(counted).await?;
    let before = usize::try_from(query.page.offset()).unwrap_or(usize::MAX).min(found.len());
    found.drain(..before);
    Ok(Page::with_one_more(found, count(&Row::of(&counted), "total")?, query.page))
}

/// Searches step by step, until one has the page.
async fn searched(
    listing: &Listing<'_>,
    query: &EventQuery,
    words: &[String],
) -> Result<Page<EventId>, StoreError> {
    for step in SEARCH_STEPS {
        let page = match step {
            SearchStep::Candidates(most) => ranked(listing, query, words, most).await?,
            SearchStep::Rows(most) => {
                let rows = each(&listing.read(&listing.sql.walk, most).await?, text)?;
                let is_all = (rows.len() as u64) < most;
                page_of_first(rows, is_all, words, query.page)
            }
        };
        if let Some(page) = page {
            return Ok(page);
        }
    }
    Ok(Page::cut(Vec::new(), query.page))
}

/// Sorts the events that the index finds, if there are at most so many.
async fn ranked(
    listing: &Listing<'_>,
    query: &EventQuery,
    words: &[String],
    most: i64,
) -> Result<Option<Page<EventId>>, StoreError> {
    let limit = if most == i64::MAX { u64::MAX } else { search_limit(query.page) };
    let sql = listing.query(&listing.sql.ranked, limit).bind(index_grams(words));
    let found = listing.pool.fetch_all(sql.bind(most.saturating_add(1))).await?;
    let candidates = found.first().map(|row| Row::of(row).int("candidates")).transpose()?;
    if candidates.is_some_and(|candidates| candidates > most) {
        return Ok(None);
    }
    let rows: Vec<_> = each(&found, maybe_text)?.into_iter().flatten().collect();
    let is_all = (rows.len() as u64) < limit;
    Ok(page_of_first(rows, is_all, words, query.page))
}

fn id(row: &Row<'_>) -> Result<EventId, StoreError> {
    row.uuid("id").map(EventId::from_uuid)
}

fn text(row: &Row<'_>) -> Result<(EventId, String), StoreError> {
    Ok((id(row)?, row.text("folded")?.to_owned()))
}

/// Reads an event and its text; `None` from the row that only has a number.
fn maybe_text(row: &Row<'_>) -> Result<Option<(EventId, String)>, StoreError> {
    let found = row.maybe_uuid("id")?;
    found.map(|id| Ok((EventId::from_uuid(id), row.text("folded")?.to_owned()))).transpose()
}

/// Writes the text in which an event is searched.
pub(crate) async fn write_search(session: &mut Session, event: &Event) -> Result<(), StoreError> {
    let folded = searched_text(&event.details);
    let grams: Vec<String> = grams(&folded).into_iter().collect();
    let write =
        session.query(WRITE_SEARCH).bind(event.id.as_uuid()).bind(event.details.starts_at.as_micros());
    session.execute(write.bind(folded).bind(grams.join(" "))).await.map(drop)
}
