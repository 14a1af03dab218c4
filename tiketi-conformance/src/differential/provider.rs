//! A payment provider in memory whose answers follow from the seed and the payment alone.
//!
//! So two stores get the same answers, in whatever order they ask about different payments.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tiketi_core::gateway::{
    Attempt, BuyerStep, Capabilities, Captured, Checkout, CheckoutRequest, ConfirmAnswer, ConfirmRequest,
    Confirms, GatewayUnavailable, Hint, LookupAnswer, LookupRequest, NotAccepted, PaymentGateway,
    PaymentMethod, ProviderResponse, RefundAnswer, RefundRequest, RefundsTo, VoidAnswer, VoidRequest,
    WebhookRefused, WebhookRequest,
};
use tiketi_core::id::RefundId;
use tiketi_core::{Money, PaymentId};
use tiketi_workload::Chance;

/// The gateway whose buyers pay in one step.
pub(super) const ONE_STEP: &str = "till";
/// The gateway whose buyers authorise at the provider's page.
pub(super) const BROWSER: &str = "page";

/// The provider's own books.
#[derive(Debug)]
pub(super) struct Provider {
    seed: u64,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    is_calm: bool,
    of: BTreeMap<PaymentId, Book>,
}

/// What the provider knows of one payment.
#[derive(Debug)]
struct Book {
    dice: Chance,
    taken: Option<Money>,
    refunds: BTreeMap<RefundId, Option<i64>>,
    by_hand: i64,
    is_authorised: bool,
    declined: Option<&'static str>,
}

impl Book {
    fn left(&self) -> i64 {
        self.taken.map_or(0, Money::minor) - self.refunds.values().flatten().sum::<i64>() - self.by_hand
    }

    fn captured(&self, payment: PaymentId) -> Option<Captured> {
        let amount = self.taken?;
        let refunded = Money::new(amount.minor() - self.left(), amount.currency());
        Some(Captured::kept(payment.to_string(), provider_key(payment), amount).refunded(refunded))
    }
}

/// Returns the provider's key of a payment.
pub(super) fn provider_key(payment: PaymentId) -> String {
    format!("provider-{payment}")
}

impl Provider {
    /// Makes a provider without payments.
    pub(super) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self { seed, books: Mutex::default() })
    }

    /// Returns its two gateways.
    pub(super) fn gateways(self: &Arc<Self>) -> [Arc<dyn PaymentGateway>; 2] {
        [ONE_STEP, BROWSER].map(|name| {
            let gateway: Arc<dyn PaymentGateway> = Arc::new(Gateway { provider: Arc::clone(self), name });
            gateway
        })
    }

    /// From now on it answers every request, and does what it can.
    pub(super) fn calm_down(&self) {
        self.lock().is_calm = true;
    }

    /// Lets a buyer authorise a payment at the provider's page.
    pub(super) fn authorise(&self, payment: PaymentId) {
        self.with(payment, |book, _| book.is_authorised = true);
    }

    /// Gives half of what is left of a payment back as staff do on the provider's own pages.
    pub(super) fn return_by_hand(&self, payment: PaymentId) {
        self.with(payment, |book, _| book.by_hand += (book.left() + 1) / 2);
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on a payment's book, with a number below 100 that is drawn for this request; 0 once it is calm.
    fn with<T>(&self, payment: PaymentId, work: impl FnOnce(&mut Book, u64) -> T) -> T {
        let mut books = self.lock();
        let is_calm = books.is_calm;
        let book = books.of.entry(payment).or_insert_with(|| Book {
            dice: Chance::of(self.seed, &payment.to_string()),
            taken: None,
            refunds: BTreeMap::new(),
            by_hand: 0,
            is_authorised: false,
            declined: None,
        });
        let drawn = book.dice.below(100);
        work(book, if is_calm { 0 } else { drawn })
    }
}

#[derive(Debug)]
struct Gateway {
    provider: Arc<Provider>,
    name: &'static str,
}

const SILENT: (&str, ProviderResponse) = ("the provider did not answer", ProviderResponse::NoAnswer);

fn silent_confirm() -> ConfirmAnswer {
    ConfirmAnswer::Unknown { reason: SILENT.0.into(), response: SILENT.1 }
}

impl Gateway {
    fn is_page(&self) -> bool {
        self.name == BROWSER
    }
}

