//! Links to the pages of a list.

use crate::buyer::wire::Pagination;
use crate::form::with_query;

/// Links to the page before and the page after.
#[derive(Debug)]
pub(crate) struct Pager {
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) page: u64,
    pub(crate) pages: u64,
}

impl Pager {
    /// Makes the links; `query` has the parameters that stay, and no page.
    pub(crate) fn of(path: &str, query: &[(&str, &str)], at: Pagination) -> Self {
        let link = |page: u64| {
            let page = page.to_string();
            let parameters: Vec<_> = query.iter().copied().chain([("page", page.as_str())]).collect();
            with_query(path, &parameters)
        };
        // Beyond the pages that have a number, a listing goes on after a key.
        let further = at.next.map(|next| {
            let parameters: Vec<_> = query.iter().copied().chain([("after", &*next)]).collect();
            with_query(path, &parameters)
        });
        Self {
            before: (at.page > 1).then(|| link(at.page - 1)),
            after: if at.page < at.total_pages { Some(link(at.page + 1)) } else { further },
            page: at.page,
            pages: at.total_pages,
        }
    }
}
