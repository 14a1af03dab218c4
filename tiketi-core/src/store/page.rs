//! Pages of a listing.

use crate::limits::{MAX_PAGE, MAX_TOTAL};

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
    /// The number of rows of the whole listing, or the smallest number that it may have.
    pub total: u64,
    /// Whether [`Page::total`] is the exact number; otherwise the listing has more rows.
    pub is_total_exact: bool,
    /// Whether rows follow those of the page.
    pub has_more: bool,
}

impl<T> Page<T> {
    /// Returns one page of a complete list.
    pub fn cut(rows: Vec<T>, request: PageRequest) -> Self {
        let total = rows.len() as u64;
        let offset = usize::try_from(request.offset()).unwrap_or(usize::MAX);
        let size = usize::try_from(request.size()).unwrap_or(usize::MAX);
        Self::counted(rows.into_iter().skip(offset).take(size).collect(), total, request)
    }

    /// Makes a page of a listing whose rows were all counted.
    pub fn counted(rows: Vec<T>, total: u64, request: PageRequest) -> Self {
        let has_more = request.offset().saturating_add(rows.len() as u64) < total;
        Self { rows, total, is_total_exact: true, has_more }
    }

    /// Makes a page of a listing whose rows were counted up to one more than [`MAX_TOTAL`].
    ///
    /// `rows` are those from the start of the page on, and one more if rows follow.
    pub fn with_one_more(mut rows: Vec<T>, counted: u64, request: PageRequest) -> Self {
        let size = usize::try_from(request.size()).unwrap_or(usize::MAX);
        let has_more = rows.len() > size;
        rows.truncate(size);
        Self { has_more, ..Self::counted(rows, counted, request).up_to_max_total() }
    }

    /// Returns one page of the first rows of a list; `None` if they are not enough to fill it.
    ///
    /// If there may be more rows (`is_all` is false), the total is a least one.
    pub fn of_first(rows: Vec<T>, is_all: bool, request: PageRequest) -> Option<Self> {
        let page = Self::cut(rows, request).up_to_max_total();
        if is_all {
            return Some(page);
        }
        page.has_more.then_some(Self { is_total_exact: false, ..page })
    }

    /// Returns the page with the total that a store reports that counts at most [`MAX_TOTAL`] rows.
    #[must_use]
    pub fn up_to_max_total(self) -> Self {
        let is_total_exact = self.is_total_exact && self.total <= MAX_TOTAL;
        Self { total: self.total.min(MAX_TOTAL), is_total_exact, ..self }
    }

    /// Replaces each row.
    pub fn with_rows<U>(self, rows: Vec<U>) -> Page<U> {
        Page { rows, total: self.total, is_total_exact: self.is_total_exact, has_more: self.has_more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails if a long listing claims an exact total.
    #[test]
    fn the_total_of_a_long_listing_is_a_least_one() {
        let rows: Vec<u64> = (0..=MAX_TOTAL).collect();
        let page = Page::cut(rows.clone(), PageRequest::new(2, 100).unwrap()).up_to_max_total();
        assert_eq!((page.total, page.is_total_exact, page.has_more), (MAX_TOTAL, false, true));
        let page = Page::cut(rows[1..].to_vec(), PageRequest::new(10, 100).unwrap()).up_to_max_total();
        assert_eq!((page.total, page.is_total_exact, page.has_more), (MAX_TOTAL, true, false));
    }
}
