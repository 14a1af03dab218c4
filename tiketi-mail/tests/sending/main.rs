//! From a fact to a mail, over an SMTP server that fails on demand.

// Always true for this target. With it, Clippy treats helper functions as tests as well.
#![cfg(test)]

mod smtp_server;

use std::sync::Arc;
use std::time::Duration;

use smtp_server::{Fault, SmtpServer};
use tiketi_core::account::{
    Account, CODE_TRIES, CodeKey, CodePurpose, Email, MailedCode, PasswordHash, Registration, Role,
};
use tiketi_core::clock::{ManualClock, TimeOrderedIds};
use tiketi_core::decide::MAIL_TRIES;
use tiketi_core::id::CodeId;
use tiketi_core::language::Language;
use tiketi_core::mail::Mail;
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::random::SystemRandom;
use tiketi_core::store::{AccountStore, CodeStore, MailStore};
use tiketi_core::{
    AccountId, BoxOffice, Clock, Currency, EventDetails, EventInput, HoldRequest, IdSource, Money,
    PrepareRequest, SaleWindow, TicketTypeInput, Timestamp, store::EventView,
};
use tiketi_mail::{
    AccountAddresses, CodeMails, MAIL_FACTS, MailNotifier, MailSender, Mailer, MemoryMailer, Sent, Shopfront,
    SmtpMailer,
};

struct Shop {
    office: BoxOffice,
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
}

impl Shop {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::default());
        let clock = Arc::new(ManualClock::at("2026-01-05T10:00:00Z".parse().unwrap()));
        let notifier = Arc::new(MailNotifier::new(store.clone()));
        let office = BoxOffice::builder()
            .store(Arc::clone(&store))
            .gateway(Arc::new(TestGateway::default()))
            .clock(Arc::<ManualClock>::clone(&clock))
            .subscriber_of("mail", MAIL_FACTS.iter().copied(), notifier)
            .build()
            .unwrap();
        Self { office, store, clock }
    }

    fn sender(&self, mailer: Arc<dyn Mailer>) -> MailSender {
        let addresses = Arc::new(AccountAddresses::new(self.store.clone()));
        let front = Shopfront::new("https://tickets.example".parse().unwrap());
        let codes = CodeMails::new(self.store.clone(), self.store.clone(), key());
        MailSender::new(self.office.clone(), self.store.clone(), addresses, mailer, front)
            .codes(codes)
            .clock(Arc::<ManualClock>::clone(&self.clock))
    }

    async fn account(&self, email: &str, language: Language) -> AccountId {
        let id = AccountId::from_uuid(TimeOrderedIds.next());
        let account = Account {
            id,
            email: email.parse().unwrap(),
            name: "한별".into(),
            phone: None,
            role: Role::Buyer,
            password: Some(PasswordHash::from_phc("$argon2id$".into())),
            google: None,
            language,
            verified_at: None,
            created_at: self.clock.now(),
            version: 1,
        };
        self.store.create_account(account).await.unwrap();
        id
    }

    async fn event(&self) -> EventView {
        self.office.jobs().subscribe_once().await.unwrap();
        let now = self.clock.now();
        let sale = SaleWindow::new(now, now.after(Duration::from_hours(24))).unwrap();
        let details = EventDetails::new("Evening of Lanterns", sale.closes_at(), sale);
        let standing = TicketTypeInput::new("Standing", Money::new(66_000, Currency::KRW), 100);
        let input = EventInput::new(details, Currency::KRW).ticket_type(standing);
        let made = self.office.catalog().create_event(input).await.unwrap();
        self.office.catalog().publish_event(made.event.id).await.unwrap();
        made
    }

    /// Sells two tickets to an account, and relays the facts.
    async fn sell(&self, view: &EventView, buyer: AccountId) {
        let wanted = HoldRequest::new(view.event.id, buyer.into()).item(view.ticket_types[0].id, 2);
        let held = self.office.sales().hold(wanted).await.unwrap();
        self.office.payments().process(PrepareRequest::new(held.id, buyer.into())).await.unwrap();
        self.relay().await;
    }

    async fn relay(&self) {
        while self.office.jobs().relay_once().await.unwrap() > 0 {}
    }

    async fn queue_code(&self, email: &str, purpose: CodePurpose) -> CodeId {
        let id = CodeId::unguessable(&SystemRandom).unwrap();
        let now = self.clock.now();
        let code = MailedCode {
            id,
            email: email.parse().unwrap(),
            purpose,
            language: Language::Korean,
            hash: None,
            tries_left: CODE_TRIES,
            expires_at: now.after(Duration::from_mins(30)),
        };
        self.store.put_code(code).await.unwrap();
        self.store.queue_mail(&[Mail::with_code(id, now)]).await.unwrap();
        id
    }
}

