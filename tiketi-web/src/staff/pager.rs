//! Steps of a list that is read page by page, by a key.

use crate::form::{Fields, with_query};

/// Links of a list that is read by a key.
///
/// A key leads only onwards, so that there is a link to the beginning instead of one back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyPager {
    /// The first page, unless this is it.
    pub(crate) first: Option<String>,
    /// The next page, unless this is the last one.
    pub(crate) next: Option<String>,
}

impl KeyPager {
    /// Makes the links of a list at a path, with the filters of its form.
    pub(crate) fn new(path: &str, query: &Fields, filters: &[&str], next: Option<&str>) -> Self {
        let link = |after: &str| {
            let mut pairs: Vec<_> = filters.iter().map(|name| (*name, query.get(name))).collect();
            pairs.push(("after", after));
            with_query(path, &pairs)
        };
        Self { first: query.filled("after").map(|_| link("")), next: next.map(link) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_the_filters_and_end_at_the_ends() {
        let query = Fields::read("search=등대&after=12_3".as_bytes());
        let pager = KeyPager::new("/staff/log", &query, &["search"], Some("9_1"));
        assert_eq!(pager.first.as_deref(), Some("/staff/log?search=%EB%93%B1%EB%8C%80"));
        assert_eq!(pager.next.as_deref(), Some("/staff/log?search=%EB%93%B1%EB%8C%80&after=9_1"));
        let first = KeyPager::new("/staff/log", &Fields::default(), &["search"], None);
        assert_eq!(first, KeyPager { first: None, next: None });
    }
}
