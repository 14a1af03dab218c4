//! Pages of a listing.

use crate::limits::MAX_PAGE;

/// Which page of a listing to return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    number: u32,
    size: u32,
}

/// A page number or size out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("page must be at least 1 and the page size from 1 to {MAX_PAGE}")]
#[non_exhaustive]
pub struct PageOutOfRange;

impl PageRequest {
    /// Makes a request for page `number`, from 1, with `size` rows, at most [`MAX_PAGE`].
    ///
    /// # Errors
    ///
    /// [`PageOutOfRange`].
    pub fn new(number: u32, size: u32) -> Result<Self, PageOutOfRange> {
        if number == 0 || size == 0 || size > MAX_PAGE {
            Err(PageOutOfRange)
        } else {
            Ok(Self { number, size })
        }
    }

    /// The first page with the greatest size.
    pub const FIRST: Self = Self { number: 1, size: MAX_PAGE };

    /// Returns the page's number, from 1.
    pub const fn number(self) -> u32 {
        self.number
    }

    /// Returns the number of rows of a full page.
    pub const fn size(self) -> u32 {
        self.size
    }

    /// Returns the number of rows before the page.
    pub fn offset(self) -> u64 {
        u64::from(self.number - 1) * u64::from(self.size)
    }
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores make it, and give every part")]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The number of rows of the whole listing.
    pub total: u64,
}

impl<T> Page<T> {
    /// Returns one page of a complete list.
    pub fn cut(rows: Vec<T>, request: PageRequest) -> Self {
        let total = rows.len() as u64;
        let offset = usize::try_from(request.offset()).unwrap_or(usize::MAX);
        let size = usize::try_from(request.size()).unwrap_or(usize::MAX);
        Self { rows: rows.into_iter().skip(offset).take(size).collect(), total }
    }
}
