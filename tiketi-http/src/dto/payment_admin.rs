//! Payments as administrators see them.

use serde::{Deserialize, Serialize};
use tiketi_core::decide::RefundWanted;
use tiketi_core::{
    Currency, Money, Page, PageRequest, Payment, PaymentState,
    payment::{Note, Settles, StuckReason},
    store::CallOffProgress,
};
use utoipa::{IntoParams, ToSchema};

use super::cancellation::{RefundDto, ReturnedItemBody, wanted};
use super::deposit::RefundReceiveAccount;
use super::page::page_request;
use super::payment::{WantedRefund, reason};
use super::{PaginationDto, payment::PaymentDto};
use crate::error::ApiError;
use crate::reason::Reason;

/// Filter and page of a list of payments.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AttentionQuery {
    /// Only `stuck` is known: payments that need attention.
    #[param(inline, example = "stuck")]
    state: Option<AttentionState>,
    /// Which page, from 1; 1 by default.
    #[param(example = 1, minimum = 1)]
    page: Option<i64>,
    /// How many rows a page has, from 1 to 100; 20 by default.
    #[param(example = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AttentionState {
    /// Stuck, refund refused, deposit withdrawn, or unknown for over ten minutes.
    Stuck,
}

impl AttentionQuery {
    /// Reads the page.
    pub(crate) fn request(&self) -> Result<PageRequest, ApiError> {
        // There is only one list so far; the parameter selects nothing.
        let _ = self.state;
        page_request(self.page, self.limit)
    }
}

/// A payment, and why it needs attention.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TroubledPayment)]
pub(crate) struct AttentionPaymentDto {
    #[serde(flatten)]
    payment: PaymentDto,
    #[schema(format = Uuid)]
    user_id: String,
    #[schema(example = "toss")]
    gateway: String,
    /// Why it needs attention: `amount_mismatch`, `order_mismatch`, `refund_refused`, `deposit_withdrawn`,
    /// `unknown_for_long`, or `refund_unstated` (a partial refund was made at the provider); `none` if it does not.
    #[schema(example = "refund_refused")]
    trouble: &'static str,
    /// The captured amount, in minor units, if a capture is known.
    captured_amount: Option<i64>,
    captured_currency: Option<String>,
    refunds: Vec<RefundDto>,
    /// The provider's last inconclusive answer.
    last_answer: Option<String>,
    /// When the provider is asked again.
    #[schema(format = DateTime)]
    asked_again_at: Option<String>,
    notes: Vec<NoteDto>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Note)]
struct NoteDto {
    #[schema(format = DateTime)]
    at: String,
    author: String,
    text: String,
    settles: bool,
}

impl From<&Payment> for AttentionPaymentDto {
    fn from(payment: &Payment) -> Self {
        Self {
            payment: payment.into(),
            user_id: payment.buyer.to_string(),
            gateway: payment.gateway.clone(),
            trouble: reason_for_attention(payment),
            captured_amount: payment.captured.map(Money::minor),
            captured_currency: payment.captured.map(|captured| captured.currency().to_string()),
            refunds: payment.refunds.iter().map(Into::into).collect(),
            last_answer: payment
                .reconciliation
                .as_ref()
                .and_then(|reconciliation| reconciliation.last_inconclusive.clone()),
            asked_again_at: payment
                .reconciliation
                .as_ref()
                .map(|reconciliation| reconciliation.next.to_string()),
            notes: payment.notes.iter().map(note).collect(),
        }
    }
}

/// Returns why a payment needs attention, as a word of the wire.
fn reason_for_attention(payment: &Payment) -> &'static str {
    match &payment.state {
        PaymentState::Stuck { reason: StuckReason::AmountMismatch { .. }, .. } => "amount_mismatch",
        PaymentState::Stuck { .. } => "order_mismatch",
        _ if payment.is_refund_refused() => "refund_refused",
        _ if payment.is_withdrawn() => "deposit_withdrawn",
        PaymentState::Confirming { .. } => "unknown_for_long",
        _ if payment.queued_refund().is_some() => "unknown_for_long",
        _ if payment.is_refund_unstated() => "refund_unstated",
        _ => "none",
    }
}

fn note(note: &Note) -> NoteDto {
    NoteDto {
        at: note.at.to_string(),
        author: note.author.clone(),
        text: note.text.clone(),
        settles: note.settles == Settles::Yes,
    }
}

/// A page of payments that need attention.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttentionList {
    data: Vec<AttentionPaymentDto>,
    pagination: PaginationDto,
}