#[async_trait]
impl PaymentGateway for Gateway {
    fn name(&self) -> &str {
        self.name
    }

    fn methods(&self) -> Vec<PaymentMethod> {
        vec![PaymentMethod::new(self.name, self.name)]
    }

    fn capabilities(&self) -> Capabilities {
        if self.is_page() {
            Capabilities::new(Confirms::Browser, BuyerStep::Needed)
        } else {
            Capabilities::new(Confirms::Server, BuyerStep::NotNeeded)
        }
    }

    fn refunds_to(&self, _: &str) -> RefundsTo {
        RefundsTo::Source
    }

    fn ready(&self) -> Result<(), GatewayUnavailable> {
        Ok(())
    }

    fn accepts(&self, attempt: Attempt<'_>) -> Result<(), NotAccepted> {
        attempt.check_method(&self.methods())?;
        attempt.check_key()
    }

    async fn checkout(&self, _: CheckoutRequest) -> Result<Checkout, GatewayUnavailable> {
        Ok(Checkout::new(ProviderResponse::NotAsked))
    }

    async fn confirm(&self, request: ConfirmRequest) -> ConfirmAnswer {
        let is_page = self.is_page();
        self.provider.with(request.payment, |book, drawn| {
            if let Some(captured) = book.captured(request.payment) {
                return ConfirmAnswer::Paid(captured);
            }
            if let Some(code) = book.declined {
                return ConfirmAnswer::Declined { code: code.into() };
            }
            if is_page && !book.is_authorised {
                return ConfirmAnswer::Pending;
            }
            match drawn {
                70..80 => {
                    book.declined = Some("CARD_EXPIRED");
                    ConfirmAnswer::Declined { code: "CARD_EXPIRED".into() }
                }
                80..86 => silent_confirm(),
                86..94 => {
                    book.taken = Some(request.amount);
                    silent_confirm()
                }
                94..97 => {
                    book.taken = Some(Money::new(request.amount.minor() + 1, request.amount.currency()));
                    book.captured(request.payment).map_or(ConfirmAnswer::Pending, ConfirmAnswer::Paid)
                }
                97..100 => ConfirmAnswer::Pending,
                _ => {
                    book.taken = Some(request.amount);
                    book.captured(request.payment).map_or(ConfirmAnswer::Pending, ConfirmAnswer::Paid)
                }
            }
        })
    }

    async fn lookup(&self, request: LookupRequest) -> LookupAnswer {
        let is_page = self.is_page();
        self.provider.with(request.payment, |book, drawn| {
            if drawn >= 75 {
                return LookupAnswer::Unknown { reason: SILENT.0.into(), response: SILENT.1 };
            }
            if let Some(captured) = book.captured(request.payment) {
                return LookupAnswer::Paid(captured);
            }
            if let Some(code) = book.declined {
                return LookupAnswer::Declined { code: code.into() };
            }
            if is_page && book.is_authorised { LookupAnswer::Pending } else { LookupAnswer::NotFound }
        })
    }

    async fn refund(&self, request: RefundRequest) -> RefundAnswer {
        self.provider.with(request.payment, |book, drawn| {
            let refused = || RefundAnswer::Refused { code: "NOT_CANCELABLE_AMOUNT".into() };
            let unknown = || RefundAnswer::Unknown { reason: SILENT.0.into(), response: SILENT.1 };
            match book.refunds.get(&request.refund) {
                Some(Some(_)) => return RefundAnswer::Done,
                Some(None) => return refused(),
                None => {}
            }
            if drawn >= 94 {
                return unknown();
            }
            if request.amount.minor() > book.left() || drawn >= 86 {
                book.refunds.insert(request.refund, None);
                return refused();
            }
            book.refunds.insert(request.refund, Some(request.amount.minor()));
            if drawn >= 74 { unknown() } else { RefundAnswer::Done }
        })
    }

    async fn void(&self, request: VoidRequest) -> VoidAnswer {
        self.provider.with(request.payment, |book, _| {
            if book.taken.is_some() {
                return VoidAnswer::TooLate;
            }
            book.declined.get_or_insert("VOIDED");
            VoidAnswer::Done
        })
    }

    async fn webhook(&self, _: WebhookRequest) -> Result<Hint, WebhookRefused> {
        Err(WebhookRefused::Malformed { reason: "this provider sends none".into() })
    }
}
