//! Pages of listings.

use serde::{Deserialize, Serialize};
use tiketi_core::limits::MAX_TOTAL;
use tiketi_core::store::ReservationKey;
use tiketi_core::{Page, PageRequest};
use utoipa::{IntoParams, ToSchema};

use super::reservation_key::read_key;
use crate::error::ApiError;
use crate::reason::Reason;

/// Rows of a page unless the client says otherwise.
const DEFAULT_PAGE_SIZE: i64 = 20;

/// The page of a listing.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Which page, from 1; 1 by default.
    #[param(example = 1, minimum = 1)]
    pub(crate) page: Option<i64>,
    /// How many rows a page has, from 1 to 100; 20 by default.
    #[param(example = 20, minimum = 1, maximum = 100)]
    pub(crate) limit: Option<i64>,
}

impl PageQuery {
    /// Reads the page.
    pub(crate) fn request(&self) -> Result<PageRequest, ApiError> {
        page_request(self.page, self.limit)
    }
}

/// Reads a page.
///
/// Numbers that are too large are refused, never wrapped.
pub(super) fn page_request(page: Option<i64>, limit: Option<i64>) -> Result<PageRequest, ApiError> {
    let number = u32::try_from(page.unwrap_or(1)).unwrap_or(0);
    let size = u32::try_from(limit.unwrap_or(DEFAULT_PAGE_SIZE)).unwrap_or(0);
    Ok(PageRequest::new(number, size)?)
}

/// Reads a page of a long list: rows further down are found by a key.
pub(super) fn numbered_page(page: Option<i64>, limit: Option<i64>) -> Result<PageRequest, ApiError> {
    let request = page_request(page, limit)?;
    if request.offset() >= MAX_TOTAL {
        let reason = Reason::new(
            format!("by number, only the first {MAX_TOTAL} rows are read; send `next` as `after`"),
            format!("번호로는 처음 {MAX_TOTAL}행까지만 읽습니다. `next`를 `after`로 보내십시오."),
        );
        return Err(ApiError::invalid_query("page", reason));
    }
    Ok(request)
}

/// Reads the page of a list that starts after a key; a number would count from there, and is refused.
pub(super) fn page_after_key(page: Option<i64>, limit: Option<i64>) -> Result<PageRequest, ApiError> {
    if page.is_some_and(|page| page != 1) {
        return Err(ApiError::invalid_query("page, after", Reason::SEND_ONE));
    }
    page_request(None, limit)
}

/// Reads how many rows a page has that is found by a key.
pub(crate) fn key_page_size(limit: Option<i64>) -> Result<u32, ApiError> {
    page_request(None, limit).map(PageRequest::size)
}

/// The page of a list that may be long.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LongPageQuery {
    /// Which page, from 1, within the first 1,000 rows; 1 by default. Not together with `after`.
    #[param(example = 1, minimum = 1)]
    page: Option<i64>,
    /// How many rows a page has, from 1 to 100; 20 by default.
    #[param(example = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `pagination.next` of the page before.
    after: Option<String>,
}

impl LongPageQuery {
    /// Reads the page, and the key after which it starts.
    pub(crate) fn request(&self) -> Result<(PageRequest, Option<ReservationKey>), ApiError> {
        match &self.after {
            Some(after) => Ok((page_after_key(self.page, self.limit)?, Some(read_key(after)?))),
            None => Ok((numbered_page(self.page, self.limit)?, None)),
        }
    }
}

/// A page's position in its listing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Pagination)]
pub(crate) struct PaginationDto {
    /// Rows of the whole listing, or from `after` on. A long listing is counted up to 1,000 rows.
    #[schema(example = 42)]
    total: u64,
    /// Whether `total` is exact; otherwise there are more rows.
    #[schema(example = true)]
    total_is_exact: bool,
    /// This page, from 1.
    #[schema(example = 1)]
    page: u32,
    /// Rows of a full page.
    #[schema(example = 20)]
    limit: u32,
    /// Pages of `total` rows.
    #[schema(example = 3)]
    total_pages: u64,
    /// In a listing that takes `after`: send it to read on. Absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl PaginationDto {
    /// Describes a page's position in its listing.
    pub(crate) fn of<T>(page: &Page<T>, request: PageRequest) -> Self {
        Self {
            total: page.total,
            total_is_exact: page.is_total_exact,
            page: request.number(),
            limit: request.size(),
            total_pages: page.total.div_ceil(u64::from(request.size())),
            next: None,
        }
    }

    /// Adds the key of the last row, if rows follow it.
    pub(crate) fn followed_by<T>(self, page: &Page<T>, key: impl FnOnce(&T) -> String) -> Self {
        let last = page.rows.last().filter(|_| page.has_more);
        Self { next: last.map(key), ..self }
    }
}