fn key() -> CodeKey {
    CodeKey::of(&[7; 32])
}

fn registration() -> CodePurpose {
    let password = PasswordHash::from_phc("$argon2id$".into());
    CodePurpose::Register(Registration { name: "한별".into(), phone: None, password })
}

fn counts(sent: Sent) -> (usize, usize, usize, usize) {
    (sent.sent, sent.dropped, sent.again, sent.dead)
}

#[tokio::test]
async fn a_sale_is_confirmed_by_one_mail_in_the_buyers_language() {
    let shop = Shop::new();
    let server = SmtpServer::start().await;
    let sender = shop.sender(Arc::new(server.mailer()));
    let buyer = shop.account("hanbyul@mail.example", Language::Korean).await;
    let view = shop.event().await;
    shop.sell(&view, buyer).await;
    assert_eq!(counts(sender.send_once().await.unwrap()), (1, 0, 0, 0));
    let mails = server.drain();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, ["hanbyul@mail.example"]);
    let text = mails[0].plain_text();
    assert!(text.contains("Standing × 2: 132,000 KRW"), "{text}");
    assert!(text.contains("합계: 132,000 KRW"), "{text}");
    for header in [
        "Content-Language: ko",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        "From: Tickets <shop@tickets.example>",
    ] {
        assert!(mails[0].data.contains(header), "{header}\n{}", mails[0].data);
    }
}

/// Fails with ids of mails that are new each time.
#[tokio::test]
async fn a_fact_that_is_delivered_twice_is_mailed_once() {
    let shop = Shop::new();
    let mailer = Arc::new(MemoryMailer::default());
    let sender = shop.sender(mailer.clone());
    let buyer = shop.account("hanbyul@mail.example", Language::English).await;
    let view = shop.event().await;
    let wanted = HoldRequest::new(view.event.id, buyer.into()).item(view.ticket_types[0].id, 2);
    let held = shop.office.sales().hold(wanted).await.unwrap();
    shop.office.payments().process(PrepareRequest::new(held.id, buyer.into())).await.unwrap();
    // A server claims the facts, queues the mails, and ends before it acknowledges.
    let name = "mail".parse().unwrap();
    let lease = Duration::from_secs(30);
    let outbox: &dyn tiketi_core::store::OutboxStore = shop.store.as_ref();
    let claimed = outbox.claim_outbox(&name, shop.clock.now(), lease, 99).await.unwrap();
    let facts: Vec<_> = claimed.into_iter().map(|it| it.fact).collect();
    let notifier = MailNotifier::new(shop.store.clone());
    tiketi_core::Notifier::notify(&notifier, &facts).await.unwrap();
    assert_eq!(sender.send_once().await.unwrap().sent, 1);
    shop.clock.advance(Duration::from_secs(31));
    shop.relay().await;
    assert_eq!(sender.send_once().await.unwrap(), Sent::default());
    assert_eq!(mailer.drain().len(), 1);
}

