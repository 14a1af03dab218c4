//! Queues mail about what became true.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::fact::FactKind;
use tiketi_core::mail::Mail;
use tiketi_core::notifier::{CalledBuyers, NotifyError};
use tiketi_core::store::MailStore;
use tiketi_core::waiting_room::Place;
use tiketi_core::{Fact, Notifier, Timestamp};

/// The kinds of facts that [`MailNotifier`] writes about.
pub const MAIL_FACTS: &[FactKind] = &[
    FactKind::ReservationConfirmed,
    FactKind::ReservationCancelled,
    FactKind::TicketsReturned,
    FactKind::PaymentUpdated,
];

/// Who was called after less waiting than this is not written to: 5 minutes. They still look at the page.
const SHORTEST_WAIT: Duration = Duration::from_mins(5);

/// Queues a mail for each fact that its buyer should read about.
///
/// Subscribe it for [`MAIL_FACTS`], under one name on all servers.
#[derive(Debug)]
pub struct MailNotifier {
    mails: Arc<dyn MailStore>,
}

impl MailNotifier {
    /// Queues in a store.
    pub fn new(mails: Arc<dyn MailStore>) -> Self {
        Self { mails }
    }
}

#[async_trait]
impl Notifier for MailNotifier {
    async fn notify(&self, facts: &[Fact]) -> Result<(), NotifyError> {
        let mails: Vec<_> = facts.iter().filter_map(Mail::about).collect();
        if !mails.is_empty() {
            self.mails.queue_mail(&mails).await.map_err(NotifyError::new)?;
        }
        Ok(())
    }
}

/// Queues a mail to each buyer who is called after waiting for at least five minutes.
///
/// Such a mail is a courtesy: if the server ends between the call and this, there is none. The buyer's status and the
/// page say the same.
#[derive(Debug)]
pub struct TurnMails {
    mails: Arc<dyn MailStore>,
}

impl TurnMails {
    /// Queues in a store.
    pub fn new(mails: Arc<dyn MailStore>) -> Self {
        Self { mails }
    }
}

#[async_trait]
impl CalledBuyers for TurnMails {
    async fn called(&self, places: &[Place], now: Timestamp) -> Result<(), NotifyError> {
        let waited = |place: &&Place| now.since(place.joined_at) >= SHORTEST_WAIT;
        let mails: Vec<_> =
            places.iter().filter(waited).filter_map(|place| Mail::called(place, now)).collect();
        if !mails.is_empty() {
            self.mails.queue_mail(&mails).await.map_err(NotifyError::new)?;
        }
        Ok(())
    }
}
