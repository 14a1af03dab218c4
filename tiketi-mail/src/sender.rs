//! Sends the mails that are due.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use tiketi_core::account::{CodeKey, CodePurpose, MailedCode, new_code};
use tiketi_core::clock::SystemClock;
use tiketi_core::decide::mail_failed;
use tiketi_core::id::CodeId;
use tiketi_core::mail::{Mail, MailContent, MailOutcome};
use tiketi_core::random::{Random, SystemRandom};
use tiketi_core::store::{AccountStore, ClaimedMail, CodeStore, MailStore};
use tiketi_core::{BoxOffice, Clock, Fact, FactBody, StoreError, Timestamp};

use crate::address_book::{AddressBook, Recipient};
use crate::letter::{Letter, Shopfront, Topic};
use crate::mailer::{Mailer, Message};

/// How long a server has to send the mails it claimed, before another server may: 3 minutes.
const LEASE: Duration = Duration::from_mins(3);
/// Most mails of one claim.
const CLAIM: u32 = 16;
/// Most mails that are sent at the same time.
const AT_ONCE: usize = 4;
/// How long a mail that was sent is known, so that its fact does not queue it again: 8 days, one more than facts wait.
const DONE_MEMORY: Duration = Duration::from_hours(8 * 24);
/// How long a mail that was given up is listed: 90 days.
const DEAD_MEMORY: Duration = Duration::from_hours(90 * 24);
/// Most mails that one call forgets.
const FORGOTTEN: u32 = 1_000;
/// Most characters of a problem that are stored.
const PROBLEM_CHARS: usize = 300;

/// Sends queued mails.
#[derive(Debug)]
pub struct MailSender {
    shop: BoxOffice,
    mails: Arc<dyn MailStore>,
    addresses: Arc<dyn AddressBook>,
    mailer: Arc<dyn Mailer>,
    front: Shopfront,
    codes: Option<CodeMails>,
    clock: Arc<dyn Clock>,
}

/// What mails with codes need: accounts of the shop.
#[derive(Debug)]
pub struct CodeMails {
    codes: Arc<dyn CodeStore>,
    accounts: Arc<dyn AccountStore>,
    key: CodeKey,
    random: Arc<dyn Random>,
}

impl CodeMails {
    /// Makes codes with the system's randomness. `key` is that of the servers that check the codes.
    pub fn new(codes: Arc<dyn CodeStore>, accounts: Arc<dyn AccountStore>, key: CodeKey) -> Self {
        Self { codes, accounts, key, random: Arc::new(SystemRandom) }
    }

    /// Makes codes with other randomness.
    #[must_use]
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }
}

/// What one call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Sent {
    /// Mails that were sent.
    pub sent: usize,
    /// Mails that need not be sent any more, because their buyer or code is gone, for example.
    pub dropped: usize,
    /// Mails that are tried again later.
    pub again: usize,
    /// Mails that were given up, and are listed for an operator.
    pub dead: usize,
}

impl Sent {
    /// Returns how many mails were claimed: if any, call again at once.
    pub fn claimed(self) -> usize {
        self.sent + self.dropped + self.again + self.dead
    }

    fn count(&mut self, outcome: &MailOutcome, was_sent: bool) {
        let counter = match outcome {
            MailOutcome::Done if was_sent => &mut self.sent,
            MailOutcome::Done => &mut self.dropped,
            MailOutcome::Again { .. } => &mut self.again,
            MailOutcome::Dead { .. } => &mut self.dead,
        };
        *counter += 1;
    }
}

/// A mail that could not be written now.
enum Unwritten {
    /// There is nothing to send.
    Needless,
    /// A store failed.
    Failed(StoreError),
}

impl From<StoreError> for Unwritten {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl MailSender {
    /// Sends the mails of a store through a mailer. Events are read from the shop.
    ///
    /// Without [`MailSender::codes`], mails with codes are dropped.
    pub fn new(
        shop: BoxOffice,
        mails: Arc<dyn MailStore>,
        addresses: Arc<dyn AddressBook>,
        mailer: Arc<dyn Mailer>,
        front: Shopfront,
    ) -> Self {
        Self { shop, mails, addresses, mailer, front, codes: None, clock: Arc::new(SystemClock) }
    }

    /// Sends mails with codes for the accounts of the shop.
    #[must_use]
    pub fn codes(mut self, codes: CodeMails) -> Self {
        self.codes = Some(codes);
        self
    }

