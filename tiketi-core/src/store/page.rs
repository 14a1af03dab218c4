//! Pages of a listing.

use crate::limits::MAX_PAGE;

/// Which page of a listing is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    number: u32,
    size: u32,
}

/// A page that no listing has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("page must be at least 1 and the page size from 1 to {MAX_PAGE}")]
pub struct PageOutOfRange;

impl PageRequest {
    /// Asks for page `number`, counted from 1, of `size` rows, at most [`MAX_PAGE`].
    pub fn new(number: u32, size: u32) -> Result<Self, PageOutOfRange> {
        if number == 0 || size == 0 || size > MAX_PAGE {
            Err(PageOutOfRange)
        } else {
            Ok(Self { number, size })
        }
    }

    /// The first page of the greatest size.
    pub const FIRST: Self = Self { number: 1, size: MAX_PAGE };

    /// Returns the page's number, from 1.
    pub const fn number(self) -> u32 {
        self.number
    }

    /// Returns how many rows a full page has.
    pub const fn size(self) -> u32 {
        self.size
    }

    /// Returns how many rows come before the page.
    pub fn offset(self) -> u64 {
        u64::from(self.number - 1) * u64::from(self.size)
    }
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// How many rows the whole listing has.
    pub total: u64,
}

impl<T> Page<T> {
    /// Cuts a page out of a whole listing.
    pub fn cut(rows: Vec<T>, request: PageRequest) -> Self {
        let total = rows.len() as u64;
        let offset = usize::try_from(request.offset()).unwrap_or(usize::MAX);
        let size = usize::try_from(request.size()).unwrap_or(usize::MAX);
        Self { rows: rows.into_iter().skip(offset).take(size).collect(), total }
    }
}