/// Fails with a `Message-ID` that is new each time.
#[tokio::test]
async fn a_mail_whose_outcome_is_unknown_is_sent_again_with_its_message_id() {
    let shop = Shop::new();
    let server = SmtpServer::start().await;
    let sender = shop.sender(Arc::new(server.mailer()));
    shop.queue_code("hanbyul@mail.example", registration()).await;
    // The server takes the mail over, and the connection breaks before its answer.
    server.fail(Fault::DropAfterData);
    assert_eq!(counts(sender.send_once().await.unwrap()), (0, 0, 1, 0));
    assert_eq!(sender.send_once().await.unwrap(), Sent::default(), "it is tried after a pause");
    shop.clock.advance(Duration::from_secs(15));
    assert_eq!(counts(sender.send_once().await.unwrap()), (1, 0, 0, 0));
    let ids: Vec<_> = server.drain().iter().map(|mail| mail.header("Message-ID")).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
    assert!(ids[0].ends_with("@tickets.example>"), "{}", ids[0]);
}

#[tokio::test]
async fn a_mail_is_given_up_after_all_its_tries_and_can_be_retried() {
    let shop = Shop::new();
    let server = SmtpServer::start().await;
    let sender = shop.sender(Arc::new(server.mailer()));
    let buyer = shop.account("hanbyul@mail.example", Language::English).await;
    let view = shop.event().await;
    shop.sell(&view, buyer).await;
    server.fail(Fault::Always("451 4.3.0 try later"));
    for _ in 1..MAIL_TRIES {
        assert_eq!(counts(sender.send_once().await.unwrap()), (0, 0, 1, 0));
        shop.clock.advance(Duration::from_hours(4));
    }
    assert_eq!(counts(sender.send_once().await.unwrap()), (0, 0, 0, 1));
    let dead = shop.store.dead_mail(None, 9).await.unwrap();
    assert_eq!((dead.len(), dead[0].tries), (1, MAIL_TRIES));
    assert!(dead[0].problem.contains("try later"), "{}", dead[0].problem);
    server.fail(Fault::None);
    assert!(shop.store.retry_mail(dead[0].mail.id, shop.clock.now()).await.unwrap());
    assert_eq!(counts(sender.send_once().await.unwrap()), (1, 0, 0, 0));
}

#[tokio::test]
async fn an_address_that_does_not_exist_is_given_up_at_once() {
    let shop = Shop::new();
    let server = SmtpServer::start().await;
    let sender = shop.sender(Arc::new(server.mailer()));
    server.fail(Fault::Recipient("550 5.1.1 no such user"));
    shop.queue_code("hanbyul@mail.example", registration()).await;
    assert_eq!(counts(sender.send_once().await.unwrap()), (0, 0, 0, 1));
}

#[tokio::test]
async fn a_server_that_is_down_or_silent_delays_and_loses_nothing() {
    let shop = Shop::new();
    let server = SmtpServer::start().await;
    let mailer = server.mailer();
    server.stop();
    let problem = mailer.check().await.unwrap_err();
    assert!(!problem.is_final && !problem.problem.is_empty());
    let sender = shop.sender(Arc::new(mailer));
    shop.queue_code("hanbyul@mail.example", registration()).await;
    assert_eq!(counts(sender.send_once().await.unwrap()), (0, 0, 1, 0));
}

#[tokio::test]
async fn a_code_is_new_in_each_mail_and_only_its_hash_is_stored() {
    let shop = Shop::new();
    let mailer = Arc::new(MemoryMailer::default());
    let sender = shop.sender(mailer.clone());
    let id = shop.queue_code("hanbyul@mail.example", registration()).await;
    sender.send_once().await.unwrap();
    let message = mailer.drain().pop().unwrap();
    assert_eq!(message.language, "ko");
    let code = message.text.lines().find_map(|line| line.strip_prefix("    ")).unwrap().to_owned();
    let stored = shop.store.code(id).await.unwrap().unwrap();
    assert!(stored.matches(&key().hash(id, &code)));
    assert!(!format!("{stored:?}").contains(&code));
}

