//! Payments.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tiketi_core::decide::RefundWanted;
use tiketi_core::{
    BuyerId, Currency, Money, Payment, PaymentId, PaymentState, PrepareRequest, Prepared,
    box_office::ExpectedAmount,
    gateway::{InvalidReturnUrl, PaymentMethod, ReturnUrls},
    limits::MAX_REASON_CHARS,
    refund_account::RefundAccount,
    text::check_line,
};
use utoipa::ToSchema;

use super::cancellation::{RefundDto, ReturnedItemBody, wanted};
use super::deposit::{DepositDto, RefundReceiveAccount};
use super::field::parsed;
use super::metadata::{MetadataDto, shown_metadata};
use super::reservation::ReservationDto;
use crate::error::ApiError;
use crate::reason::Reason;
use crate::status_words::payment_word;

/// One attempt to pay for a reservation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Payment)]
pub(crate) struct PaymentDto {
    #[schema(format = Uuid)]
    id: String,
    /// The attempt's order id at the payment provider.
    #[schema(format = Uuid)]
    order_id: String,
    #[schema(format = Uuid)]
    reservation_id: String,
    #[schema(format = Uuid)]
    event_id: String,
    /// In minor units.
    #[schema(example = 300_000)]
    amount: i64,
    /// How much of it was refunded, in minor units.
    #[schema(example = 0)]
    refunded_amount: i64,
    #[schema(example = "KRW")]
    currency: String,
    /// `pending`, `completed`, `failed`, `cancelled`, `refunded` or `partially_refunded`.
    #[schema(example = "completed")]
    status: &'static str,
    #[schema(example = "kakao_pay")]
    method: String,
    /// The provider's key for the payment, once it is known.
    #[schema(example = "tviva20260105abc")]
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_key: Option<String>,
    /// The provider's code, if it declined.
    #[schema(example = "REJECT_CARD_PAYMENT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_code: Option<String>,
    /// The deposit, if one is awaited.
    #[serde(skip_serializing_if = "Option::is_none")]
    deposit: Option<DepositDto>,
    /// The host's own data; absent if there is none.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<MetadataDto>,
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<&Payment> for PaymentDto {
    fn from(payment: &Payment) -> Self {
        let failure_code = match &payment.state {
            PaymentState::Declined { code, .. } => Some(code.clone()),
            _ => None,
        };
        Self {
            id: payment.id.to_string(),
            order_id: payment.id.to_string(),
            reservation_id: payment.reservation.to_string(),
            event_id: payment.event.to_string(),
            amount: payment.amount.minor(),
            refunded_amount: payment.refunded.minor(),
            currency: payment.amount.currency().code().to_owned(),
            status: payment_word(&payment.state),
            method: payment.method.clone(),
            payment_key: payment.provider_key.clone(),
            failure_code,
            deposit: payment.awaited_deposit().map(Into::into),
            metadata: shown_metadata(&payment.metadata),
            created_at: payment.created_at.to_string(),
        }
    }
}

/// One payment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentAnswer {
    pub(crate) payment: PaymentDto,
}

/// A payment and the refund that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefundAnswer {
    pub(crate) payment: PaymentDto,
    pub(crate) refund: RefundDto,
}

/// A payment and what it pays for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaidAnswer {
    /// `null` if there was nothing to pay.
    pub(crate) payment: Option<PaymentDto>,
    pub(crate) reservation: ReservationDto,
}

/// A reservation to pay for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreparePayment {
    #[schema(format = Uuid)]
    reservation_id: String,
    /// The amount that the buyer expects to pay, in minor units; refused unless it is the total.
    #[schema(example = 300_000)]
    amount: Option<i64>,
    /// The currency of `amount`; the reservation's if left out.
    #[schema(example = "KRW")]
    currency: Option<String>,
    /// The payment method; the shop's first if left out.
    #[schema(example = "kakao_pay")]
    method: Option<String>,
    /// Where a provider that redirects the buyer sends the buyer back to after paying; with `failUrl`.
    #[schema(format = "uri", example = "https://shop.example/paid")]
    success_url: Option<String>,
    /// Where it sends the buyer back to after failing to pay; with `successUrl`.
    #[schema(format = "uri", example = "https://shop.example/failed")]
    fail_url: Option<String>,
}