impl AttentionList {
    /// Shows a page.
    pub(crate) fn of(page: &Page<Payment>, request: PageRequest) -> Self {
        Self {
            data: page.rows.iter().map(Into::into).collect(),
            pagination: PaginationDto::of(page, request),
        }
    }
}

/// One payment as an administrator sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttentionPaymentAnswer {
    payment: AttentionPaymentDto,
}

impl From<&Payment> for AttentionPaymentAnswer {
    fn from(payment: &Payment) -> Self {
        Self { payment: payment.into() }
    }
}

/// A refund by staff: any amount, and what happens to the tickets.
///
/// With `cancelAmount`, `tickets` is required unless tickets are named. Without it, the tickets are taken back for
/// their whole price.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundPayment {
    /// The reason; the provider and the buyer may read it.
    #[schema(example = "A pillar in the view", max_length = 200)]
    cancel_reason: String,
    /// How much, in minor units.
    #[schema(example = 10_000)]
    cancel_amount: Option<i64>,
    /// What happens to the tickets.
    #[schema(example = "keep")]
    tickets: Option<TicketsWord>,
    /// Which seats are taken back.
    #[schema(example = json!(["01890a5d-ac96-774b-bcce-b302099a8057"]))]
    seat_ids: Option<Vec<String>>,
    /// How many general-admission tickets are taken back.
    items: Option<Vec<ReturnedItemBody>>,
    /// The account for the refund; required for a payment into a virtual account.
    refund_receive_account: Option<RefundReceiveAccount>,
}

/// What happens to the tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TicketsWord {
    /// The buyer keeps all of them; the amount is waived.
    Keep,
    /// Those named are taken back, or all if none is named.
    TakeBack,
}

impl RefundPayment {
    /// Reads the refund, of money in this currency.
    pub(crate) fn read(&self, currency: Currency) -> Result<WantedRefund, ApiError> {
        let tickets = wanted(self.seat_ids.as_deref(), self.items.as_deref())?;
        let names_tickets = self.seat_ids.is_some() || self.items.is_some();
        let amount = self.cancel_amount.map(|minor| Money::new(minor, currency));
        let wanted = match (self.tickets, amount) {
            (Some(TicketsWord::Keep), _) if names_tickets => {
                return Err(ApiError::invalid(
                    "tickets",
                    Reason::fixed(
                        "must not be `keep` if tickets are named",
                        "티켓을 지정하면 `keep`일 수 없습니다.",
                    ),
                ));
            }
            (Some(TicketsWord::Keep), Some(amount)) => RefundWanted::waiver(amount),
            (Some(TicketsWord::Keep), None) => {
                return Err(ApiError::invalid(
                    "cancelAmount",
                    Reason::fixed(
                        "is required with `keep`: the amount to waive",
                        "`keep`에는 돌려줄 금액이 필요합니다.",
                    ),
                ));
            }
            (None, Some(_)) if !names_tickets => {
                return Err(ApiError::invalid(
                    "tickets",
                    Reason::fixed(
                        "is required with `cancelAmount` unless tickets are named",
                        "`cancelAmount`를 보내고 티켓을 지정하지 않으면 필요합니다.",
                    ),
                ));
            }
            (_, Some(amount)) => tickets.of(amount),
            (_, None) => tickets,
        };
        let account = self.refund_receive_account.as_ref().map(RefundReceiveAccount::read).transpose()?;
        Ok(WantedRefund { reason: reason(&self.cancel_reason)?, wanted, account })
    }
}

/// A note of staff.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct WriteNote {
    #[schema(example = "Called the bank: the money is back.")]
    pub(crate) note: String,
    /// Whether the payment is resolved, which removes it from the list.
    #[serde(default)]
    settles: bool,
}

impl WriteNote {
    /// Returns whether the note resolves the payment.
    pub(crate) const fn settles(&self) -> Settles {
        if self.settles { Settles::Yes } else { Settles::No }
    }
}

/// The reason to end a payment with an unknown outcome.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct EndPayment {
    #[schema(example = "The provider closed and answers no questions.")]
    pub(crate) reason: String,
}

/// Progress of a cancelled event's refunds, in reservations.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventRefundsAnswer {
    /// Those that have not ended yet.
    #[schema(example = 12)]
    to_do: u64,
    /// Cancelled, or refunded in full.
    #[schema(example = 988)]
    done: u64,
    /// Those that have not ended because the provider refused the refund; see `/api/admin/payments?state=stuck`.
    #[schema(example = 1)]
    refused: u64,
}

impl From<CallOffProgress> for EventRefundsAnswer {
    fn from(progress: CallOffProgress) -> Self {
        Self { to_do: progress.to_do, done: progress.done, refused: progress.refused }
    }
}
