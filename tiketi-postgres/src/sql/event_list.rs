//! Lists of events: filtered, searched, sorted and paged in the database.

use std::sync::LazyLock;

use sqlx::postgres::PgRow;
use tiketi_core::limits::MAX_TOTAL;
use tiketi_core::search::{grams, matches, searched_text, words};
use tiketi_core::store::{EventKeyValue, EventQuery, EventView};
use tiketi_core::{Event, EventId, Page, StoreError, Timestamp};
use tiketi_sql::{
    Dialect, EventListing, EventListings, FEW_CANDIDATES, ROWS_LOOKED_AT, Row as _, count, index_grams,
    page_of_walk, start, stored, unannounced,
};
use uuid::Uuid;

use crate::sql::reads::views;
use crate::sql::row::{Row, each};
use crate::sql::session::{Pool, Session};
use crate::sql::statement::Statement;

static LISTINGS: LazyLock<EventListings> = LazyLock::new(|| EventListings::of(Dialect::Postgres));
static UNANNOUNCED: LazyLock<String> = LazyLock::new(|| unannounced(Dialect::Postgres));
/// Finds the events that may have all words, by the grams of the words. The expression is that of the index.
const CANDIDATES: &str =
    "SELECT event AS id, folded FROM tiketi.event_searches WHERE string_to_array(grams, ' ') @> $1 LIMIT $2";
const WRITE_SEARCH: &str = "INSERT INTO tiketi.event_searches (event, folded, grams) VALUES ($1, $2, $3) \
    ON CONFLICT (event) DO UPDATE SET folded = excluded.folded, grams = excluded.grams";

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
    Ok(Page::with_one_more(found, count(&Row(&counted), "total")?, query.page))
}

/// Asks the index for a rare word, and otherwise looks at the first events of the listing before it asks for all.
async fn searched(
    listing: &Listing<'_>,
    query: &EventQuery,
    words: &[String],
) -> Result<Page<EventId>, StoreError> {
    let mut found = candidates(listing.pool, words, i64::from(FEW_CANDIDATES) + 1).await?;
    if found.len() > FEW_CANDIDATES as usize {
        let walked = each(&listing.read(&listing.sql.walk, u64::from(ROWS_LOOKED_AT)).await?, text)?;
        if let Some(page) = page_of_walk(walked, words, query.page) {
            return Ok(page);
        }
        found = candidates(listing.pool, words, i64::MAX).await?;
    }
    let found = found.into_iter().filter(|(_, folded)| matches(folded, words));
    let found: Vec<Uuid> = found.map(|(id, _)| id.as_uuid()).collect();
    let these = listing.query(&listing.sql.these, u64::MAX).bind(found);
    let found = each(&listing.pool.fetch_all(these).await?, id)?;
    Ok(Page::cut(found, query.page).up_to_max_total())
}

/// Returns events that may have all words, with their texts.
async fn candidates(pool: &Pool, words: &[String], most: i64) -> Result<Vec<(EventId, String)>, StoreError> {
    let found = pool.query(CANDIDATES).bind(index_grams(words)).bind(most);
    each(&pool.fetch_all(found).await?, text)
}

fn id(row: &Row<'_>) -> Result<EventId, StoreError> {
    row.uuid("id").map(EventId::from_uuid)
}

fn text(row: &Row<'_>) -> Result<(EventId, String), StoreError> {
    Ok((id(row)?, row.text("folded")?.to_owned()))
}

/// Writes the text in which an event is searched.
pub(crate) async fn write_search(session: &mut Session, event: &Event) -> Result<(), StoreError> {
    let folded = searched_text(&event.details);
    let grams: Vec<String> = grams(&folded).into_iter().collect();
    let write = session.query(WRITE_SEARCH).bind(event.id.as_uuid()).bind(folded).bind(grams.join(" "));
    session.execute(write).await.map(drop)
}
