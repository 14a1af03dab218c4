//! Mail: its settings, and the job that sends it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tiketi_core::account::CodeKey;
use tiketi_core::store::{AccountStore, CodeStore, MailStore};
use tiketi_core::{BoxOffice, BoxOfficeBuilder};
use tiketi_http::TimeZone;
use tiketi_mail::{
    AccountAddresses, CodeMails, MAIL_FACTS, MailNotifier, MailSender, Mailer, Shopfront, SmtpMailer,
    TurnMails,
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::options::Mailing;

/// Name of the subscriber that queues mail.
const SUBSCRIBER: &str = "mail";
/// Pause while nothing is due.
const PAUSE: Duration = Duration::from_millis(500);
/// Pause after a failure of the store.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// How often old mails and codes are deleted.
const FORGET_EVERY: Duration = Duration::from_mins(1);

/// The settings of a shop that sends mail.
#[derive(Debug)]
pub(crate) struct MailSettings {
    mailer: Arc<SmtpMailer>,
    front: Shopfront,
}

impl MailSettings {
    /// Checks the options; `None` if no mail is to be sent.
    pub(crate) fn of(options: Mailing, zone: TimeZone) -> Result<Option<Self>, Failure> {
        let Some(url) = options.smtp_url else {
            let given = [
                ("--mail-from", options.mail_from.is_some()),
                ("--public-url", options.public_url.is_some()),
            ];
            return match given.iter().find(|(_, given)| *given) {
                Some((flag, _)) => Err(Failure::new(format!("{flag} needs --smtp-url"))),
                None => Ok(None),
            };
        };
        let needed = |flag| Failure::new(format!("--smtp-url needs {flag}"));
        let from = options.mail_from.ok_or_else(|| needed("--mail-from"))?;
        let public = options.public_url.ok_or_else(|| needed("--public-url"))?;
        let mailer = SmtpMailer::new(&url, &from);
        let mailer = mailer.map_err(|error| Failure::during("--smtp-url or --mail-from", &error))?;
        // Both have the names of the IANA database.
        let zone = zone.to_string().parse().unwrap_or(chrono_tz::Tz::UTC);
        let front = Shopfront::new(public).time_zone(zone);
        let front = match mailer.sender_name() {
            Some(name) => front.name(name),
            None => front,
        };
        Ok(Some(Self { mailer: Arc::new(mailer), front }))
    }

    /// Speaks with the server, without sending anything.
    pub(crate) async fn describe(&self) -> Result<String, Failure> {
        let Self { mailer, front } = self;
        match mailer.check().await {
            Ok(()) => Ok(format!("{mailer} answers; links lead to {}", front.url)),
            Err(error) => Err(Failure::new(format!("{mailer}: {error}"))),
        }
    }

    /// Queues mail for what happens in a shop.
    pub(crate) fn add_to(builder: BoxOfficeBuilder, mails: &Arc<dyn MailStore>) -> BoxOfficeBuilder {
        let notifier = Arc::new(MailNotifier::new(Arc::clone(mails)));
        builder
            .subscriber_of(SUBSCRIBER, MAIL_FACTS.iter().copied(), notifier)
            .called_buyers(Arc::new(TurnMails::new(Arc::clone(mails))))
    }

    /// Makes what sends the queued mail of a shop.
    pub(crate) fn sender(
        &self,
        shop: BoxOffice,
        mails: Arc<dyn MailStore>,
        accounts: Arc<dyn AccountStore>,
        (codes, key): (Arc<dyn CodeStore>, CodeKey),
    ) -> MailSender {
        let addresses = Arc::new(AccountAddresses::new(Arc::clone(&accounts)));
        let mailer = Arc::<SmtpMailer>::clone(&self.mailer);
        MailSender::new(shop, mails, addresses, mailer, self.front.clone())
            .codes(CodeMails::new(codes, accounts, key))
    }
}

/// Sends queued mail until `stop`. A mail that is being sent is finished first.
pub(crate) async fn send_until(sender: MailSender, stop: CancellationToken) {
    let (mut pause, mut forget_at) = (Duration::ZERO, Instant::now());
    while stop.run_until_cancelled(sleep(pause)).await.is_some() {
        pause = match sender.send_once().await {
            Ok(sent) if sent.claimed() > 0 => Duration::ZERO,
            Ok(_) => PAUSE,
            Err(error) => {
                let error: &dyn Error = &error;
                tracing::error!(error, "mail is not sent now, and will be tried again");
                PAUSE_AFTER_FAILURE
            }
        };
        if forget_at <= Instant::now() {
            forget_at = Instant::now() + FORGET_EVERY;
            if let Err(error) = sender.forget_once().await {
                let error: &dyn Error = &error;
                tracing::warn!(error, "old mails are deleted later");
            }
        }
    }
}