#[tokio::test]
async fn who_is_registered_already_gets_another_mail_and_no_code() {
    let shop = Shop::new();
    let mailer = Arc::new(MemoryMailer::default());
    let sender = shop.sender(mailer.clone());
    shop.account("hanbyul@mail.example", Language::English).await;
    let id = shop.queue_code("hanbyul@mail.example", registration()).await;
    sender.send_once().await.unwrap();
    assert_eq!(mailer.drain().pop().unwrap().subject, "You already have an account");
    assert_eq!(shop.store.code(id).await.unwrap().unwrap().hash, None);
}

#[tokio::test]
async fn nobody_is_told_that_an_address_has_no_account() {
    let shop = Shop::new();
    let mailer = Arc::new(MemoryMailer::default());
    let sender = shop.sender(mailer.clone());
    shop.queue_code("stranger@mail.example", CodePurpose::Reset).await;
    assert_eq!(counts(sender.send_once().await.unwrap()), (0, 1, 0, 0));
    assert_eq!(mailer.drain(), []);
}

#[tokio::test]
async fn a_code_that_has_ended_is_not_mailed() {
    let shop = Shop::new();
    let mailer = Arc::new(MemoryMailer::default());
    let sender = shop.sender(mailer.clone());
    shop.queue_code("hanbyul@mail.example", registration()).await;
    shop.clock.advance(Duration::from_mins(30));
    assert_eq!(counts(sender.send_once().await.unwrap()), (0, 1, 0, 0));
    assert!(sender.forget_once().await.unwrap() > 0);
}

#[tokio::test]
async fn a_cancelled_event_and_its_refunds_are_mailed() {
    let shop = Shop::new();
    let mailer = Arc::new(MemoryMailer::default());
    let sender = shop.sender(mailer.clone());
    let buyer = shop.account("hanbyul@mail.example", Language::English).await;
    let view = shop.event().await;
    shop.sell(&view, buyer).await;
    sender.send_once().await.unwrap();
    mailer.drain();
    shop.office.catalog().cancel_event(view.event.id).await.unwrap();
    for _ in 0..4 {
        shop.office.jobs().call_off_once(99).await.unwrap();
        shop.office.jobs().reconcile_once(99).await.unwrap();
        shop.relay().await;
    }
    while sender.send_once().await.unwrap().claimed() > 0 {}
    let mut subjects: Vec<_> = mailer.drain().into_iter().map(|message| message.subject).collect();
    subjects.sort();
    assert_eq!(subjects.len(), 2, "{subjects:?}");
    assert!(subjects[0].starts_with("132,000 KRW was refunded"), "{subjects:?}");
    assert_eq!(subjects[1], "Evening of Lanterns was cancelled");
}

#[tokio::test]
async fn the_mail_of_a_removed_account_is_dropped() {
    let shop = Shop::new();
    let mailer = Arc::new(MemoryMailer::default());
    let sender = shop.sender(mailer.clone());
    let view = shop.event().await;
    shop.sell(&view, AccountId::from_uuid(TimeOrderedIds.next())).await;
    assert_eq!(counts(sender.send_once().await.unwrap()), (0, 1, 0, 0));
}

/// Fails if an address is anything but what its owner typed.
#[tokio::test]
async fn an_address_cannot_add_lines_or_recipients() {
    for bad in
        ["a@mail.example\r\nRCPT TO:<b@mail.example>", "a@mail.example,b@mail.example", "a@mail.example>"]
    {
        let Ok(email) = bad.parse::<Email>() else { continue };
        let server = SmtpServer::start().await;
        let shop = Shop::new();
        let sender = shop.sender(Arc::new(server.mailer()));
        shop.queue_code(email.as_str(), registration()).await;
        sender.send_once().await.unwrap();
        assert!(
            server.drain().iter().all(|mail| mail.to.len() == 1 && mail.to[0] == email.as_str()),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn a_server_that_answers_passes_the_check() {
    let server = SmtpServer::start().await;
    let mailer = server.mailer();
    mailer.check().await.unwrap();
    assert_eq!(server.drain().len(), 0);
    let _: &SmtpMailer = &mailer;
    let _ = Timestamp::EPOCH;
}
