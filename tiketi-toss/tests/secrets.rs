//! The logs and debug output of complete sales, in a separate process, because tracing has one global state for
//! each process.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the whole file is a test")]

use std::fmt::{Debug, Write as _};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tiketi_core::{
    BuyerId, Currency, Money, PaymentGateway, PaymentId, RefundId,
    gateway::{CheckoutRequest, ConfirmRequest, LookupRequest, RefundRequest, VoidRequest, WebhookRequest},
    refund_account::RefundAccount,
};
use tiketi_toss::{TossGateway, TossLimits, TossMethod, TossSettings};
use tiketi_toss_stub::{Call, Fault, Method, StubSettings, TossStub};
use tracing_subscriber::util::SubscriberInitExt;
use uuid::Uuid;

const SECRET_KEY: &str = "test_sk_a4Xq9ZpRb2Lw";
const BUYER: BuyerId = BuyerId::from_uuid(Uuid::from_u128(0xADA));
/// The key with its colon, encoded as in the header.
const ENCODED: &str = "dGVzdF9za19hNFhxOVpwUmIyTHc";

/// The bank account of a buyer who wants a refund.
const ACCOUNT: &str = "110987654321";
const HOLDER: &str = "Ondine Hasselbrack";

/// Collects the log, also that of the `log` crate.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A gateway that formats each of its answers with `Debug`.
struct Shown {
    stub: TossStub,
    gateway: TossGateway,
    text: String,
}

impl Shown {
    fn show(&mut self, what: impl Debug) {
        writeln!(self.text, "{what:?}").unwrap();
    }

    async fn confirm(&mut self, payment: PaymentId, key: &str) {
        let provider_key = Some(key.to_owned());
        let request = ConfirmRequest::new(payment, BUYER, won(1000), "toss_card").provider_key(provider_key);
        let answer = self.gateway.confirm(request).await;
        self.show(answer);
    }

    async fn refund(&mut self, payment: PaymentId, key: &str, which: u128) {
        let request =
            RefundRequest::new(payment, BUYER, key, RefundId::from_uuid(Uuid::from_u128(which)), won(100))
                .refundable(won(1000))
                .reason("rain")
                .account(RefundAccount::new("88", ACCOUNT, HOLDER).unwrap());
        let answer = self.gateway.refund(request).await;
        self.show(answer);
    }

    /// Runs sales, faults of each kind, refunds and webhooks; returns the secrets of the deposits.
    async fn run(&mut self) -> Vec<String> {
        let faults = [
            Fault::code(Call::Confirm, "REJECT_CARD_PAYMENT"),
            Fault::code(Call::Confirm, "UNAUTHORIZED_KEY"),
            Fault::code(Call::Confirm, "INVENTED_YESTERDAY"),
            Fault::cut(Call::Confirm).after_effect(),
            Fault::hang(Call::Confirm),
            Fault::unreadable(Call::Confirm, 502),
            Fault::twice(Call::Confirm),
        ];
        for (which, fault) in (1..).zip(faults) {
            let payment = PaymentId::from_uuid(Uuid::from_u128(which));
            let key = self.stub.authenticate(&payment.to_string(), 1000).unwrap();
            self.stub.fail_next(fault);
            self.confirm(payment, &key).await;
            self.stub.fail_next(Fault::cut(Call::Cancel));
            self.refund(payment, &key, which).await;
            let request = LookupRequest::new(payment, BUYER, won(1000)).provider_key(key.clone());
            let looked_up = self.gateway.lookup(request).await;
            self.show(looked_up);
            let voided = self.gateway.void(VoidRequest::new(payment, BUYER).provider_key(key)).await;
            self.show(voided);
        }
        self.deposit().await
    }

    async fn deposit(&mut self) -> Vec<String> {
        let payment = PaymentId::from_uuid(Uuid::from_u128(99));
        let order = payment.to_string();
        let key = self.stub.authenticate_by(Method::VirtualAccount, &order, 1000).unwrap();
        self.confirm(payment, &key).await;
        assert!(self.stub.deposit(&order));
        self.refund(payment, &key, 99).await;
        let mut secrets = Vec::new();
        for webhook in self.stub.webhooks() {
            secrets.extend(webhook.body["secret"].as_str().map(str::to_owned));
            let mut forged = webhook.body.clone();
            if webhook.body.get("secret").is_some() {
                forged["secret"] = "ps_forged_and_secret_too".into();
            }
            for body in [webhook.body, forged] {
                let headers = vec![("tosspayments-webhook-transmission-id".to_owned(), webhook.id.clone())];
                let request = WebhookRequest::new(headers, body.to_string().into_bytes());
                let response = self.gateway.webhook(request).await;
                self.show(response);
            }
        }
        secrets
    }
}

fn won(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

fn settings(url: &str) -> TossSettings {
    let mut limits = TossLimits::default();
    limits.change = Duration::from_secs(1);
    let settings = TossSettings::new(SECRET_KEY.to_owned().into(), "test_ck_public");
    settings.base_url(url).methods(TossMethod::ALL).limits(limits)
}

#[tokio::test]
async fn a_whole_run_logs_what_failed_and_nothing_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::TRACE);
    subscriber.with_writer(move || writer.clone()).finish().try_init().unwrap();

    let stub = StubSettings { secret_key: SECRET_KEY.to_owned(), ..StubSettings::default() };
    let stub = TossStub::start(stub).await.unwrap();
    // It returns an error if another test of this process ran first.
    let _chosen_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let gateway = TossGateway::new(settings(&stub.url())).unwrap();
    let mut shown = Shown { stub, gateway, text: String::new() };
    let secrets = shown.run().await;
    shown.show(settings("https://api.example.com"));
    let checkout =
        CheckoutRequest::new(PaymentId::from_uuid(Uuid::from_u128(1)), BUYER, won(1000), "toss_card")
            .order_name("Night of the Lighthouse")
            .deposit_window(Duration::from_hours(24));
    let checkout = shown.gateway.checkout(checkout).await;
    shown.show(checkout);
    shown.show(TossGateway::new(settings("http://api.example.com")).map(|gateway| format!("{gateway:?}")));
    let debug = format!("{:?}", shown.gateway);
    shown.show(debug);

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap() + &shown.text;
    for told in
        ["INVENTED_YESTERDAY", "UNAUTHORIZED_KEY", "no answer in time", "ERROR", "SecretDigest(..)", "TRACE"]
    {
        assert!(text.contains(told), "{told} is not in {text}");
    }
    assert_eq!(secrets.len(), 1);
    let secrets = secrets.iter().map(String::as_str);
    for secret in secrets.chain([SECRET_KEY, ENCODED, "ps_forged_and_secret_too", ACCOUNT, HOLDER]) {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "a secret is shown");
    }
}
