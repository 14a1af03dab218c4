//! The answers that buyers received, to be compared with the store after a crash.

use std::sync::{Mutex, MutexGuard};

use futures::StreamExt;
use tiketi_server_harness::{DEADLINE, Running};
use tokio::sync::Notify;
use tokio::time::timeout;

/// The last answer about one reservation, and the status that an unanswered request asks for.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) token: String,
    pub(crate) reservation: String,
    pub(crate) told: &'static str,
    pub(crate) asked: Option<&'static str>,
}

/// Every reservation that was acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: Mutex<Vec<Entry>>,
    grown: Notify,
}

impl Ledger {
    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap()
    }

    /// Records a new reservation, and returns its index.
    pub(crate) fn held(&self, token: &str, reservation: &str) -> usize {
        let entry =
            Entry { token: token.into(), reservation: reservation.into(), told: "pending", asked: None };
        let mut entries = self.entries();
        entries.push(entry);
        self.grown.notify_one();
        entries.len() - 1
    }

    /// Records that a request was sent and is not answered.
    pub(crate) fn asks(&self, at: usize, for_it: &'static str) {
        self.entries()[at].asked = Some(for_it);
    }

    /// Records the status in an answer.
    pub(crate) fn told(&self, at: usize, status: &'static str) {
        let entry = &mut self.entries()[at];
        (entry.told, entry.asked) = (status, None);
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.entries().len()
    }

    /// Waits until this many reservations have been acknowledged.
    pub(crate) async fn reaches(&self, count: usize) {
        let reached = async {
            while self.acknowledged() < count {
                self.grown.notified().await;
            }
        };
        timeout(DEADLINE, reached).await.expect("the server sells no more");
    }

    /// Reads every reservation from `first` on, and asserts that each has the status of its last answer.
    pub(crate) async fn check_since(&self, first: usize, running: &Running) {
        let entries = self.entries()[first..].to_vec();
        let checks = entries.iter().map(|entry| async move {
            let path = format!("/api/reservations/{}", entry.reservation);
            let (status, answer) = running.get(&path, Some(&entry.token)).await;
            let shown = answer["reservation"]["status"].as_str();
            let is_true = shown == Some(entry.told) || (shown.is_some() && shown == entry.asked);
            assert!(status == 200 && is_true, "{entry:?} is {answer}");
        });
        futures::stream::iter(checks).buffer_unordered(16).for_each(|()| async {}).await;
    }
}
