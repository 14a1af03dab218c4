//! Pages of listings.

use serde::{Deserialize, Serialize};
use tiketi_core::{Page, PageRequest};
use utoipa::{IntoParams, ToSchema};

use crate::error::ApiError;

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

/// Reads how many rows a page has that is found by a key.
pub(crate) fn key_page_size(limit: Option<i64>) -> Result<u32, ApiError> {
    page_request(None, limit).map(PageRequest::size)
}

/// A page's position in its listing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Pagination)]
pub(crate) struct PaginationDto {
    /// Rows of the whole listing.
    #[schema(example = 42)]
    total: u64,
    /// This page, from 1.
    #[schema(example = 1)]
    page: u32,
    /// Rows of a full page.
    #[schema(example = 20)]
    limit: u32,
    /// Pages of the whole listing.
    #[schema(example = 3)]
    total_pages: u64,
}

impl PaginationDto {
    /// Describes a page's position in its listing.
    pub(crate) fn of<T>(page: &Page<T>, request: PageRequest) -> Self {
        Self {
            total: page.total,
            page: request.number(),
            limit: request.size(),
            total_pages: page.total.div_ceil(u64::from(request.size())),
        }
    }
}