/// A reservation to pay for in one step.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProcessPayment {
    #[schema(format = Uuid)]
    reservation_id: String,
    /// One of `/api/payments/methods`.
    #[schema(example = "kakao_pay")]
    payment_method: String,
    /// The amount that the buyer expects to pay, in minor units; refused unless it is the total.
    #[schema(example = 300_000)]
    amount: Option<i64>,
    /// The currency of `amount`; the reservation's if left out.
    #[schema(example = "KRW")]
    currency: Option<String>,
}

/// A prepared attempt to confirm, after the buyer's step at the provider.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConfirmPayment {
    /// The provider's key for the payment, as the provider gave it to the buyer; none for methods without one.
    #[schema(example = "tviva20260105abc", max_length = 200)]
    payment_key: Option<String>,
    /// The order that was prepared.
    #[schema(format = Uuid)]
    order_id: String,
    /// The amount that the buyer expects to pay, in minor units; refused unless it is the total.
    #[schema(example = 300_000)]
    amount: i64,
    /// The currency of `amount`; the payment's if left out.
    #[schema(example = "KRW")]
    currency: Option<String>,
}

/// Longest key of a provider (source: TossPayments, 200).
pub(crate) const MAX_PROVIDER_KEY: usize = 200;

impl ConfirmPayment {
    /// Reads the attempt, the provider's key, and the expected amount.
    pub(crate) fn read(self) -> Result<(PaymentId, Option<String>, ExpectedAmount), ApiError> {
        if self.payment_key.as_ref().is_some_and(|key| key.is_empty() || key.len() > MAX_PROVIDER_KEY) {
            return Err(ApiError::invalid(
                "paymentKey",
                Reason::new(
                    format!("must have 1 to {MAX_PROVIDER_KEY} bytes"),
                    format!("1바이트부터 {MAX_PROVIDER_KEY}바이트까지여야 합니다."),
                ),
            ));
        }
        let currency = self.currency.as_deref().map(|code| parsed("currency", code)).transpose()?;
        let in_currency = |currency| ExpectedAmount::Money(Money::new(self.amount, currency));
        let amount = currency.map_or(ExpectedAmount::Minor(self.amount), in_currency);
        Ok((parsed("orderId", &self.order_id)?, self.payment_key, amount))
    }
}

/// Tickets to return: those named, or all if neither `seatIds` nor `items` is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CancelPayment {
    /// The reason; the provider and the buyer may read it.
    #[schema(example = "The buyer changed his mind", max_length = 200)]
    cancel_reason: String,
    /// The refund that the buyer expects, in minor units; refused unless it is what the policy gives.
    #[schema(example = 90_000)]
    cancel_amount: Option<i64>,
    /// Which seats.
    #[schema(example = json!(["01890a5d-ac96-774b-bcce-b302099a8057"]))]
    seat_ids: Option<Vec<String>>,
    /// How many general-admission tickets.
    items: Option<Vec<ReturnedItemBody>>,
    /// The account for the refund; required for a payment into a virtual account.
    refund_receive_account: Option<RefundReceiveAccount>,
}

/// A requested refund: reason, tickets and account.
pub(crate) struct WantedRefund {
    pub(crate) reason: String,
    pub(crate) wanted: RefundWanted,
    pub(crate) account: Option<RefundAccount>,
}

impl CancelPayment {
    /// Reads the refund, of money in this currency.
    pub(crate) fn read(&self, currency: Currency) -> Result<WantedRefund, ApiError> {
        let mut wanted = wanted(self.seat_ids.as_deref(), self.items.as_deref())?;
        if let Some(minor) = self.cancel_amount {
            wanted = wanted.of(Money::new(minor, currency));
        }
        let account = self.refund_receive_account.as_ref().map(RefundReceiveAccount::read).transpose()?;
        Ok(WantedRefund { reason: reason(&self.cancel_reason)?, wanted, account })
    }
}

/// Reads the reason of a refund.
pub(super) fn reason(text: &str) -> Result<String, ApiError> {
    let reason = text.trim();
    check_line("cancelReason", reason, 1..=MAX_REASON_CHARS)?;
    Ok(reason.to_owned())
}

/// The amount that the buyer expects to pay.
#[derive(Debug)]
pub(crate) struct BelievedAmount {
    minor: i64,
    currency: Option<Currency>,
}