    /// Takes the time from a clock; [`SystemClock`] by default.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sends at most 16 of the mails that are due, and records what came of each.
    ///
    /// Call it about every second, and again at once while it claims any. A mail that fails delays no other.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the queue cannot be read or written; what was claimed is due again after three minutes.
    ///
    /// # Cancel safety
    ///
    /// A mail whose sending is dropped is sent again after three minutes, perhaps for the second time.
    pub async fn send_once(&self) -> Result<Sent, StoreError> {
        let now = self.clock.now();
        let until = now.after(LEASE);
        let claimed = self.mails.claim_mail(now, LEASE, CLAIM).await?;
        let sending = claimed.into_iter().map(|it| async move {
            let (outcome, was_sent) = self.send(&it).await;
            self.mails.settle_mail(it.mail.id, until, outcome.clone(), self.clock.now()).await?;
            Ok::<_, StoreError>((outcome, was_sent))
        });
        let mut settled = stream::iter(sending).buffer_unordered(AT_ONCE);
        let (mut sent, mut failure) = (Sent::default(), None);
        while let Some(one) = settled.next().await {
            match one {
                Ok((outcome, was_sent)) => sent.count(&outcome, was_sent),
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(sent), Err)
    }

    /// Deletes mails that were sent 8 days ago or given up 90 days ago, and codes that have ended; returns how many.
    ///
    /// Call it about every minute.
    pub async fn forget_once(&self) -> Result<u64, StoreError> {
        let now = self.clock.now();
        let (done, dead) = (now.before(DONE_MEMORY), now.before(DEAD_MEMORY));
        let mails = self.mails.forget_mail(done, dead, FORGOTTEN).await?;
        let codes = match &self.codes {
            Some(of) => of.codes.forget_codes(now, FORGOTTEN).await?,
            None => 0,
        };
        Ok(mails + codes)
    }

    /// Writes and sends a mail, and returns what came of it and whether it was sent.
    async fn send(&self, claimed: &ClaimedMail) -> (MailOutcome, bool) {
        let ClaimedMail { mail, tries } = claimed;
        let (problem, is_final) = match self.written(mail).await {
            Err(Unwritten::Needless) => return (MailOutcome::Done, false),
            Err(Unwritten::Failed(error)) => (error.to_string(), false),
            Ok(message) => match self.mailer.send(&message).await {
                Ok(()) => return (MailOutcome::Done, true),
                Err(error) => (error.problem, error.is_final),
            },
        };
        let problem: String = problem.chars().filter(|c| !c.is_control()).take(PROBLEM_CHARS).collect();
        let outcome = mail_failed(*tries, self.clock.now(), is_final, problem.clone());
        match &outcome {
            MailOutcome::Dead { .. } => {
                tracing::error!(mail = %mail.id, kind = mail.content.kind(), tries, problem, "a mail was given up");
            }
            MailOutcome::Again { .. } | MailOutcome::Done => {
                tracing::warn!(mail = %mail.id, kind = mail.content.kind(), tries, problem, "a mail is tried again");
            }
        }
        (outcome, false)
    }

    async fn written(&self, mail: &Mail) -> Result<Message, Unwritten> {
        let now = self.clock.now();
        let (to, topic) = match &mail.content {
            MailContent::Code(id) => self.about_code(*id, now).await?,
            MailContent::Called { until, .. } if *until <= now => return Err(Unwritten::Needless),
            MailContent::Called { event, until, .. } => {
                let to = self.buyer_of(mail).await?;
                let event = self.shop.catalog().event(*event).await?.ok_or(Unwritten::Needless)?;
                (to, Topic::Called { event: event.event, until: *until })
            }
            MailContent::Fact(fact) => (self.buyer_of(mail).await?, self.about_fact(fact).await?),
        };
        let letter = Letter::about(&topic, to.language, &self.front);
        letter.message(mail.id, to).map_err(|error| {
            Unwritten::Failed(StoreError::corrupt(format!("the mail cannot be written: {error}")))
        })
    }

    async fn buyer_of(&self, mail: &Mail) -> Result<Recipient, Unwritten> {
        let buyer = mail.content.buyer().ok_or(Unwritten::Needless)?;
        self.addresses.recipient(buyer).await?.ok_or(Unwritten::Needless)
    }

    async fn about_fact(&self, fact: &Fact) -> Result<Topic, Unwritten> {
        let view = self.shop.catalog().event(fact.event).await?.ok_or(Unwritten::Needless)?;
        let (event, ticket_types) = (view.event, view.ticket_types);
        Ok(match &fact.body {
            FactBody::ReservationConfirmed { reservation } => {
                Topic::Confirmed { event, reservation: Arc::clone(reservation) }
            }
            FactBody::ReservationCancelled { reservation, .. } => {
                Topic::Cancelled { event, reservation: Arc::clone(reservation) }
            }
            FactBody::TicketsReturned { reservation, returned } => Topic::Returned {
                event,
                reservation: Arc::clone(reservation),
                returned: returned.clone(),
                ticket_types,
            },
            FactBody::PaymentUpdated { payment } => {
                let reservation = self.shop.sales().reservation(payment.reservation, payment.buyer).await?;
                let number = reservation.ok_or(Unwritten::Needless)?.number;
                Topic::Refunded { event, number, payment: Arc::clone(payment) }
            }
            _ => return Err(Unwritten::Needless),
        })
    }

    async fn about_code(&self, id: CodeId, now: Timestamp) -> Result<(Recipient, Topic), Unwritten> {
        let of = self.codes.as_ref().ok_or(Unwritten::Needless)?;
        let code = of.codes.code(id).await?.filter(|code| code.is_open(now)).ok_or(Unwritten::Needless)?;
        let account = of.accounts.account_by_email(&code.email).await?;
        let language = account.as_ref().map_or(code.language, |account| account.language);
        let to = Recipient { email: code.email.clone(), language };
        let expires_at = code.expires_at;
        let topic = match (&code.purpose, account) {
            (CodePurpose::Register(_), Some(_)) => Topic::AlreadyRegistered,
            (CodePurpose::Register(_), None) | (CodePurpose::Verify { .. }, Some(_)) => {
                Topic::Verify { code: of.issue(&code).await?, expires_at }
            }
            (CodePurpose::Reset, Some(_)) => Topic::Reset { id, code: of.issue(&code).await?, expires_at },
            // Nobody is told that there is no account: not the one who asked, and not a stranger by mail.
            (CodePurpose::Reset | CodePurpose::Verify { .. }, None) => return Err(Unwritten::Needless),
        };
        Ok((to, topic))
    }
}

impl CodeMails {
    /// Makes the code of a mail, and stores its hash.
    async fn issue(&self, code: &MailedCode) -> Result<String, Unwritten> {
        let text = new_code(self.random.as_ref()).map_err(StoreError::from)?;
        let hash = self.key.hash(code.id, &text);
        if self.codes.issue_code(code.id, hash).await? { Ok(text) } else { Err(Unwritten::Needless) }
    }
}
