//! Counts how often notices are read, in memory; a job saves the counts.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tiketi_core::Timestamp;
use tiketi_core::id::NoticeId;
use tiketi_core::network::Network;

/// How long a network counts once for a notice.
const WINDOW: Duration = Duration::from_hours(1);
/// Most pairs of network and notice that are remembered: about 4 MiB. Beyond, reads are not counted until the window ends.
const MOST_VIEWERS: usize = 65_536;

/// Views that are not saved yet, and who has viewed what in this window.
#[derive(Debug, Default)]
pub(crate) struct NoticeViews {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    unsaved: HashMap<NoticeId, u64>,
    viewers: HashSet<(Network, NoticeId)>,
    window_ends: Option<Timestamp>,
}

impl NoticeViews {
    /// Counts a read, if this network has not read the notice in this window, and returns the views that are not saved.
    ///
    /// A read without an address is not counted: it could be any number of times the same reader.
    pub(crate) fn count(&self, id: NoticeId, client: Option<IpAddr>, now: Timestamp) -> u64 {
        let mut inner = self.lock();
        // A clock that was set back begins a window, too.
        let is_within = |ends: &Timestamp| now < *ends && now.after(WINDOW) >= *ends;
        if !inner.window_ends.as_ref().is_some_and(is_within) {
            inner.window_ends = Some(now.after(WINDOW));
            inner.viewers.clear();
        }
        let has_room = inner.viewers.len() < MOST_VIEWERS;
        if let Some(client) = client.filter(|_| has_room)
            && inner.viewers.insert((Network::of(client), id))
        {
            *inner.unsaved.entry(id).or_default() += 1;
        }
        inner.unsaved.get(&id).copied().unwrap_or(0)
    }

    /// Takes the views that are not saved.
    pub(crate) fn take(&self) -> Vec<(NoticeId, u64)> {
        self.lock().unsaved.drain().collect()
    }

    /// Puts views back that could not be saved.
    pub(crate) fn put_back(&self, views: Vec<(NoticeId, u64)>) {
        let mut inner = self.lock();
        for (id, more) in views {
            *inner.unsaved.entry(id).or_default() += more;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> NoticeId {
        NoticeId::from_uuid(Uuid::from_u128(number))
    }

    fn at(minutes: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_mins(minutes))
    }

    fn address(third: u8, last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(203, 0, third, last))
    }

    #[test]
    fn a_network_counts_once_an_hour_for_each_notice() {
        let views = NoticeViews::default();
        for last in 0..50 {
            assert_eq!(views.count(id(1), Some(address(1, last)), at(0)), 1);
        }
        assert_eq!(views.count(id(1), Some(address(2, 0)), at(1)), 2);
        assert_eq!(views.count(id(2), Some(address(1, 0)), at(1)), 1);
        assert_eq!(views.count(id(1), Some(address(1, 0)), at(59)), 2);
        assert_eq!(views.count(id(1), Some(address(1, 0)), at(60)), 3);
        assert_eq!(views.count(id(1), None, at(60)), 3);
    }

    #[test]
    fn views_are_taken_once_and_may_be_put_back() {
        let views = NoticeViews::default();
        views.count(id(1), Some(address(1, 0)), at(0));
        let taken = views.take();
        assert_eq!(taken, [(id(1), 1)]);
        assert_eq!(views.take(), []);
        views.count(id(1), Some(address(2, 0)), at(0));
        views.put_back(taken);
        assert_eq!(views.take(), [(id(1), 2)]);
    }

    #[test]
    fn the_memory_of_viewers_is_bounded_until_the_window_ends() {
        let views = NoticeViews::default();
        for number in 0..(MOST_VIEWERS as u128 + 10) {
            views.count(id(number), Some(address(1, 0)), at(0));
        }
        assert_eq!(views.take().len(), MOST_VIEWERS);
        assert_eq!(views.count(id(0), Some(address(9, 0)), at(30)), 0);
        assert_eq!(views.count(id(0), Some(address(9, 0)), at(60)), 1);
    }
}