impl BelievedAmount {
    fn read(amount: Option<i64>, currency: Option<&str>) -> Result<Option<Self>, ApiError> {
        let currency = currency.map(|code| parsed("currency", code)).transpose()?;
        Ok(amount.map(|minor| Self { minor, currency }))
    }

    /// Returns the amount.
    ///
    /// It is in the reservation's currency unless the buyer named one.
    pub(crate) fn money(&self, reservation: Currency) -> Money {
        Money::new(self.minor, self.currency.unwrap_or(reservation))
    }
}

impl PreparePayment {
    /// Reads the request and, apart, the expected amount.
    pub(crate) fn read(self, buyer: BuyerId) -> Result<(PrepareRequest, Option<BelievedAmount>), ApiError> {
        let mut request = PrepareRequest::new(parsed("reservationId", &self.reservation_id)?, buyer);
        request.method = self.method;
        request.return_urls = return_urls(self.success_url, self.fail_url)?;
        Ok((request, BelievedAmount::read(self.amount, self.currency.as_deref())?))
    }
}

/// Reads where the buyer is sent back to: both addresses or none.
fn return_urls(success: Option<String>, fail: Option<String>) -> Result<Option<ReturnUrls>, ApiError> {
    let (success, fail) = match (success, fail) {
        (None, None) => return Ok(None),
        (Some(success), Some(fail)) => (success, fail),
        (None, Some(_)) => return Err(ApiError::invalid("successUrl", Reason::given_with("failUrl"))),
        (Some(_), None) => return Err(ApiError::invalid("failUrl", Reason::given_with("successUrl"))),
    };
    ReturnUrls::new(success, fail).map(Some).map_err(|reason| {
        let field = if reason == InvalidReturnUrl::Fail { "failUrl" } else { "successUrl" };
        ApiError::invalid(field, reason)
    })
}

impl ProcessPayment {
    /// Reads the request and, apart, the expected amount.
    pub(crate) fn read(self, buyer: BuyerId) -> Result<(PrepareRequest, Option<BelievedAmount>), ApiError> {
        let reservation = parsed("reservationId", &self.reservation_id)?;
        let request = PrepareRequest::new(reservation, buyer).method(self.payment_method);
        Ok((request, BelievedAmount::read(self.amount, self.currency.as_deref())?))
    }
}

/// An attempt to pay, for the provider's checkout.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Prepared)]
pub(crate) struct PreparedDto {
    #[schema(format = Uuid)]
    payment_id: String,
    /// The attempt's order id at the provider.
    #[schema(format = Uuid)]
    order_id: String,
    /// What to pay, in minor units: the reservation's total.
    #[schema(example = 300_000)]
    amount: i64,
    #[schema(example = "KRW")]
    currency: String,
    /// The name of the order that the provider shows the buyer.
    #[schema(example = "Night of the Lighthouse × 2")]
    order_name: String,
    /// The provider's public key for its checkout, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_key: Option<String>,
    /// Further parameters of the provider's script, by its own names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    parameters: BTreeMap<String, String>,
    /// Until when the reservation is held for the payment.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

impl PreparedDto {
    /// Shows a prepared attempt.
    pub(crate) fn of(prepared: &Prepared) -> Self {
        let (payment, reservation) = (&prepared.payment, &prepared.reservation);
        Self {
            payment_id: payment.id.to_string(),
            order_id: payment.id.to_string(),
            amount: payment.amount.minor(),
            currency: payment.amount.currency().code().to_owned(),
            order_name: prepared.order_name.clone(),
            client_key: prepared.checkout.client_key.clone(),
            parameters: prepared.checkout.parameters.clone(),
            expires_at: reservation.held_until().map(|until| until.to_string()),
        }
    }
}

/// The payment methods of the shop.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MethodList {
    methods: Vec<MethodDto>,
}

/// A payment method.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Method)]
struct MethodDto {
    /// What to send.
    #[schema(example = "kakao_pay")]
    id: String,
    /// What buyers read.
    #[schema(example = "KakaoPay")]
    name: String,
}

impl MethodList {
    /// Lists payment methods.
    pub(crate) fn of(methods: Vec<PaymentMethod>) -> Self {
        let show = |method: PaymentMethod| MethodDto { id: method.id, name: method.name };
        Self { methods: methods.into_iter().map(show).collect() }
    }
}
