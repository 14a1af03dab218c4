//! Cancellation policies, and what a cancellation refunds.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tiketi_core::decide::{RefundWanted, quote_cancellation};
use tiketi_core::{
    CancellationPolicy, Event, Money, Payment, Refund, Reservation, ReservationState, SeatId, TicketTypeId,
    Timestamp,
    cancellation_policy::{CancellationTier, MAX_CANCELLATION_LEAD, WHOLE_SHARE},
    limits::MAX_LINES_PER_COMMAND,
    payment::{RefundState, RefundTickets},
};
use utoipa::ToSchema;

use super::field::{parsed, parsed_list, quantity, within};
use crate::error::{ApiError, Code};

/// What the shop keeps of each ticket that is returned until a moment before the event starts.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CancellationTier)]
pub(crate) struct CancellationTierDto {
    /// How long before the start the tier ends, in seconds, up to ten years of 365 days.
    #[schema(example = 864_000)]
    until_seconds_before: i64,
    /// The share of the price that the shop keeps, in basis points: 1,000 is a tenth.
    #[schema(example = 1_000)]
    #[serde(default)]
    kept_basis_points: i64,
    /// The fee that the shop keeps for each ticket, in minor units.
    #[schema(example = 4_000)]
    #[serde(default)]
    kept_fee: i64,
}

impl CancellationTierDto {
    fn read(self, field: &str) -> Result<CancellationTier, ApiError> {
        let longest = u32::try_from(MAX_CANCELLATION_LEAD.as_secs()).unwrap_or(u32::MAX);
        let seconds = within(&format!("{field}.untilSecondsBefore"), self.until_seconds_before, 0, longest)?;
        let share = format!("{field}.keptBasisPoints");
        let share = within(&share, self.kept_basis_points, 0, u32::from(WHOLE_SHARE))?;
        let share = u16::try_from(share).unwrap_or(WHOLE_SHARE);
        CancellationTier::new(Duration::from_secs(u64::from(seconds)), share, self.kept_fee)
            .map_err(|reason| ApiError::invalid(&format!("{field}.keptFee"), reason))
    }
}

impl From<&CancellationTier> for CancellationTierDto {
    fn from(tier: &CancellationTier) -> Self {
        Self {
            until_seconds_before: i64::try_from(tier.lead().as_secs()).unwrap_or(i64::MAX),
            kept_basis_points: i64::from(tier.share_kept()),
            kept_fee: tier.fee_kept(),
        }
    }
}

/// Reads a policy from its tiers.
pub(super) fn policy(field: &str, tiers: &[CancellationTierDto]) -> Result<CancellationPolicy, ApiError> {
    let read = |(at, tier): (usize, &CancellationTierDto)| tier.read(&format!("{field}[{at}]"));
    let tiers = tiers.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
    CancellationPolicy::new(&tiers).map_err(|reason| ApiError::invalid(field, reason))
}

/// Shows a policy as its tiers.
pub(super) fn tiers(policy: &CancellationPolicy) -> Vec<CancellationTierDto> {
    policy.tiers().iter().map(Into::into).collect()
}

/// What is refunded if all tickets are returned now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Cancellation)]
pub(crate) struct CancellationDto {
    /// Whether tickets can be returned now.
    open: bool,
    /// The refund for all tickets, in minor units.
    #[schema(example = 270_000)]
    refund_amount: i64,
    /// How much of their price the shop keeps, in minor units.
    #[schema(example = 30_000)]
    kept_amount: i64,
    /// The first moment at which the refund may be smaller; absent if there is none, or if the event is cancelled.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// The first moment without a refund; absent if there is never one, or if the event is cancelled.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    closes_at: Option<String>,
    /// The policy under which the reservation was confirmed; without tiers there are no refunds.
    policy: Vec<CancellationTierDto>,
}

impl CancellationDto {
    /// Quotes the cancellation of a confirmed reservation; `None` for any other.
    pub(crate) fn of(
        reservation: &Reservation,
        event: &Event,
        payment: Option<&Payment>,
        now: Timestamp,
    ) -> Option<Self> {
        if !matches!(reservation.state, ReservationState::Confirmed { .. }) {
            return None;
        }
        let agreed = reservation.cancellation.as_deref()?;
        let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let policy = tiers(&agreed.policy);
        Some(match quote_cancellation(event, reservation, payment, now) {
            Ok(quote) => Self {
                open: true,
                refund_amount: quote.refund.minor(),
                kept_amount: quote.kept.minor(),
                until: text(quote.until),
                closes_at: text(quote.closes_at),
                policy,
            },
            Err(closed) => Self {
                open: false,
                refund_amount: 0,
                kept_amount: reservation.total.minor(),
                until: None,
                closes_at: text(closed.since),
                policy,
            },
        })
    }
}

/// General-admission tickets to return.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReturnedItemBody {
    #[schema(format = Uuid)]
    ticket_type_id: String,
    /// From 1 to 1,000.
    #[schema(example = 1)]
    quantity: i64,
}

/// Reads the named tickets; all tickets if neither list is given.
pub(super) fn wanted(
    seat_ids: Option<&[String]>,
    items: Option<&[ReturnedItemBody]>,
) -> Result<RefundWanted, ApiError> {
    if seat_ids.is_none() && items.is_none() {
        return Ok(RefundWanted::everything());
    }
    let (seat_ids, items) = (seat_ids.unwrap_or_default(), items.unwrap_or_default());
    let asked = seat_ids.len() + items.len();
    if asked > MAX_LINES_PER_COMMAND {
        let error = ApiError::new(Code::TooManyLines).detail("asked", asked);
        return Err(error.detail("limit", MAX_LINES_PER_COMMAND));
    }
    let seats: Vec<SeatId> = parsed_list("seatIds", seat_ids)?;
    let item = |(at, item): (usize, &ReturnedItemBody)| {
        let path = format!("items[{at}]");
        let ticket_type = parsed::<TicketTypeId>(&format!("{path}.ticketTypeId"), &item.ticket_type_id)?;
        Ok((ticket_type, quantity(&format!("{path}.quantity"), item.quantity)?))
    };
    let items = items.iter().enumerate().map(item).collect::<Result<_, ApiError>>()?;
    Ok(RefundWanted::tickets(seats, items))
}

/// A refund, and the tickets it is for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Refund)]
pub(crate) struct RefundDto {
    #[schema(format = Uuid)]
    id: String,
    /// In minor units.
    #[schema(example = 90_000)]
    amount: i64,
    reason: String,
    /// `queued`, `done` or `refused`.
    #[schema(example = "done")]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_code: Option<String>,
    /// `returned` (the buyer loses the named tickets once the refund is done), `kept` (the buyer keeps all), `none`
    /// (the payment bought none), or `unstated` (the refund was made at the provider).
    #[schema(example = "returned")]
    tickets: &'static str,
    /// How much of the returned tickets' price the shop keeps, in minor units.
    #[schema(example = 10_000)]
    kept_amount: i64,
    #[schema(example = json!(["01890a5d-ac96-774b-bcce-b302099a8057"]))]
    seat_ids: Vec<String>,
    items: Vec<ReturnedItemDto>,
}

/// Returned general-admission tickets.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReturnedItem)]
struct ReturnedItemDto {
    #[schema(format = Uuid)]
    ticket_type_id: String,
    #[schema(example = 1)]
    quantity: u32,
    /// Price of one when it was held, in minor units.
    #[schema(example = 88_000)]
    unit_price: i64,
}

impl From<&Refund> for RefundDto {
    fn from(refund: &Refund) -> Self {
        let (status, provider_code) = match &refund.state {
            RefundState::Queued { .. } => ("queued", None),
            RefundState::Done { .. } => ("done", None),
            RefundState::Refused { code, .. } => ("refused", Some(code.clone())),
        };
        let (tickets, returned) = match &refund.tickets {
            RefundTickets::None => ("none", None),
            RefundTickets::Kept => ("kept", None),
            RefundTickets::Unstated => ("unstated", None),
            RefundTickets::Returned(returned) => ("returned", Some(returned)),
        };
        let seats = returned.map(|returned| returned.seats.as_slice()).unwrap_or_default();
        let items = returned.map(|returned| returned.items.as_slice()).unwrap_or_default();
        Self {
            id: refund.id.to_string(),
            amount: refund.amount.minor(),
            reason: refund.reason.clone(),
            status,
            provider_code,
            tickets,
            kept_amount: refund.kept().map_or(0, Money::minor),
            seat_ids: seats.iter().map(ToString::to_string).collect(),
            items: items
                .iter()
                .map(|item| ReturnedItemDto {
                    ticket_type_id: item.ticket_type.to_string(),
                    quantity: item.quantity,
                    unit_price: item.unit_price.minor(),
                })
                .collect(),
        }
    }
}
